"""The arena: what decisions came to, traders side by side, and where profit and loss came from."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelCall
from engine.model.order import Order


class DecisionStory(msgspec.Struct, frozen=True, kw_only=True):
    """A decision from its trigger to its last fill.

    `realized_pnl` is what the positions it opened or closed brought so far, fees taken off, each closing
    fill shared out among the decisions that had opened, first in, first out; `is_settled` says that
    nothing of what it opened is held any more.
    """

    record: DecisionRecord
    calls: tuple[ModelCall, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    realized_pnl: Decimal = Decimal(0)
    is_settled: bool = True


class Dimension(enum.StrEnum):
    """What profit and loss can be told apart by."""

    STRATEGY = "strategy"
    ACCOUNT = "account"
    SYMBOL = "symbol"
    OPERATION = "operation"
    TRIGGER = "trigger"
    REGIME = "regime"
    MODEL = "model"


class AttributionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the trades under one key came to.

    `win_rate` is from 0 to 1, None without a closed trade; `profit_factor` is what was won over what was
    lost, None where nothing was lost; `average_win` and `average_loss` are None without such a trade.
    """

    key: str
    decisions: int = 0
    trades: int = 0
    wins: int = 0
    pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    win_rate: float | None = None
    profit_factor: float | None = None
    average_win: Decimal | None = None
    average_loss: Decimal | None = None
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One trader's place in the arena, by total return; `rank` counts from 1.

    `return_pct` is in percent of the initial capital, `max_drawdown_pct` (0 or less) of the highest equity
    before; `sharpe` is annualised, None where there is none; `win_rate` is from 0 to 1, None without a
    closed trade. `refused` and `failed` are among `decisions`.
    """

    rank: int
    trader_id: int
    name: str
    strategy: str
    model: str
    equity: Decimal
    return_pct: float
    max_drawdown_pct: float
    sharpe: float | None
    trades: int
    win_rate: float | None
    fees: Decimal
    decisions: int
    refused: int
    failed: int
    tokens: int
    cost_usd: Decimal
