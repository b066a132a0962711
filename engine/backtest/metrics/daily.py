"""The daily series that every risk figure is made of.

A point is the equity at a UTC day's last bar, which is the last that closed by the midnight ending
the day: a bar that closes at 00:00 belongs to the day before. Every calendar day from the run's
start to its last bar has a point; a day without a bar keeps the value before it, so that a gap or a
weekly candle counts as the time it took. The first day's return is against the cash at the start;
the first and the last day may be parts of a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.backtest.figures import CloseTimes

DAY_MS = 86_400_000
DAYS_PER_YEAR = 365


def day_of(close_ms: int) -> int:
    """Return the UTC day, counted since 1970, to which a bar closing then belongs."""
    return (close_ms - 1) // DAY_MS


def rows_at(close_ms: CloseTimes, boundaries_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each boundary the row of the last bar closed by then, -1 where there is none."""
    import numpy as np

    return close_ms.searchsorted(boundaries_ms, side="right").astype(np.int64) - 1


def values_at(
    start_value: float, values: NDArray[np.float64], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the start value followed by the value at each row; row -1 still has the start value."""
    import numpy as np

    series = np.empty(len(rows) + 1)
    series[0] = start_value
    series[1:] = np.where(rows < 0, start_value, values[rows]) if len(values) else start_value
    return series


def daily_rows(start_ms: int, close_ms: CloseTimes) -> NDArray[np.int64]:
    """Return the row of each UTC day's last bar, from the day of `start_ms` on (see the module)."""
    import numpy as np

    if not len(close_ms):
        return np.empty(0, dtype=np.int64)
    first, last = start_ms // DAY_MS, day_of(int(close_ms[-1]))
    return rows_at(close_ms, (np.arange(first, last + 1, dtype=np.int64) + 1) * DAY_MS)


def returns_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the simple return from each value to the next; after a value of 0 or less there is none: 0."""
    import numpy as np

    before = values[:-1]
    return np.divide(values[1:] - before, before, out=np.zeros(len(before)), where=before > 0)
