"""What a condition means, in words and in its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.signal import ConditionCheck
from engine.signals.conditions.condition import (
    AVERAGED_CANDLES,
    Comparison,
    Condition,
    Crossing,
    Level,
    MacdEvents,
    PatternSeen,
    Reference,
    TakerSide,
    TakerVolume,
    Target,
    number_text,
)
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.metrics import METRICS, Metric
from engine.signals.conditions.operators import Operator

if TYPE_CHECKING:
    from engine.market.factors.library import FactorLibrary

_COMPARISONS = {
    Operator.GREATER: "is above",
    Operator.GREATER_OR_EQUAL: "is at least",
    Operator.LESS: "is below",
    Operator.LESS_OR_EQUAL: "is at most",
    Operator.EQUAL: "equals",
    Operator.NOT_EQUAL: "differs from",
}
_TAKERS = {
    TakerSide.BUY: "takers buy {ratio} times what they sell",
    TakerSide.SELL: "takers sell {ratio} times what they buy",
    TakerSide.ANY: "takers of one side trade {ratio} times what the others do",
}


def check_condition(text: str, factors: FactorLibrary | None = None) -> ConditionCheck:
    """Return what a typed condition was understood as; raises `InvalidInput` as `parse_condition` does."""
    condition = parse_condition(text, factors)
    return ConditionCheck(str(condition), meaning_of(condition), unit_of(condition))


def unit_of(condition: Condition) -> str:
    """Return the unit of the value a condition compares, empty where it has none."""
    match condition:
        case Comparison(metric=metric) | Crossing(metric=metric):
            return metric.unit
        case TakerVolume():
            return METRICS["taker_ratio"].unit
    return ""


def meaning_of(condition: Condition) -> str:
    """Return a condition as a sentence."""
    period = condition.period
    match condition:
        case Comparison(metric=metric, operator=comparison, target=target):
            subject = _subject(metric, condition.absolute)
            when = f"in the running {period} window" if metric.is_flow else f"at the last {period} close"
            return f"{subject} {_COMPARISONS[comparison]} {_object(metric, target)} {when}"
        case Crossing(metric=metric, direction=direction, target=target):
            subject = _subject(metric, condition.absolute)
            steps = f"samples of the {period} window" if metric.is_flow else f"{period} closes"
            return f"{subject} comes to be {direction} {_object(metric, target)} between two {steps}"
        case TakerVolume(side=side, ratio=ratio, volume=volume):
            takers = _TAKERS[side].format(ratio=number_text(ratio))
            least = f", of {number_text(volume)} USD or more in all" if volume else ""
            return f"{takers} in the running {period} window{least}"
        case MacdEvents(events=events):
            happened = " or ".join(event.value.replace("_", " ") for event in events)
            return f"at a {period} close the MACD shows {happened}"
        case PatternSeen(pattern=pattern, bias=bias):
            kind = f"{bias} " if bias else ""
            return f"a {kind}{pattern.replace('_', ' ')} pattern ends with a {period} candle"


def _subject(metric: Metric, absolute: bool) -> str:
    return f"{metric.name}, up or down," if absolute else metric.name


def _object(metric: Metric, target: Target) -> str:
    if isinstance(target, Level):
        return f"{target} {metric.unit}".strip()
    if isinstance(target, Reference):
        return target.metric.name
    return f"{number_text(target.multiple)} times its mean of the {AVERAGED_CANDLES} candles before"
