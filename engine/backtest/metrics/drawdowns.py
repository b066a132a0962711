"""Drawdowns over every bar: how far equity stood below its highest value so far, and how long.

The highest value so far begins with the cash at the run's start, so that a loss from the first bar
on is a drawdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.backtest.figures import CloseTimes

BLOCK = 65_536
"""How many bars are looked at together."""


class Drawdowns(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest drawdown of a run, and the longest.

    `deepest_pct` and `deepest` (in currency) are 0 or less and each the worst of its kind, which need
    not be the same drawdown; the times are those of `deepest_pct`: its peak, its trough, and the bar
    that reached the peak again (None if none did). `duration_ms` is from the peak to the recovery,
    `longest_ms` the longest from any peak, both to the last bar if equity is still below.
    """

    deepest_pct: float = 0.0
    deepest: float = 0.0
    start_ms: int | None = None
    end_ms: int | None = None
    recovery_ms: int | None = None
    duration_ms: int = 0
    longest_ms: int = 0


def highest_so_far(
    cash: float, equity: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
    """Yield a row, equity from there on, and the highest equity up to each of its bars, at least `cash`.

    The blocks follow each other, each small enough for the processor's cache.
    """
    import numpy as np

    highest = cash
    for first in range(0, len(equity), BLOCK):
        part = equity[first : first + BLOCK]
        peak = np.maximum.accumulate(part)
        np.maximum(peak, highest, out=peak)
        highest = float(peak[-1])
        yield first, part, peak


def measure_drawdowns(
    cash: float, start_ms: int, close_ms: CloseTimes, equity: NDArray[np.float64]
) -> Drawdowns:
    """Return the deepest and the longest drawdown of equity at each bar's close."""
    import numpy as np

    if not len(equity):
        return Drawdowns()
    deepest = deepest_share = 0.0
    trough, before = 0, cash
    peaks = []
    for first, part, peak in highest_so_far(cash, equity):
        peaks.append(np.flatnonzero(part >= peak) + first)
        below = part - peak
        deepest = min(deepest, float(below.min()))
        np.divide(below, peak, out=below)
        row = int(below.argmin())
        if below[row] < deepest_share:
            deepest_share, trough, before = float(below[row]), first + row, float(peak[row])
    if deepest >= 0:
        return Drawdowns()
    peak_row = trough - int((equity[trough::-1] >= before).argmax())
    is_peak = bool(equity[peak_row] >= before)
    began_ms = int(close_ms[peak_row]) if is_peak else start_ms
    recovered = equity[trough:] >= before
    recovery_row = trough + int(recovered.argmax())
    recovery_ms = int(close_ms[recovery_row]) if recovery_row > trough else None
    ended_ms = int(close_ms[-1]) if recovery_ms is None else recovery_ms
    return Drawdowns(
        deepest_pct=deepest_share * 100,
        deepest=deepest,
        start_ms=began_ms,
        end_ms=int(close_ms[trough]),
        recovery_ms=recovery_ms,
        duration_ms=ended_ms - began_ms,
        longest_ms=_longest_ms(start_ms, close_ms, np.concatenate(peaks)),
    )


def _longest_ms(start_ms: int, close_ms: CloseTimes, peaks: NDArray[np.int64]) -> int:
    """Return the longest time from a peak (a row) over bars below it to the next peak or the last bar."""
    import numpy as np

    last = len(close_ms) - 1
    ends_below = not len(peaks) or int(peaks[-1]) < last
    rows = np.concatenate(([-1], peaks, [last] if ends_below else []))
    rows = rows.astype(np.int64)
    times = np.where(rows < 0, start_ms, close_ms[rows])
    # Of two peaks in a row nothing lies below; the last bar, if it is no peak, lies below itself.
    has_bars_below = np.diff(rows) > 1
    if ends_below:
        has_bars_below[-1] = True
    lengths = np.diff(times)[has_bars_below]
    return int(lengths.max()) if len(lengths) else 0
