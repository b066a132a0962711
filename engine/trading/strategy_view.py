"""What a strategy is shown of its trader and of the market, taken at one moment."""

from __future__ import annotations

from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig
from engine.model.trigger import Trigger
from engine.strategies.context import StrategyContext, SymbolContext
from engine.trading.books import TraderBooks
from engine.trading.orders import OrderDesk

RECENT_FILLS_SHOWN = 10


def strategy_context(
    trigger: Trigger,
    *,
    trader: TraderConfig,
    account: Account,
    books: TraderBooks,
    orders: OrderDesk,
    market: MarketState,
    now_ms: int,
    decision_id: str = "",
) -> StrategyContext:
    """Return the picture a decision is based on; raises `NotFound` for a symbol without a quote."""
    return StrategyContext(
        trader=trader,
        trigger=trigger,
        now_ms=now_ms,
        account=account,
        positions=books.marked_positions(market.marks()),
        open_orders=tuple(books.open_orders.values()),
        recent_fills=tuple(books.recent_fills)[-RECENT_FILLS_SHOWN:],
        symbols=tuple(_symbol_context(symbol, trader, orders, market) for symbol in trader.symbols),
        decision_id=decision_id,
    )


def _symbol_context(
    symbol: str, trader: TraderConfig, orders: OrderDesk, market: MarketState
) -> SymbolContext:
    quote = market.quote(symbol)
    period = Period(trader.period)
    return SymbolContext(
        symbol=symbol,
        mark=quote.mark,
        bid=quote.bid,
        ask=quote.ask,
        tick_size=orders.instrument(symbol).tick_size,
        change_24h=market.change_24h(symbol),
        candles=market.closed_candles(symbol, period),
        indicators=market.indicators(symbol, period),
    )
