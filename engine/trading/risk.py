"""The risk gate: what a human allows, checked outside the strategy, on every order.

Pure. A strategy cannot reach these limits: they are not in its context's reply, an order that
breaks one is refused whole (never shrunk to fit), and the refusal says which limit, its value and
what the order would have made of it. Reduce-only orders only take risk away, so they pass even
while the kill switch is engaged; only how many of them may rest at once is bounded.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from decimal import Decimal

import msgspec

from engine.errors import OrderDenied
from engine.model.account import RiskLimits
from engine.model.order import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce


class DenialReason(enum.StrEnum):
    """Why the gate said no; the stable part of an `OrderDenied`."""

    KILL_SWITCH = "kill_switch"
    TRADING_DISABLED = "trading_disabled"
    STALE_DATA = "stale_data"
    UNKNOWN_ORDERS = "unknown_orders"
    LEVERAGE = "leverage"
    NOTIONAL = "notional"
    POSITIONS = "positions"
    OPEN_ORDERS = "open_orders"
    ORDER_RATE = "order_rate"
    PRICE_COLLAR = "price_collar"
    SLIPPAGE = "slippage"


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate looks at: the trader's present risk and the market of the order's symbol.

    `position` is the signed quantity held in the symbol; `symbols_at_risk` the symbols with a
    position or an open entry order; `orders` the trader's open orders; `recent_orders` how many
    entries it sent in the last minute; `quote_age_ms` how old the symbol's quote is, or how long the
    feed has been silent;
    `expected_price` and `slippage` come from the order's preview.
    """

    mark: Decimal
    quote_age_ms: int
    expected_price: Decimal
    slippage: Decimal
    position: Decimal
    position_leverage: int
    symbols_at_risk: frozenset[str]
    orders: tuple[Order, ...]
    recent_orders: int
    kill_switch: bool
    trading_enabled: bool = True


def check_order(request: OrderRequest, limits: RiskLimits, exposure: Exposure) -> None:
    """Return if the order keeps every limit, else raise `OrderDenied` for the first one it breaks."""
    if request.reduce_only:
        check_exit(request, limits, exposure.orders)
        return
    _check_desk(limits, exposure)
    _check_leverage(request, limits, exposure)
    _check_counts(request, limits, exposure)
    _check_price(request, limits, exposure)
    _check_notional(request, limits, exposure)


def worst_case_quantity(request: OrderRequest, exposure: Exposure) -> Decimal:
    """Return the largest absolute position if every open entry order and this one filled.

    Orders whose outcome is unknown count as if they were resting. A position on the other side is set
    against what trades at once, but not against what rests: it may be closed before that fills.
    """
    buys = sells = Decimal(0)
    for order in exposure.orders:
        if order.symbol != request.symbol or order.reduce_only:
            continue
        if order.side is Side.BUY:
            buys += order.remaining_quantity
        else:
            sells += order.remaining_quantity
    resting = buys if request.side is Side.BUY else sells
    after = abs(exposure.position + request.side.sign * (resting + request.quantity))
    return max(after, resting if _trades_at_once(request) else resting + request.quantity)


def _trades_at_once(request: OrderRequest) -> bool:
    """Tell whether an order fills at once or not at all."""
    return request.type is OrderType.MARKET or (
        request.type is OrderType.LIMIT and request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    )


def deny(reason: DenialReason, message: str, **details: str) -> OrderDenied:
    """Build the error of a refusal."""
    return OrderDenied(message, reason=reason.value, **details)


