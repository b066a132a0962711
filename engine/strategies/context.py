"""What a strategy sees: one frozen picture of its own account and of the market, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.account import Account, TraderConfig
from engine.model.candle import Candle
from engine.model.fill import Fill
from engine.model.order import Order
from engine.model.position import Position
from engine.model.trigger import Trigger


class SymbolContext(msgspec.Struct, frozen=True, kw_only=True):
    """The market of one symbol at the trigger.

    `candles` are closed ones of the trader's period, oldest first (at most 100); `indicators` maps
    names such as `RSI14`, `MA20`, `EMA20`, `ATR14` to the value at the last closed candle and its
    predecessor, missing (absent) during warm-up. `change_24h` is a fraction, None when unknown.
    """

    symbol: str
    mark: Decimal
    bid: Decimal
    ask: Decimal
    tick_size: Decimal
    change_24h: float | None
    candles: tuple[Candle, ...]
    indicators: dict[str, tuple[float, float]]


class StrategyContext(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one decision is based on; nothing in it is later than `now_ms`.

    `decision_id` is the decision it is made for, empty where none is kept.
    """

    trader: TraderConfig
    trigger: Trigger
    now_ms: int
    account: Account
    positions: tuple[Position, ...]
    open_orders: tuple[Order, ...]
    recent_fills: tuple[Fill, ...]
    symbols: tuple[SymbolContext, ...]
    decision_id: str = ""
