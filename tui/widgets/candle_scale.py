"""Scales of a candle chart: which row a price falls on, and the exact labels beside the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import floor, isfinite
from typing import NamedTuple

from tui.format import decimals_of

_ROUND_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_FLAT = 1e-9
"""A span this small beside its values is rounding, not movement."""
_FLAT_MARGIN = 0.0005
"""How far around a price that never moved its scale reaches, as a share of it."""
_STEADINESS = 24
"""The ends of a scale lie on steps of about this share of its span, so that it seldom moves."""


class Scale(NamedTuple):
    """Values from `low` at the lower edge to `high` at the upper edge of so many rows."""

    low: float
    high: float
    rows: int

    def place(self, value: float, per_row: int) -> int:
        """Return the place of a value, 0 at the top, of `per_row` places in each row; clamped."""
        places = self.rows * per_row
        return min(places - 1, max(0, floor((self.high - value) / (self.high - self.low) * places)))

    def holds(self, value: float) -> bool:
        """Tell whether a value is between the ends."""
        return self.low <= value <= self.high


class Tick(NamedTuple):
    """A labelled row."""

    row: int
    label: str


def scale_over(values: Iterable[float], rows: int, *, spare_rows: int = 0) -> Scale | None:
    """Return a scale that holds every finite value, its ends on round steps; None without any.

    `spare_rows` rows stay free above the highest and below the lowest value.
    """
    finite = [value for value in values if isfinite(value)]
    if not finite or rows < 1:
        return None
    low, high = min(finite), max(finite)
    if high - low <= _FLAT * max(abs(low), abs(high)):
        margin = abs(high) * _FLAT_MARGIN or 1.0
        low, high = low - margin, high + margin
    inner = max(1, rows - 2 * spare_rows)
    spare = (high - low) * spare_rows / inner
    step = float(round_step((high - low) / _STEADINESS))
    return Scale(floor((low - spare) / step) * step, -floor(-(high + spare) / step) * step, rows)


def round_step(least: float) -> Decimal:
    """Return the smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`."""
    if not (isfinite(least) and least > 0):
        return Decimal(1)
    wanted = Decimal(repr(least))
    magnitude = Decimal(1).scaleb(wanted.adjusted())
    return next(factor * magnitude for factor in _ROUND_STEPS if factor * magnitude >= wanted)


def ticks(scale: Scale, least_rows: int, tick: Decimal | None = None) -> Iterator[Tick]:
    """Return labels on round values at least `least_rows` rows apart, from the top.

    Values are multiples of a decimal step, hence exact; no step is finer than the price `tick`.
    """
    step = tick_step(scale, least_rows, tick)
    decimals = max(decimals_of(step), decimals_of(tick) if tick is not None else 0)
    value = (Decimal(repr(scale.high)) / step).to_integral_value(ROUND_FLOOR) * step
    last = (Decimal(repr(scale.low)) / step).to_integral_value(ROUND_CEILING) * step
    while value >= last:
        yield Tick(scale.place(float(value), 1), f"{value:,.{decimals}f}")
        value -= step


def tick_step(scale: Scale, least_rows: int, tick: Decimal | None = None) -> Decimal:
    """Return the distance between two labels."""
    step = round_step((scale.high - scale.low) * least_rows / scale.rows)
    return max(step, tick) if tick is not None and tick > 0 else step


def short_number(value: float) -> str:
    """Return a large number in a few characters: `982`, `12.4K`, `3.07M`."""
    # Rounded before its unit is chosen: 999,900 is 1M and not 1000K.
    rounded = float(f"{value:.3g}")
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(rounded) >= limit:
            return f"{_three_digits(rounded / limit)}{suffix}"
    return _three_digits(rounded)


def _three_digits(value: float) -> str:
    """Return a number with three significant digits, never with an exponent."""
    text = f"{value:.3g}"
    return f"{Decimal(text):f}" if "e" in text else text
