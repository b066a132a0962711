"""Conditions: what must be so in the market for a signal to be met, as values.

A value checks itself when it is made, so that a condition that exists can be evaluated. `str()` of
one is its canonical text, which `engine.signals.conditions.grammar` reads back.
"""

from __future__ import annotations

import enum
import math
from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.signals.conditions.metrics import FLOW_WINDOWS, Metric, MetricKind
from engine.signals.conditions.operators import Direction, Operator, Relation
from engine.signals.conditions.patterns import PATTERNS

AVERAGED_CANDLES = 20
"""How many candles before the last closed one an average is taken over."""


class Level(msgspec.Struct, frozen=True):
    """A number to compare with."""

    value: float

    def __str__(self) -> str:
        return number_text(self.value)


class Reference(msgspec.Struct, frozen=True):
    """Another metric of the same candles to compare with."""

    metric: Metric

    def __str__(self) -> str:
        return self.metric.name


class TimesAverage(msgspec.Struct, frozen=True):
    """A multiple of what the metric was on average in the `AVERAGED_CANDLES` candles before."""

    multiple: float

    def __str__(self) -> str:
        return f"{number_text(self.multiple)}x average"


Target = Level | Reference | TimesAverage


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A metric, or its absolute value, stands to its target as `operator` says."""

    metric: Metric
    operator: Operator
    target: Target
    period: Period
    absolute: bool = False

    def __post_init__(self) -> None:
        _check_compared(self.metric, self.target, self.period, self.absolute)
        if isinstance(self.target, Level):
            self._check_reachable(self.target.value)

    def __str__(self) -> str:
        return f"{_subject(self.metric, self.absolute)} {self.operator} {self.target} on {self.period}"

    def _check_reachable(self, threshold: float) -> None:
        if self.operator is Operator.GREATER:
            _check_beyond(self.metric, threshold, Direction.ABOVE, self.absolute)
        elif self.operator is Operator.LESS:
            _check_beyond(self.metric, threshold, Direction.BELOW, self.absolute)


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """A metric, or its absolute value, goes from one side of its target to the other.

    Candle metrics cross between two closes of their period, flow metrics between two samples.
    """

    metric: Metric
    direction: Direction
    target: Target
    period: Period
    absolute: bool = False

    def __post_init__(self) -> None:
        _check_compared(self.metric, self.target, self.period, self.absolute)
        if isinstance(self.target, Level):
            _check_beyond(self.metric, self.target.value, self.direction, self.absolute)

    def __str__(self) -> str:
        subject = _subject(self.metric, self.absolute)
        return f"{subject} crosses {self.direction} {self.target} on {self.period}"


class TakerSide(enum.StrEnum):
    """Which takers must outweigh the others."""

    BUY = "buy"
    SELL = "sell"
    ANY = "any"


class TakerVolume(msgspec.Struct, frozen=True, kw_only=True):
    """Takers of one side outweigh the other `ratio` times, in a window of at least `volume` USD.

    With r buys over sells, `BUY` asks for r of at least `ratio`, `SELL` for r of at most 1 / `ratio`.
    """

    side: TakerSide
    period: Period
    ratio: float = 1.5
    volume: float = 0.0

    def __post_init__(self) -> None:
        _check_window(self.period, "taker volume")
        if not 1 <= self.ratio < math.inf:
            raise InvalidInput.of("ratio_threshold", f"{self.ratio:g}", "allowed is 1 or more")
        if not 0 <= self.volume < math.inf:
            raise InvalidInput.of("volume_threshold", f"{self.volume:g}", "allowed is 0 or more, in USD")

    def __str__(self) -> str:
        ratio, volume = number_text(self.ratio), number_text(self.volume)
        return f"taker {self.side} {ratio} volume {volume} on {self.period}"


class MacdEvent(enum.StrEnum):
    """Something that happens to the MACD between two closes."""

    GOLDEN_CROSS = "golden_cross"
    """The line crosses above its signal line."""
    DEATH_CROSS = "death_cross"
    """The line crosses below its signal line."""
    HISTOGRAM_POSITIVE = "histogram_positive"
    """The histogram crosses above 0."""
    HISTOGRAM_NEGATIVE = "histogram_negative"
    """The histogram crosses below 0."""
    ABOVE_ZERO = "macd_above_zero"
    """The line crosses above 0."""
    BELOW_ZERO = "macd_below_zero"
    """The line crosses below 0."""


class MacdEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Any of these events happens to the MACD at a close."""

    events: tuple[MacdEvent, ...]
    period: Period

    def __post_init__(self) -> None:
        if not self.events or len(set(self.events)) < len(self.events):
            raise InvalidInput.of(
                "event_types",
                f"'{' '.join(self.events)}'",
                f"name one or more of {', '.join(MacdEvent)}, each once",
            )

    def __str__(self) -> str:
        return f"macd {' or '.join(self.events)} on {self.period}"