def _check_desk(limits: RiskLimits, exposure: Exposure) -> None:
    if exposure.kill_switch:
        raise deny(
            DenialReason.KILL_SWITCH, "the kill switch is engaged: only reduce-only orders are allowed"
        )
    if not exposure.trading_enabled:
        raise deny(
            DenialReason.TRADING_DISABLED,
            "trading is disabled for this trader: only reduce-only orders are allowed",
        )
    if exposure.quote_age_ms > limits.max_quote_age_ms:
        raise deny(
            DenialReason.STALE_DATA,
            f"the last quote is {exposure.quote_age_ms / 1000:.1f} s old;"
            f" an entry needs one of at most {limits.max_quote_age_ms / 1000:.0f} s",
        )
    unknown = len([order for order in exposure.orders if order.status is OrderStatus.UNKNOWN])
    if unknown:
        raise deny(
            DenialReason.UNKNOWN_ORDERS,
            f"{unknown} orders have an unknown outcome; entries wait until the venue has answered",
        )


def _check_leverage(request: OrderRequest, limits: RiskLimits, exposure: Exposure) -> None:
    leverage = request.leverage or exposure.position_leverage or limits.default_leverage
    if leverage > limits.max_leverage:
        raise deny(
            DenialReason.LEVERAGE,
            f"leverage: {leverage} is above the trader's limit of {limits.max_leverage}",
            field="leverage",
            value=str(leverage),
            allowed=f"1 to {limits.max_leverage}",
        )


def _check_counts(request: OrderRequest, limits: RiskLimits, exposure: Exposure) -> None:
    symbols = exposure.symbols_at_risk
    if request.symbol not in symbols and len(symbols) >= limits.max_positions:
        raise deny(
            DenialReason.POSITIONS,
            f"{len(symbols)} symbols are already at risk ({', '.join(sorted(symbols))});"
            f" the limit is {limits.max_positions} concurrent positions",
        )
    entries = len([order for order in exposure.orders if not order.reduce_only])
    if entries >= limits.max_open_orders:
        raise deny(
            DenialReason.OPEN_ORDERS,
            f"{entries} entry orders are open; the limit is {limits.max_open_orders}",
        )
    if exposure.recent_orders >= limits.max_orders_per_minute:
        raise deny(
            DenialReason.ORDER_RATE,
            f"{exposure.recent_orders} entries in the last minute;"
            f" the limit is {limits.max_orders_per_minute}",
        )


def check_exit(request: OrderRequest, limits: RiskLimits, orders: Collection[Order]) -> None:
    """Return if a reduce-only order keeps the limit of exits that rest among the trader's open `orders`.

    One that trades at once or not at all always passes; raises `OrderDenied`.
    """
    if _trades_at_once(request):
        return
    resting = len([order for order in orders if order.reduce_only])
    if resting >= limits.max_open_orders:
        raise deny(
            DenialReason.OPEN_ORDERS,
            f"{resting} reduce-only orders rest already; the limit is {limits.max_open_orders}",
        )


def _check_price(request: OrderRequest, limits: RiskLimits, exposure: Exposure) -> None:
    """Refuse a limit price far through the market; one far away from it only rests and harms nobody."""
    if request.price is not None:
        distance = (request.price - exposure.mark) / exposure.mark * request.side.sign
        if distance > limits.price_collar:
            raise deny(
                DenialReason.PRICE_COLLAR,
                f"price: {request.price:,} is {distance:.2%} through the mark price {exposure.mark:,};"
                f" the collar is {limits.price_collar:.2%}",
                field="price",
                value=str(request.price),
            )
    if request.type is OrderType.MARKET and exposure.slippage > limits.max_slippage:
        raise deny(
            DenialReason.SLIPPAGE,
            f"quantity: {request.quantity} would slip {exposure.slippage:.2%} from the mid price;"
            f" the limit is {limits.max_slippage:.2%}",
            field="quantity",
            value=str(request.quantity),
        )


def _check_notional(request: OrderRequest, limits: RiskLimits, exposure: Exposure) -> None:
    price = max(exposure.mark, exposure.expected_price)
    notional = worst_case_quantity(request, exposure) * price
    if notional > limits.max_notional:
        raise deny(
            DenialReason.NOTIONAL,
            f"quantity: {request.quantity} {request.symbol} could make a position of {notional:,.2f};"
            f" the trader's limit is {limits.max_notional:,.2f} notional",
            field="quantity",
            value=str(request.quantity),
        )
