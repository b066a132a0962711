"""What each kind of condition looks at, and when it is met.

A rule is written once for a single moment and for a whole history: what it computes with is either
numbers or arrays of them, `now` as they are and `before` as they were one step earlier. Which values
are missing is looked at first, by whoever calls; a rule never sees a missing number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine.model.signal import PoolLogic
from engine.signals.conditions.condition import (
    Comparison,
    Condition,
    Crossing,
    Level,
    MacdEvent,
    MacdEvents,
    PatternBias,
    PatternSeen,
    Reference,
    TakerSide,
    TakerVolume,
    Target,
)
from engine.signals.conditions.metric_names import indicator_metric
from engine.signals.conditions.metrics import METRICS, Metric
from engine.signals.conditions.operators import Direction, Operator, comparator, is_crossed
from engine.signals.conditions.patterns import PATTERNS

UNKNOWN, NOT_MET, MET = -1, 0, 1
"""How a condition or a pool stands. In this order the least of several is what all of them make
together where any unknown leaves all unknown, and the greatest what any of them makes."""

type Values = Sequence[Any]
"""One number, or one array, for each operand of a rule."""


class Operand(msgspec.Struct, frozen=True):
    """A metric a rule computes with, or its average over the candles before."""

    metric: Metric
    averaged: bool = False


class Rule(msgspec.Struct, frozen=True):
    """How a condition is decided.

    `met` takes the operands' values now and one step before; `value` and `target` give the two that
    are compared, for people to see.
    """

    operands: tuple[Operand, ...]
    met: Callable[[Values, Values], Any]
    value: Callable[[Values], Any]
    target: Callable[[Values], Any]
    looks_back: bool = False
    """Whether `met` looks at the values before; if not it is given anything."""


def join(logic: PoolLogic) -> Callable[[Sequence[int]], int]:
    """Return what makes one state of the members' states."""
    return min if logic is PoolLogic.AND else max


def rule_of(condition: Condition) -> Rule:
    """Return how a condition is decided."""
    match condition:
        case Comparison():
            return _comparison(condition)
        case Crossing():
            return _crossing(condition)
        case TakerVolume():
            return _taker_volume(condition)
        case MacdEvents():
            return _macd_events(condition)
        case PatternSeen():
            return _pattern(condition)


def distance(condition: Condition, value: float, target: float | None, is_met: bool) -> float | None:
    """Return how far a value is from meeting its condition, 0 or less where it is met.

    None where no move of the value alone would meet it, as for a crossing that has happened before.
    """
    if target is None:
        return None
    apart = _apart(condition, value, target)
    return apart if apart is not None and is_met == (apart <= 0) else None


def _apart(condition: Condition, value: float, target: float) -> float | None:
    match condition:
        case Comparison(operator=Operator.EQUAL):
            return abs(value - target)
        case Comparison(operator=comparison) if comparison.is_upward:
            return target - value
        case Comparison(operator=comparison) if comparison.is_downward:
            return value - target
        case Crossing(direction=direction):
            return target - value if direction is Direction.ABOVE else value - target
        case TakerVolume(side=TakerSide.BUY):
            return target - value
        case TakerVolume(side=TakerSide.SELL):
            return value - target
        case TakerVolume():
            return min(target - value, value - 1 / target)
    return None


def _subject_and_target(
    metric: Metric, absolute: bool, target: Target
) -> tuple[tuple[Operand, ...], Callable[[Values], Any], Callable[[Values], Any]]:
    def value_of(now: Values) -> Any:
        return now[0]

    def absolute_of(now: Values) -> Any:
        return abs(now[0])

    subject = absolute_of if absolute else value_of
    if isinstance(target, Level):
        level = target.value
        return (Operand(metric),), subject, lambda now: level
    if isinstance(target, Reference):
        return (Operand(metric), Operand(target.metric)), subject, lambda now: now[1]
    multiple = target.multiple
    return (Operand(metric), Operand(metric, averaged=True)), subject, lambda now: now[1] * multiple


def _comparison(condition: Comparison) -> Rule:
    operands, value, target = _subject_and_target(condition.metric, condition.absolute, condition.target)
    holds = comparator(condition.operator)
    return Rule(operands, lambda now, before: holds(value(now), target(now)), value, target)


def _crossing(condition: Crossing) -> Rule:
    operands, value, target = _subject_and_target(condition.metric, condition.absolute, condition.target)
    direction = condition.direction

    def met(now: Values, before: Values) -> Any:
        return is_crossed(direction, value(before), target(before), value(now), target(now))

    return Rule(operands, met, value, target, looks_back=True)


def _taker_volume(condition: TakerVolume) -> Rule:
    ratio, volume, side = condition.ratio, condition.volume, condition.side
    operands = tuple(Operand(METRICS[name]) for name in ("buy_volume", "sell_volume", "taker_ratio"))

    def met(now: Values, before: Values) -> Any:
        bought, sold, taker_ratio = now
        is_enough = bought + sold >= volume
        if side is TakerSide.BUY:
            return is_enough & (taker_ratio >= ratio)
        if side is TakerSide.SELL:
            return is_enough & (taker_ratio <= 1 / ratio)
        return is_enough & ((taker_ratio >= ratio) | (taker_ratio <= 1 / ratio))

    target = 1 / ratio if side is TakerSide.SELL else ratio
    return Rule(operands, met, lambda now: now[2], lambda now: target)


_LINE, _SIGNAL, _HISTOGRAM = range(3)
_MACD_CROSSINGS: dict[MacdEvent, tuple[int, Direction, int | None]] = {
    MacdEvent.GOLDEN_CROSS: (_LINE, Direction.ABOVE, _SIGNAL),
    MacdEvent.DEATH_CROSS: (_LINE, Direction.BELOW, _SIGNAL),
    MacdEvent.HISTOGRAM_POSITIVE: (_HISTOGRAM, Direction.ABOVE, None),
    MacdEvent.HISTOGRAM_NEGATIVE: (_HISTOGRAM, Direction.BELOW, None),
    MacdEvent.ABOVE_ZERO: (_LINE, Direction.ABOVE, None),
    MacdEvent.BELOW_ZERO: (_LINE, Direction.BELOW, None),
}
"""Which line crosses which way which other one, or 0."""


def _macd_events(condition: MacdEvents) -> Rule:
    crossings = [_MACD_CROSSINGS[event] for event in condition.events]
    operands = tuple(Operand(indicator_metric(name)) for name in ("MACD", "MACD_SIGNAL", "MACD_HIST"))

    def met(now: Values, before: Values) -> Any:
        happened: Any = False
        for subject, direction, other in crossings:
            levels = (0.0, 0.0) if other is None else (before[other], now[other])
            happened |= is_crossed(direction, before[subject], levels[0], now[subject], levels[1])
        return happened

    return Rule(operands, met, lambda now: now[_HISTOGRAM], lambda now: None, looks_back=True)


def _pattern(condition: PatternSeen) -> Rule:
    operand = Operand(indicator_metric(PATTERNS[condition.pattern].lower()))
    bias = condition.bias

    def met(now: Values, before: Values) -> Any:
        if bias is None:
            return now[0] != 0
        return now[0] > 0 if bias is PatternBias.BULLISH else now[0] < 0

    return Rule((operand,), met, lambda now: now[0], lambda now: None)
