"""Events: what the desk's streams carry.

*Edges* happened once and must all arrive, in order: orders, fills, decisions, reasoning, fires, alerts.
*Levels* are the present value of something and only the latest matters: quotes, positions,
accounts, the replay's state. Every edge of a trader carries a `seq` that grows by one per trader.
"""

from __future__ import annotations

import enum

import msgspec

from engine.model.account import TraderStatus
from engine.model.assistant import AssistantEvent
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.order import Order
from engine.model.signal import PoolFire


class Topic(enum.StrEnum):
    """The names a reader subscribes to."""

    ORDERS = "orders"
    FILLS = "fills"
    DECISIONS = "decisions"
    REASONING = "reasoning"
    TRADERS = "traders"
    ALERTS = "alerts"
    SIGNALS = "signals"
    QUOTES = "quotes"
    POSITIONS = "positions"
    ACCOUNTS = "accounts"
    MARKET = "market"
    INTELLIGENCE = "intelligence"
    BACKTESTS = "backtests"
    PROGRAMS = "programs"
    PROMPTS = "prompts"
    MODELS = "models"
    VAULT = "vault"
    PROMPT_BACKTESTS = "prompt_backtests"
    ASSISTANTS = "assistants"


EDGE_TOPICS = frozenset(
    {
        Topic.ORDERS,
        Topic.FILLS,
        Topic.DECISIONS,
        Topic.REASONING,
        Topic.TRADERS,
        Topic.ALERTS,
        Topic.SIGNALS,
        Topic.ASSISTANTS,
    }
)
LEVEL_TOPICS = frozenset(set(Topic) - EDGE_TOPICS)


class Severity(enum.StrEnum):
    """How loud an alert is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class OrderEvent(msgspec.Struct, frozen=True, tag="order"):
    """An order changed state."""

    order: Order
    seq: int


class FillEvent(msgspec.Struct, frozen=True, tag="fill"):
    """An order filled, wholly or in part."""

    fill: Fill
    seq: int


class DecisionEvent(msgspec.Struct, frozen=True, tag="decision"):
    """A decision started or came to its end."""

    record: DecisionRecord
    seq: int


class ReasoningEvent(msgspec.Struct, frozen=True, tag="reasoning"):
    """A piece of a model's reasoning or a program's output, as it streams."""

    trader_id: int
    decision_id: str
    delta: str
    seq: int


class TraderEvent(msgspec.Struct, frozen=True, tag="trader"):
    """A trader's status changed."""

    trader_id: int
    status: TraderStatus
    reason: str
    seq: int


class FireEvent(msgspec.Struct, frozen=True, tag="fire"):
    """A pool fired, or a trader took or skipped its fire; `seq` counts the desk's fires."""

    fire: PoolFire
    seq: int


class Alert(msgspec.Struct, frozen=True, tag="alert"):
    """Something a person should see now; `trader_id` 0 means the whole desk."""

    severity: Severity
    message: str
    ts_ms: int
    trader_id: int = 0
    seq: int = 0


class ReplayState(enum.StrEnum):
    """What the replay is doing."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class MarketStatus(msgspec.Struct, frozen=True):
    """What the status line says of the market: its time, the feed's age and the replay.

    `feed_age_ms` is the wall-clock time since the last market event reached the desk, None before
    the first one.
    """

    now_ms: int
    source: str
    replay: ReplayState
    speed: float
    feed_age_ms: int | None
    armed: bool
    kill_switch: bool


Edge = (
    OrderEvent | FillEvent | DecisionEvent | ReasoningEvent | TraderEvent | FireEvent | AssistantEvent | Alert
)
