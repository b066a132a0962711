"""What can be written to the store: the model's own values, and the few facts they do not cover.

Every change is idempotent: writing it again, say after a failure that left its fate open, changes
nothing more. An order, decision, position, wallet, setting … replaces what is stored under its key;
an order never leaves a terminal status (`OrderStatus.can_become` decides); a fill is counted once.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.account import EquityPoint, TraderConfig, TraderStatus
from engine.model.assistant import Conversation, ConversationMessage, Proposal
from engine.model.backtest import BacktestRun
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelCall, ModelConnection
from engine.model.news import NewsItem, NewsSource
from engine.model.order import Order
from engine.model.position import Position
from engine.model.program import Binding, Program, ProgramExecution, ProgramVersion
from engine.model.prompt import Prompt, PromptVersion
from engine.model.prompt_backtest import PromptRun
from engine.model.signal import PoolEdge, PoolFire, PriceAlert, SignalDefinition, SignalPool


class TraderState(msgspec.Struct, frozen=True, kw_only=True):
    """How a trader stands: its status, why, and the number of its last state event."""

    trader_id: int
    status: TraderStatus
    status_reason: str = ""
    seq: int = 0


class TraderSeq(msgspec.Struct, frozen=True, kw_only=True):
    """The number of a trader's last event; its status stays as it is stored."""

    trader_id: int
    seq: int


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """A trader's money and running totals, in the quote currency, as in `Account`.

    `next_trade_number` is the number its next fill's trade id takes; none is ever given twice.
    """

    trader_id: int
    cash: Decimal
    realized_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    next_trade_number: int = 1


class PositionClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A trader holds nothing more in a symbol."""

    trader_id: int
    symbol: str


class ReasoningChunk(msgspec.Struct, frozen=True, kw_only=True):
    """One streamed piece of a decision's reasoning; `chunk_index` orders the pieces from 0.

    A later `DecisionRecord` with a non-empty `reasoning` replaces all pieces by that text.
    """

    decision_id: str
    chunk_index: int
    trader_id: int
    text: str


class BindingHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a binding does: whether its last run failed and why, and how often it ran and failed.

    `traceback` is the guest's own. `deciding` is the id of the decision under way, empty for none; a
    desk that was killed finds it there.
    """

    binding_id: int
    failed: bool = False
    reason: str = ""
    traceback: str = ""
    last_trigger_ms: int | None = None
    runs: int = 0
    failures: int = 0
    deciding: str = ""


class CustomFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor somebody wrote; a deleted one is kept for the log's sake."""

    name: str
    expression: str
    meaning: str = ""
    deleted: bool = False


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One remembered choice of the desk, such as the kill switch or the theme."""

    key: str
    value: str


Change = (
    TraderConfig
    | TraderState
    | TraderSeq
    | Wallet
    | Program
    | ProgramVersion
    | Binding
    | BindingHealth
    | ProgramExecution
    | BacktestRun
    | Prompt
    | PromptVersion
    | ModelConnection
    | ModelCall
    | PromptRun
    | Conversation
    | ConversationMessage
    | Proposal
    | Order
    | Fill
    | Position
    | PositionClosed
    | DecisionRecord
    | ReasoningChunk
    | EquityPoint
    | SignalDefinition
    | SignalPool
    | PoolEdge
    | PoolFire
    | PriceAlert
    | CustomFactor
    | NewsSource
    | NewsItem
    | Setting
)
