"""Conditions in the forms that clients send and read as JSON.

Two families are read, and may be mixed: the documented one, `{indicator, period, operator, threshold
| reference}` or `{type, indicator, threshold, direction}`, and the older `{metric, operator,
threshold, time_window}` with its special metrics `taker_volume` and `macd`. What is written is the
documented form for candle metrics and patterns, the older one for all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period, parse_period
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
    TimesAverage,
    compared,
    number_text,
)
from engine.signals.conditions.grammar import parse_threshold
from engine.signals.conditions.metric_names import find_metric
from engine.signals.conditions.metrics import Metric
from engine.signals.conditions.operators import Direction, Operator, Relation, find_relation, relation_word
from engine.signals.conditions.patterns import find_pattern

if TYPE_CHECKING:
    from engine.market.factors.library import FactorLibrary

DEFAULT_PERIOD = Period.M5
TAKER_VOLUME = "taker_volume"
MACD = "macd"
THRESHOLD, CROSSOVER, PATTERN = "threshold", "crossover", "pattern"

_BIASES = {"above": PatternBias.BULLISH, "below": PatternBias.BEARISH} | {
    each.value: each for each in PatternBias
}


class ConditionForm(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Every field a condition can have as JSON; which of them it needs depends on the others.

    `period` is a candle period, or a whole number that is the indicator's length. `threshold` is a
    number or a multiple of the average such as `2x_avg`.
    """

    type: str = ""
    indicator: str = ""
    metric: str = ""
    period: str | int = ""
    time_window: str = ""
    operator: str = ""
    threshold: float | str | None = None
    reference: str = ""
    direction: str = ""
    ratio_threshold: float = 1.5
    volume_threshold: float = 0.0
    event_types: tuple[str, ...] = ()


def read_form(data: object) -> ConditionForm:
    """Return the form in decoded JSON; raises `InvalidInput` for one that is none, naming the field."""
    try:
        return msgspec.convert(data, ConditionForm)
    except msgspec.ValidationError as error:
        raise InvalidInput.of("condition", "the JSON given", str(error)) from None


def condition_of(form: ConditionForm, factors: FactorLibrary | None = None) -> Condition:
    """Return the condition a form means; raises `InvalidInput` naming the field that is wrong."""
    period = _period(form)
    name = form.indicator or form.metric
    if not name:
        raise InvalidInput.of("indicator", "nothing", "name an indicator, or a metric")
    if form.type not in ("", THRESHOLD, CROSSOVER, PATTERN):
        raise InvalidInput.of("type", f"'{form.type}'", f"allowed is {THRESHOLD}, {CROSSOVER} or {PATTERN}")
    if form.type == PATTERN:
        return _pattern(name, form, period)
    if name == TAKER_VOLUME:
        return TakerVolume(
            side=_choice(TakerSide, "direction", form.direction or TakerSide.ANY),
            ratio=form.ratio_threshold,
            volume=form.volume_threshold,
            period=period,
        )
    if name == MACD and form.event_types:
        events = tuple(_choice(MacdEvent, "event_types", event) for event in form.event_types)
        return MacdEvents(events=events, period=period)
    metric = _metric(name, form, factors)
    return compared(metric, _relation(form), _target(form, factors), period)


def form_of(condition: Condition) -> ConditionForm:
    """Return the form of a condition, which `condition_of` reads back as the same condition."""
    period = condition.period.value
    match condition:
        case TakerVolume(side=side, ratio=ratio, volume=volume):
            return ConditionForm(
                metric=TAKER_VOLUME,
                direction=side.value,
                ratio_threshold=ratio,
                volume_threshold=volume,
                time_window=period,
            )
        case MacdEvents(events=events):
            names = tuple(event.value for event in events)
            return ConditionForm(metric=MACD, event_types=names, time_window=period)
        case PatternSeen(pattern=pattern, bias=bias):
            direction = bias.value if bias else ""
            return ConditionForm(type=PATTERN, indicator=pattern, direction=direction, period=period)
        case Comparison(operator=relation) | Crossing(direction=relation):
            return _form_of_compared(condition, relation)


def _form_of_compared(condition: Comparison | Crossing, relation: Operator | Direction) -> ConditionForm:
    name, target = condition.metric.name, condition.target
    threshold: float | str | None = None
    if isinstance(target, Level):
        threshold = target.value
    elif isinstance(target, TimesAverage):
        threshold = f"{number_text(target.multiple)}x_avg"
    is_flow = condition.metric.is_flow
    return ConditionForm(
        metric=name if is_flow else "",
        indicator="" if is_flow else name,
        time_window=condition.period.value if is_flow else "",
        period="" if is_flow else condition.period.value,
        operator=relation_word(Relation(relation, condition.absolute)),
        threshold=threshold,
        reference=target.metric.name if isinstance(target, Reference) else "",
    )


def _period(form: ConditionForm) -> Period:
    text = form.time_window or (form.period if isinstance(form.period, str) else "")
    return parse_period(text) if text else DEFAULT_PERIOD


def _metric(name: str, form: ConditionForm, factors: FactorLibrary | None) -> Metric:
    return find_metric(f"{name}{form.period}" if isinstance(form.period, int) else name, factors)


def _relation(form: ConditionForm) -> Relation:
    if form.operator:
        relation = find_relation(form.operator)
        if relation is None:
            allowed = f"{' '.join(Operator)} crosses_above crosses_below abs_greater_than abs_less_than"
            raise InvalidInput.of("operator", f"'{form.operator}'", f"allowed is {allowed}")
        return relation
    direction = _choice(Direction, "direction", form.direction)
    if form.type == CROSSOVER:
        return Relation(direction)
    return Relation(Operator.GREATER if direction is Direction.ABOVE else Operator.LESS)


def _target(form: ConditionForm, factors: FactorLibrary | None) -> Target:
    if form.reference:
        return Reference(find_metric(form.reference, factors))
    number = parse_threshold(form.threshold) if isinstance(form.threshold, str) else form.threshold
    if number is None:
        raise InvalidInput.of("threshold", form.threshold, "write a number, or a multiple such as 2x_avg")
    return number if isinstance(number, TimesAverage) else Level(number)


def _pattern(name: str, form: ConditionForm, period: Period) -> PatternSeen:
    pattern = find_pattern(name)
    if pattern is None:
        raise InvalidInput.of(
            "indicator", f"'{name}'", "a pattern is engulfing, doji, morning_star or the like"
        )
    if form.direction and form.direction not in _BIASES:
        raise InvalidInput.of("direction", f"'{form.direction}'", f"allowed is {', '.join(_BIASES)}")
    return PatternSeen(pattern=pattern, bias=_BIASES.get(form.direction), period=period)


def _choice[Choice: (Direction, MacdEvent, TakerSide)](kind: type[Choice], field: str, text: str) -> Choice:
    try:
        return kind(text.lower())
    except ValueError:
        raise InvalidInput.of(field, f"'{text}'", f"allowed is {', '.join(kind)}") from None
