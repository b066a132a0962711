"""Signals and pools: what is watched for, how it stands, and what it has fired."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec


class PoolLogic(enum.StrEnum):
    """How a pool joins its signals: all of them, or any of them."""

    AND = "and"
    OR = "or"


class SignalDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One condition with a name; `condition` is its canonical text (`engine.signals.conditions.grammar`).

    `signal_id` 0 asks for a new one. A deleted definition is kept for the log's sake.
    """

    signal_id: int
    name: str
    condition: str
    description: str = ""
    enabled: bool = True
    deleted: bool = False


class SignalPool(msgspec.Struct, frozen=True, kw_only=True):
    """Signals that wake traders together, on each of `symbols` on its own.

    No symbols means every symbol the desk knows. After a fire the pool stays silent on that symbol
    for `cooldown_seconds` of market time. `pool_id` 0 asks for a new one.
    """

    pool_id: int
    name: str
    signal_ids: tuple[int, ...]
    logic: PoolLogic = PoolLogic.AND
    symbols: tuple[str, ...] = ()
    cooldown_seconds: int = 0
    enabled: bool = True
    deleted: bool = False


class PoolEdge(msgspec.Struct, frozen=True, kw_only=True):
    """What a pool remembers of a symbol, through restarts.

    `met` is what it last knew for certain, None before it ever knew; `as_of_ms` the last checkpoint
    that was evaluated, so that nothing is evaluated twice; `fired_ms` the last fire, None for never.
    """

    pool_id: int
    symbol: str
    met: bool | None
    as_of_ms: int
    fired_ms: int | None = None


class FiredSignal(msgspec.Struct, frozen=True):
    """A member of a pool as it stood when the pool fired."""

    signal_id: int
    name: str
    condition: str
    value: float | None


class TriggerOutcome(enum.StrEnum):
    """What became of a fire for one trader."""

    WOKEN = "woken"
    """The trader began to decide."""
    SKIPPED = "skipped"
    """The trader did not take it; the reason says why."""


class TriggerDelivery(msgspec.Struct, frozen=True):
    """How a fire reached one trader, or one binding of a trader that runs programs (else 0).

    `decision_id` is empty unless it decided.
    """

    trader_id: int
    outcome: TriggerOutcome
    reason: str = ""
    decision_id: str = ""
    binding_id: int = 0


class PoolFire(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the trigger log: a pool fired on a symbol at `ts_ms`, and who was woken.

    `regime` is the symbol's five-minute regime at that time.
    """

    fire_id: int
    pool_id: int
    pool_name: str
    symbol: str
    ts_ms: int
    logic: PoolLogic
    signals: tuple[FiredSignal, ...]
    regime: str = ""
    deliveries: tuple[TriggerDelivery, ...] = ()


class SignalState(msgspec.Struct, frozen=True, kw_only=True):
    """How one signal stands on one symbol.

    `value` is what it compares, `target` what it is compared with, `distance` how far the value is
    from meeting it in the value's unit (0 or less: met); each None where it cannot be known. `met`
    is None while unknown, and `why_unknown` then says why in words.
    """

    signal_id: int
    symbol: str
    value: float | None
    target: float | None
    distance: float | None
    met: bool | None
    why_unknown: str = ""
    as_of_ms: int | None = None


class PoolState(msgspec.Struct, frozen=True, kw_only=True):
    """How one pool stands on one symbol; `is_suspended` while the symbol's feed is stale.

    `fires` is how many of the trigger log's last 500 fires were its own.
    """

    pool_id: int
    symbol: str
    met: bool | None
    fired_ms: int | None
    fires: int
    is_suspended: bool = False
    why_unknown: str = ""


class ConditionCheck(msgspec.Struct, frozen=True):
    """A condition that was understood: its canonical text, its meaning and its unit."""

    condition: str
    meaning: str
    unit: str


class MetricInfo(msgspec.Struct, frozen=True):
    """What a signal can compare: its name in conditions, its unit, its range and its meaning."""

    name: str
    unit: str
    meaning: str
    lowest: float | None
    highest: float | None
    needs: str
    """What the feed must give: `candles`, `trades`, `book`, `open interest` or `funding`."""


class PreviewFire(msgspec.Struct, frozen=True):
    """Where a signal or pool would have fired, and on which values."""

    ts_ms: int
    price: float
    signals: tuple[FiredSignal, ...]


class SignalPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a signal or pool would have done over a range of history.

    `checkpoints` is how often it was evaluated, `unknown` at how many of them it could not be
    decided for lack of data, and `why_unknown` which data.
    """

    symbol: str
    start_ms: int
    end_ms: int
    checkpoints: int
    unknown: int
    fires: tuple[PreviewFire, ...]
    why_unknown: str = ""


class MetricAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """How a metric was distributed, and thresholds that would be met now and then.

    `percentiles` are (percent, value) pairs; `suggestions` are conditions ready to use, with the
    share of checkpoints at which each was met.
    """

    metric: str
    symbol: str
    period: str
    samples: int
    mean: float | None
    deviation: float | None
    lowest: float | None
    highest: float | None
    percentiles: tuple[tuple[float, float], ...]
    suggestions: tuple[tuple[str, float], ...]


class AlertDirection(enum.StrEnum):
    """On which side of its price an alert goes off."""

    ABOVE = "above"
    BELOW = "below"


class PriceAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A person wants to know when the mark price is above or below a price; it goes off once.

    `fired_ms` is when it did, None while it waits.
    """

    alert_id: int
    symbol: str
    direction: AlertDirection
    price: Decimal
    created_ms: int
    fired_ms: int | None = None
    deleted: bool = False
