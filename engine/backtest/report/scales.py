"""From values to places on a chart, and the round values that its axes name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_STEPS_MS = (
    *(minutes * MINUTE_MS for minutes in (1, 5, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 3, 6, 12)),
    *(days * DAY_MS for days in (1, 2, 4, 7, 14)),
)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH_MS = 30 * DAY_MS
_LOGARITHMIC_FROM = 20.0
"""From this ratio of the highest to the lowest value on, equal factors are shown as equal heights."""
_LOGARITHMIC_TO = 1e9
"""Beyond it the lowest is as good as nothing, and would take all the room."""


class Scale(msgspec.Struct, frozen=True):
    """A line between two values and two places; `is_log` makes equal factors equally long."""

    low: float
    high: float
    at_low: float
    at_high: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, self.low / 2))
        return self.at_low + (value - low) / (high - low) * (self.at_high - self.at_low)


def value_scale(low: float, high: float, at_low: float, at_high: float, *, may_log: bool = True) -> Scale:
    """Return a scale with a little room beyond both values, logarithmic if they are far apart."""
    if may_log and low > 0 and _LOGARITHMIC_FROM < high / low < _LOGARITHMIC_TO:
        room = (high / low) ** 0.04
        return Scale(low / room, high * room, at_low, at_high, is_log=True)
    room = (high - low) * 0.05
    if room <= max(abs(high) * 1e-9, 1e-100):
        room = abs(high) * 0.01 or 1.0
    return Scale(low - room, high + room, at_low, at_high)


def value_ticks(scale: Scale, count: int = 5) -> list[float]:
    """Return about `count` round values within a scale, rising."""
    if scale.is_log:
        decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
        factors = (1,) if len(decades) > count else (1, 2, 5)
        every = max(1, len(decades) // (count + 2))
        ticks = [factor * 10.0**decade for decade in decades[::every] for factor in factors]
        return [tick for tick in ticks if scale.low <= tick <= scale.high]
    step = _round_step((scale.high - scale.low) / count)
    first = math.ceil(scale.low / step)
    return [number * step for number in range(first, math.floor(scale.high / step) + 1)]


def value_labels(scale: Scale, ticks: Sequence[float]) -> list[str]:
    """Return a label for each tick: alike in decimals and suffix, unless the scale is logarithmic."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 and not scale.is_log else 0.0
    largest = 0.0 if scale.is_log else max((abs(tick) for tick in ticks), default=0.0)
    return [compact_text(tick, step, largest) for tick in ticks]


def time_ticks(start_ms: int, end_ms: int, count: int = 9) -> list[tuple[int, str]]:
    """Return at most `count` UTC times at even places of the calendar, each with its label."""
    span = max(end_ms - start_ms, 1)
    for step_ms in _STEPS_MS:
        if span / step_ms <= count:
            first = -(-start_ms // step_ms) * step_ms
            return [(at, _time_label(at, step_ms)) for at in range(first, end_ms + 1, step_ms)]
    months = next((step for step in _STEPS_MONTHS if span / (step * _MONTH_MS) <= count), _STEPS_MONTHS[-1])
    start, end = (datetime.fromtimestamp(at / 1000, UTC) for at in (start_ms, end_ms))
    ticks: list[tuple[int, str]] = []
    for month in range(start.year * 12, end.year * 12 + 12, months):
        moment = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if start <= moment <= end:
            label = f"{moment:%Y}" if months >= 12 else f"{moment:%b %Y}"
            ticks.append((int(moment.timestamp()) * 1000, label))
    return ticks


def compact_text(value: float, step: float = 0.0, largest: float = 0.0) -> str:
    """Return a value as short as an axis needs it: `950`, `12.5k`, `1.2M`.

    `step` is between two ticks and gives the decimals; the `largest` of an axis gives all its ticks
    one suffix.
    """
    size = max(abs(value), largest)
    for limit, suffix in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            divisor = 1e3 if suffix == "k" else limit
            return f"{_decimals(value / divisor, step / divisor)}{suffix}"
    return _decimals(value, step)


def _decimals(value: float, step: float) -> str:
    """Write a value with the decimals its step has, without one to three digits."""
    if step:
        decimals = next((count for count in range(9) if math.isclose(round(step, count), step)), 9)
        return f"{value + 0.0:,.{decimals}f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _round_step(step: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(step))
    return next(factor for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= step * 0.999) * magnitude


def _time_label(ts_ms: int, step_ms: int) -> str:
    moment = datetime.fromtimestamp(ts_ms / 1000, UTC)
    if step_ms >= DAY_MS or ts_ms % DAY_MS == 0:
        return f"{moment.day} {moment:%b}"
    return f"{moment:%H:%M}"