class PatternBias(enum.StrEnum):
    """Which way a candlestick pattern points."""

    BULLISH = "bullish"
    BEARISH = "bearish"


class PatternSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A candlestick pattern of `engine.signals.conditions.patterns.PATTERNS` ends with a closed candle."""

    pattern: str
    period: Period
    bias: PatternBias | None = None

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise InvalidInput.of("pattern", f"'{self.pattern}'", f"there are {', '.join(PATTERNS)}")

    def __str__(self) -> str:
        bias = f" {self.bias}" if self.bias else ""
        return f"pattern {self.pattern}{bias} on {self.period}"


Condition = Comparison | Crossing | TakerVolume | MacdEvents | PatternSeen


def compared(metric: Metric, relation: Relation, target: Target, period: Period) -> Comparison | Crossing:
    """Return the condition that a metric stands in `relation` to its target; raises `InvalidInput`."""
    absolute = relation.absolute
    if isinstance(relation.relation, Direction):
        return Crossing(
            metric=metric, direction=relation.relation, target=target, period=period, absolute=absolute
        )
    return Comparison(
        metric=metric, operator=relation.relation, target=target, period=period, absolute=absolute
    )


def is_event(condition: Condition) -> bool:
    """Tell whether a condition is something that happens, rather than something that is so."""
    return isinstance(condition, Crossing | MacdEvents | PatternSeen)


def uses_flow(condition: Condition) -> bool:
    """Tell whether a condition moves with each flow sample, rather than with closed candles."""
    if isinstance(condition, Comparison | Crossing):
        return condition.metric.is_flow
    return isinstance(condition, TakerVolume)


def uses_factor(condition: Condition) -> bool:
    """Tell whether a condition compares a factor, or compares with one."""
    if not isinstance(condition, Comparison | Crossing):
        return False
    metrics = [condition.metric]
    if isinstance(condition.target, Reference):
        metrics.append(condition.target.metric)
    return any(metric.kind is MetricKind.FACTOR for metric in metrics)


def number_text(value: float) -> str:
    """Return the shortest plain decimal that reads back as the same double."""
    return format(Decimal(repr(value)).normalize(), "f")


def _subject(metric: Metric, absolute: bool) -> str:
    return f"abs {metric.name}" if absolute else metric.name


def _check_compared(metric: Metric, target: Target, period: Period, absolute: bool) -> None:
    if metric.kind is MetricKind.EVENTS:
        raise InvalidInput.of("metric", f"'{metric.name}'", f"it cannot be compared: {metric.meaning}")
    if metric.is_flow:
        _check_window(period, metric.name)
    if isinstance(target, Level):
        metric.check_threshold(target.value, absolute)
    elif isinstance(target, Reference):
        _check_reference(metric, target.metric)
    elif metric.is_flow:
        raise InvalidInput.of("threshold", f"'{target}'", f"{metric.name} has no average; write a number")
    elif not 0 < target.multiple < math.inf:
        raise InvalidInput.of("threshold", f"'{target}'", "the multiple is above 0")


def _check_reference(metric: Metric, reference: Metric) -> None:
    if reference.kind is MetricKind.EVENTS or reference.is_flow != metric.is_flow:
        kind = "flow" if metric.is_flow else "candle"
        raise InvalidInput.of(
            "reference", f"'{reference.name}'", f"{metric.name} can be compared with {kind} metrics"
        )
    if metric.unit and reference.unit and metric.unit != reference.unit:
        raise InvalidInput.of(
            "reference",
            f"'{reference.name}'",
            f"{metric.name} is in {metric.unit}, {reference.name} in {reference.unit}",
        )


def _check_window(period: Period, what: str) -> None:
    if period not in FLOW_WINDOWS:
        raise InvalidInput.of("period", period, f"{what} has the windows {', '.join(FLOW_WINDOWS)}")


def _check_beyond(metric: Metric, threshold: float, direction: Direction, absolute: bool) -> None:
    """Refuse a threshold at the very end of the metric's range, beyond which it never is."""
    lowest, highest = metric.bounds(absolute)
    if threshold == (highest if direction is Direction.ABOVE else lowest):
        never = f"{_subject(metric, absolute)} is never {direction} {number_text(threshold)}"
        raise InvalidInput.of("threshold", number_text(threshold), never)
