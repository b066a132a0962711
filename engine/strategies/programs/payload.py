"""What a program is sent of its trader: the account as it truly is, and one trigger as a batch.

Money travels as decimal text, so that the guest reckons exactly what the desk would.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.model.account import TraderConfig, TradingMode
from engine.model.fill import Fill
from engine.model.order import Order, OrderType, Side
from engine.model.position import Position
from engine.model.program import Parameter
from engine.strategies.context import StrategyContext
from engine.strategies.programs.batch import (
    Answer,
    BatchRequest,
    ConfirmedBooks,
    DataQuery,
    MarketColumns,
    MemberColumns,
    OrderRow,
    PoolColumns,
    PositionRow,
    TradeRow,
    TriggerColumns,
)

_ORDER_TYPES = {
    OrderType.MARKET: "Market",
    OrderType.LIMIT: "Limit",
    OrderType.STOP_MARKET: "Stop Market",
    OrderType.TAKE_PROFIT_MARKET: "Take Profit Market",
}


def confirmed_books(
    *,
    cash: Decimal,
    used_margin: Decimal,
    positions: Iterable[Position],
    recent_fills: Iterable[Fill],
    open_orders: Iterable[Order],
    until_ms: int | None = None,
    futile_orders: tuple[tuple[str, str], ...] = (),
) -> ConfirmedBooks:
    """Return an account as a program is told it; `recent_fills` are oldest first."""
    held = {position.symbol: position for position in positions}
    return ConfirmedBooks(
        cash=str(cash),
        used_margin=str(used_margin),
        positions=tuple(_position_row(position) for position in held.values()),
        recent_trades=tuple(_trade_row(fill) for fill in reversed(tuple(recent_fills))),
        open_orders=tuple(_order_row(order, held) for order in open_orders),
        until_ms=until_ms,
        futile_orders=futile_orders,
    )


def environment_of(trader: TraderConfig) -> str:
    """Return `mainnet` where orders are real, else `testnet`."""
    return "mainnet" if trader.mode is TradingMode.LIVE else "testnet"


def batch_of_one(
    context: StrategyContext,
    *,
    session: str,
    source: str,
    params: Mapping[str, Parameter],
    answers: Mapping[DataQuery, Answer],
    keeps_reads: bool,
) -> BatchRequest:
    """Return what one live run of a program is sent."""
    trader, account = context.trader, context.account
    return BatchRequest(
        session=session,
        source=source,
        params=dict(params),
        trader_id=trader.trader_id,
        environment=environment_of(trader),
        trading_mode=str(trader.mode),
        max_leverage=trader.limits.max_leverage,
        default_leverage=trader.limits.default_leverage,
        period=trader.period,
        symbols=tuple(symbol.symbol for symbol in context.symbols),
        triggers=_trigger_columns(context),
        markets={
            symbol.symbol: MarketColumns(
                mark=_double(symbol.mark),
                bid=_double(symbol.bid),
                ask=_double(symbol.ask),
                tick_size=float(symbol.tick_size),
            )
            for symbol in context.symbols
        },
        answers=dict(answers),
        books=confirmed_books(
            cash=account.cash,
            used_margin=account.used_margin,
            positions=context.positions,
            recent_fills=context.recent_fills,
            open_orders=context.open_orders,
        ),
        keeps_reads=keeps_reads,
    )


def _trigger_columns(context: StrategyContext) -> TriggerColumns:
    trigger = context.trigger
    ts_ms = struct.pack("<q", context.now_ms)
    if not trigger.signal:
        return TriggerColumns(ts_ms=ts_ms, other_kind=str(trigger.kind), other_symbol=trigger.symbol)
    pool = PoolColumns(
        pool_id=0,
        name=trigger.signal,
        logic=str(trigger.logic),
        symbol=trigger.symbol,
        rows=struct.pack("<q", 0),
        members=tuple(
            MemberColumns(
                signal_id=each.signal_id,
                name=each.name,
                condition=each.condition,
                met=b"\x01",
                value=_double(float("nan") if each.value is None else each.value),
            )
            for each in trigger.signals
        ),
    )
    return TriggerColumns(ts_ms=ts_ms, pools=(pool,))


def _double(value: Decimal | float) -> bytes:
    return struct.pack("<d", float(value))


def _position_row(position: Position) -> PositionRow:
    liquidation = position.liquidation_price
    return (
        position.symbol,
        "long" if position.quantity > 0 else "short",
        str(abs(position.quantity)),
        str(position.entry_price),
        position.leverage,
        str(position.isolated_margin),
        None if liquidation is None else str(liquidation),
        position.opened_ms,
    )


def _trade_row(fill: Fill) -> TradeRow:
    return (
        fill.symbol,
        str(fill.side),
        str(fill.quantity),
        str(fill.price),
        fill.ts_ms,
        str(fill.realized_pnl),
    )


def _order_row(order: Order, held: Mapping[str, Position]) -> OrderRow:
    return (
        order.client_order_id,
        order.symbol,
        order.side.value.capitalize(),
        _direction(order, held),
        _ORDER_TYPES[order.type],
        str(order.remaining_quantity),
        None if order.price is None else str(order.price),
        None if order.trigger_price is None else str(order.trigger_price),
        order.reduce_only,
        order.created_ms,
    )


def _direction(order: Order, held: Mapping[str, Position]) -> str:
    position = held.get(order.symbol)
    closes = order.reduce_only or (position is not None and position.side is order.side.opposite)
    is_long = (order.side is Side.SELL) if closes else (order.side is Side.BUY)
    return f"{'Close' if closes else 'Open'} {'Long' if is_long else 'Short'}"
