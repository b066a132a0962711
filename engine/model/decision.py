"""Decisions: what a strategy wants done, and the record of what became of it."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.order import TimeInForce
from engine.model.trigger import Trigger


class Operation(enum.StrEnum):
    """What a decision asks for; `close` reduces a position by a share of it."""

    BUY = "buy"
    SELL = "sell"
    CLOSE = "close"
    HOLD = "hold"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One validated decision, whatever wrote it.

    `portion` is the share of the available balance that becomes margin (buy, sell) or the share of
    the position to close (close), above 0 up to 1; `quantity`, in the base currency, stands in its
    place when given. `max_price` guards a buy (and the closing of a
    short), `min_price` a sell (and the closing of a long): the order is sent as a limit at that
    price. `stop_loss` and `take_profit` are trigger prices. Texts are already safe to show.
    """

    operation: Operation
    symbol: str = ""
    portion: Decimal = Decimal(0)
    quantity: Decimal | None = None
    leverage: int = 1
    max_price: Decimal | None = None
    min_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.IOC
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    reason: str = ""
    trading_strategy: str = ""


class DecisionStatus(enum.StrEnum):
    """How far a decision got."""

    STARTED = "started"
    HELD = "held"
    EXECUTED = "executed"
    REFUSED = "refused"
    FAILED = "failed"


class DecisionStage(enum.StrEnum):
    """The step of the decision cycle a decision came to its end in; `done` took all of them."""

    GATE = "gate"
    RENDER = "render"
    MODEL = "model"
    PARSE = "parse"
    RISK = "risk"
    DONE = "done"


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a strategy: what woke it, what it saw, what it said, what became of it.

    `prompt` and `reply` are the exact texts of a prompt trader (empty for programs), `reasoning`
    the thinking it streamed or the program's printed lines. `outcome` says in one sentence why the
    decision was refused or failed, or which orders it made. `tokens`, `latency_ms` and `cost_usd` (None
    without a price) are the cost, repairs included. `stage` is where it ended. `strategy`,
    `strategy_version`, `model` and `regime` (at the trigger) are what they were then, whatever is renamed
    later. The single calls of the model are `ModelCall`s with this `decision_id` as their subject.
    """

    decision_id: str
    trader_id: int
    trigger: Trigger
    started_ms: int
    status: DecisionStatus = DecisionStatus.STARTED
    decisions: tuple[Decision, ...] = ()
    reasoning: str = ""
    prompt: str = ""
    reply: str = ""
    outcome: str = ""
    order_ids: tuple[str, ...] = ()
    tokens: int = 0
    latency_ms: int = 0
    cost_usd: Decimal | None = None
    stage: DecisionStage = DecisionStage.DONE
    strategy: str = ""
    strategy_version: int = 0
    model: str = ""
    regime: str = ""
