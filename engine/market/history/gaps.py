"""What a series covers and what is missing of it: pure arithmetic on opening times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.history.series_key import SeriesKey
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Gap(msgspec.Struct, frozen=True):
    """Candles that are not there: the first would open at `start_ms`, `end_ms` is after the last."""

    start_ms: int
    end_ms: int
    missing: int


class Coverage(msgspec.Struct, frozen=True):
    """How much of a series is stored: opening times of its first and last candle, and its rows."""

    key: SeriesKey
    first_ms: int
    last_ms: int
    rows: int

    @property
    def missing(self) -> int:
        """How many candles between the first and the last are not stored."""
        return (self.last_ms - self.first_ms) // self.key.period.length_ms + 1 - self.rows


def gaps_of(open_ms: NDArray[np.int64], period: Period) -> tuple[Gap, ...]:
    """Return what is missing between candles that open at `open_ms` (int64, strictly ascending)."""
    length = period.length_ms
    steps = np.diff(open_ms)
    before = np.flatnonzero(steps > length)
    return tuple(
        Gap(int(open_ms[row]) + length, int(open_ms[row + 1]), int(steps[row]) // length - 1)
        for row in before
    )


def missing_in(open_ms: NDArray[np.int64], period: Period, start_ms: int, end_ms: int) -> tuple[Gap, ...]:
    """Return what is missing of the candles that open from `start_ms` until before `end_ms`.

    Both must be opening times of the period; `open_ms` may reach beyond them.
    """
    if start_ms >= end_ms:
        return ()
    first, after = np.searchsorted(open_ms, (start_ms, end_ms))
    return gaps_of(np.concatenate(([start_ms - period.length_ms], open_ms[first:after], [end_ms])), period)
