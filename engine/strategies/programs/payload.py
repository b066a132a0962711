"""What is sent to a program: a trader's context as two kinds of JSON text.

The context is small and read on every run. Candles are most of the bytes and many programs never
look at them, so each symbol's travel as a text of their own that the guest reads on demand. Money
becomes a float here: a program computes, and its answer becomes `Decimal` again from its digits.
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Mapping

import msgspec

from engine.market.periods import parse_period
from engine.model.account import TradingMode
from engine.model.fill import Fill
from engine.model.order import Order, OrderType, Side
from engine.model.position import Position
from engine.strategies.context import StrategyContext, SymbolContext

ProgramParameters = Mapping[str, str | float | int | bool | None]
"""What `init(params)` receives."""


class Payload(msgspec.Struct, frozen=True):
    """One run's input: the context as JSON, and each symbol's closed candles as JSON."""

    context: str
    series: dict[str, str]


class _Market(msgspec.Struct, frozen=True):
    mark: float
    bid: float
    ask: float
    tick_size: float
    change_24h: float | None
    indicators: dict[str, tuple[float, float]]


_PositionRow = tuple[str, str, float, float, float, int, float | None, int, str, int, str]
_TradeRow = tuple[str, str, float, float, int, float, str]
_OrderRow = tuple[str, str, str, str, str, float, float | None, float | None, bool, int]


class _Context(msgspec.Struct, frozen=True, kw_only=True):
    trigger_symbol: str
    trigger_type: str
    signal_pool_name: str
    triggered_signals: tuple[dict[str, str], ...]
    environment: str
    trading_mode: str
    max_leverage: int
    default_leverage: int
    available_balance: float
    total_equity: float
    used_margin: float
    margin_usage_percent: float | None
    positions: tuple[_PositionRow, ...]
    recent_trades: tuple[_TradeRow, ...]
    open_orders: tuple[_OrderRow, ...]
    now_ms: int
    seed: int
    period: str
    period_ms: int
    params: ProgramParameters
    markets: dict[str, _Market]


_ENCODER = msgspec.json.Encoder()
_ORDER_TYPES = {
    OrderType.MARKET: "Market",
    OrderType.LIMIT: "Limit",
    OrderType.STOP_MARKET: "Stop Market",
    OrderType.TAKE_PROFIT_MARKET: "Take Profit Market",
}


def payload_of(context: StrategyContext, parameters: ProgramParameters) -> Payload:
    """Return what one run of a program is given."""
    account, trigger, trader = context.account, context.trigger, context.trader
    equity = float(account.equity)
    recent = sorted(context.recent_fills, key=lambda fill: fill.ts_ms, reverse=True)
    document = _Context(
        trigger_symbol=trigger.symbol,
        trigger_type=str(trigger.kind),
        signal_pool_name=trigger.signal,
        triggered_signals=({"name": trigger.signal, "detail": trigger.detail},) if trigger.signal else (),
        environment="mainnet" if trader.mode is TradingMode.LIVE else "testnet",
        trading_mode=str(trader.mode),
        max_leverage=trader.limits.max_leverage,
        default_leverage=trader.limits.default_leverage,
        available_balance=float(account.available),
        total_equity=equity,
        used_margin=float(account.used_margin),
        margin_usage_percent=float(account.used_margin) / equity * 100 if equity > 0 else None,
        positions=tuple(_position_row(position, context.now_ms) for position in context.positions),
        recent_trades=tuple(_trade_row(fill) for fill in recent),
        open_orders=tuple(_order_row(order, context.positions) for order in context.open_orders),
        now_ms=context.now_ms,
        seed=seed_of(context),
        period=trader.period,
        period_ms=parse_period(trader.period).length_ms,
        params=parameters,
        markets={symbol.symbol: _market(symbol) for symbol in context.symbols},
    )
    return Payload(_json(document), {symbol.symbol: _candles(symbol) for symbol in context.symbols})


def seed_of(context: StrategyContext) -> int:
    """Return the seed of `random` for this run: the same for the same trader and trigger."""
    trigger = context.trigger
    identity = f"{context.trader.trader_id}|{trigger.kind}|{trigger.symbol}|{trigger.signal}|{trigger.ts_ms}"
    return zlib.crc32(identity.encode())


def _market(symbol: SymbolContext) -> _Market:
    return _Market(
        mark=float(symbol.mark),
        bid=float(symbol.bid),
        ask=float(symbol.ask),
        tick_size=float(symbol.tick_size),
        change_24h=symbol.change_24h,
        indicators=symbol.indicators,
    )


def _candles(symbol: SymbolContext) -> str:
    return _json(
        [
            (candle.open_ms // 1000, candle.open, candle.high, candle.low, candle.close, candle.volume)
            for candle in symbol.candles
        ]
    )


def _position_row(position: Position, now_ms: int) -> _PositionRow:
    held_seconds = max(0, now_ms - position.opened_ms) // 1000
    liquidation = position.liquidation_price
    return (
        position.symbol,
        "long" if position.quantity > 0 else "short",
        float(abs(position.quantity)),
        float(position.entry_price),
        float(position.unrealized_pnl),
        position.leverage,
        None if liquidation is None else float(liquidation),
        position.opened_ms,
        _utc(position.opened_ms),
        held_seconds,
        _duration(held_seconds),
    )


def _trade_row(fill: Fill) -> _TradeRow:
    return (
        fill.symbol,
        str(fill.side),
        float(fill.quantity),
        float(fill.price),
        fill.ts_ms,
        float(fill.realized_pnl),
        _utc(fill.ts_ms),
    )


def _order_row(order: Order, positions: tuple[Position, ...]) -> _OrderRow:
    return (
        order.client_order_id,
        order.symbol,
        order.side.value.capitalize(),
        _direction(order, positions),
        _ORDER_TYPES[order.type],
        float(order.remaining_quantity),
        None if order.price is None else float(order.price),
        None if order.trigger_price is None else float(order.trigger_price),
        order.reduce_only,
        order.created_ms,
    )


def _direction(order: Order, positions: tuple[Position, ...]) -> str:
    held = next((position for position in positions if position.symbol == order.symbol), None)
    closes = order.reduce_only or (held is not None and held.side is order.side.opposite)
    is_long = (order.side is Side.SELL) if closes else (order.side is Side.BUY)
    return f"{'Close' if closes else 'Open'} {'Long' if is_long else 'Short'}"


def _utc(ts_ms: int) -> str:
    return datetime.datetime.fromtimestamp(ts_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"


def _json(value: object) -> str:
    return _ENCODER.encode(value).decode()
