"""What an order must pass before it is journalled, the same live, on paper and in a backtest.

Pure: the venue's rules, then the price the order is expected to fill at, then the risk gate.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.errors import InvalidOrder
from engine.exchanges.matching import Match
from engine.exchanges.preview import expected_match, expected_price, slippage_of
from engine.exchanges.validation import validate_order
from engine.model.account import TraderConfig
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderType
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Quote
from engine.trading.risk import Exposure, check_exit, check_order

_NO_SLIPPAGE = Decimal(0)
"""A limit price bounds what an order pays; only a market order slips."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The market of the order's symbol and the trader's books as the order meets them.

    All but the market is as in `engine.trading.risk.Exposure`.
    """

    quote: Quote
    book: BookSnapshot | None
    position: Position | None
    symbols_at_risk: frozenset[str]
    orders: tuple[Order, ...]
    recent_orders: int
    quote_age_ms: int = 0
    kill_switch: bool = False
    trading_enabled: bool = True


def check_request(
    request: OrderRequest, trader: TraderConfig, instrument: Instrument, situation: Situation
) -> Match | None:
    """Return if an order keeps every rule and limit: how it meets the market, if that had to be known.

    Raises `InvalidOrder` for a rule of the venue and `OrderDenied` for a limit of the trader.
    """
    if request.symbol not in trader.symbols:
        allowed = ", ".join(trader.symbols)
        raise InvalidOrder.of("symbol", request.symbol, f"this trader trades {allowed}")
    quote, position = situation.quote, situation.position
    validate_order(request, instrument, quote, position)
    if request.reduce_only:
        check_exit(request, trader.limits, situation.orders)
        return None
    match = expected_match(request, instrument, quote, situation.book, position)
    price = expected_price(request, match, quote)
    exposure = Exposure(
        mark=quote.mark,
        quote_age_ms=situation.quote_age_ms,
        expected_price=price,
        slippage=slippage_of(price, quote, request) if request.type is OrderType.MARKET else _NO_SLIPPAGE,
        position=position.quantity if position else Decimal(0),
        position_leverage=position.leverage if position else 0,
        symbols_at_risk=situation.symbols_at_risk,
        orders=situation.orders,
        recent_orders=situation.recent_orders,
        kill_switch=situation.kill_switch,
        trading_enabled=situation.trading_enabled,
    )
    check_order(request, trader.limits, exposure)
    return match
