"""Axes that read well: round steps for values, calendar steps for time. Pure functions."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

_ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_TIME_STEPS_MS = (
    *(_SECOND_MS * count for count in (1, 5, 15, 30)),
    *(_MINUTE_MS * count for count in (1, 2, 5, 10, 15, 30)),
    *(_HOUR_MS * count for count in (1, 2, 3, 6, 12)),
    *(_DAY_MS * count for count in (1, 2, 5, 10, 20, 50, 100, 200)),
)
_FLAT = 1e-9
"""A span this small beside its values is rounding, not movement."""
_SMALLEST_SPAN = 1e-12
"""Nor is one this small beside nothing at all."""
_TIME_LABEL_CELLS = 14
"""Room for a label and the space around it."""


class Axis(NamedTuple):
    """The ends of an axis, and the ticks on it with their labels."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]


def value_axis(low: float, high: float, max_ticks: int) -> Axis:
    """Return an axis over `low`…`high` whose ends and ticks lie on a round step.

    Snapping the ends keeps the whole picture still while values move inside them.
    """
    if high - low <= max(_FLAT * max(abs(low), abs(high)), _SMALLEST_SPAN):
        margin = max(abs(high) * 0.001, _SMALLEST_SPAN) if high else 1.0
        low, high = low - margin, high + margin
    step = _round_step((high - low) / max(1, max_ticks - 1))
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(index * step for index in range(first, last + 1))
    decimals = _step_decimals(step)
    return Axis(ticks[0], ticks[-1], ticks, tuple(f"{tick + 0.0:,.{decimals}f}" for tick in ticks))


def time_axis(start_ms: int, end_ms: int, width: int, zone: tzinfo = UTC) -> Axis:
    """Return an axis over a span of time, with ticks on whole minutes, hours or days.

    Labels are times of day for spans within days, dates beyond, as many as fit `width` cells.
    """
    end_ms = max(end_ms, start_ms + 1)
    most = max(1, width // _TIME_LABEL_CELLS)
    step = next((step for step in _TIME_STEPS_MS if (end_ms - start_ms) / step <= most), _TIME_STEPS_MS[-1])
    ticks = tuple(range(-(-start_ms // step) * step, end_ms + 1, step))
    labels = tuple(_time_label(tick, step, zone) for tick in ticks)
    return Axis(start_ms, end_ms, ticks, labels)


def _time_label(ts_ms: int, step_ms: int, zone: tzinfo) -> str:
    instant = datetime.fromtimestamp(ts_ms / 1000, zone)
    if step_ms >= _DAY_MS:
        return f"{instant:%d %b}"
    if ts_ms % _DAY_MS == 0:
        return f"{instant:%d %b}"
    return f"{instant:%H:%M}" if step_ms >= _MINUTE_MS else f"{instant:%H:%M:%S}"


def _round_step(least: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(factor * magnitude for factor in _ROUND_STEPS if factor * magnitude >= least * (1 - 1e-9))


def _step_decimals(step: float) -> int:
    """Return the decimals that tell two ticks apart; 2.5 needs one more than 2 or 5."""
    exponent = math.floor(math.log10(step) + 1e-9)
    leading = step / 10.0**exponent
    return max(0, -exponent + (0 if abs(leading - round(leading)) < 1e-6 else 1))
