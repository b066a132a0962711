"""Drawdowns over every bar: how far equity stood below its highest value so far, and how long.

The highest value so far begins with the cash at the run's start, so that a loss from the first bar
on is a drawdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def highest_so_far(cash: float, equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest equity up to each bar, at least `cash`."""
    import numpy as np

    peak = np.maximum.accumulate(equity)
    return np.maximum(peak, cash, out=peak)


def measure_drawdowns(
    cash: float, start_ms: int, close_ms: NDArray[np.int64], equity: NDArray[np.float64]
) -> Drawdowns:
    """Return the deepest and the longest drawdown of equity at each bar's close."""
    import numpy as np

    if not len(equity):
        return Drawdowns()
    peak = highest_so_far(cash, equity)
    longest_ms = _longest_ms(start_ms, close_ms, equity >= peak)
    below = equity - peak
    deepest = float(below.min())
    if deepest >= 0:
        return Drawdowns()
    np.divide(below, peak, out=below)
    trough = int(below.argmin())
    peak_row = trough - int((equity[trough::-1] >= peak[trough]).argmax())
    is_peak = bool(equity[peak_row] >= peak[trough])
    began_ms = int(close_ms[peak_row]) if is_peak else start_ms
    recovered = equity[trough:] >= peak[trough]
    recovery_row = trough + int(recovered.argmax())
    recovery_ms = int(close_ms[recovery_row]) if recovery_row > trough else None
    ended_ms = int(close_ms[-1]) if recovery_ms is None else recovery_ms
    return Drawdowns(
        deepest_pct=float(below[trough]) * 100,
        deepest=deepest,
        start_ms=began_ms,
        end_ms=int(close_ms[trough]),
        recovery_ms=recovery_ms,
        duration_ms=ended_ms - began_ms,
        longest_ms=longest_ms,
    )


def _longest_ms(start_ms: int, close_ms: NDArray[np.int64], at_peak: NDArray[np.bool_]) -> int:
    """Return the longest time from a peak over bars below it to the next peak or the last bar."""
    import numpy as np

    peaks = np.flatnonzero(at_peak)
    last = len(close_ms) - 1
    rows = np.concatenate(([-1], peaks, [last] if not len(peaks) or peaks[-1] < last else []))
    rows = rows.astype(np.int64)
    times = np.where(rows < 0, start_ms, close_ms[rows])
    # Of two peaks in a row nothing lies below; the last bar, if it is no peak, lies below itself.
    has_bars_below = np.diff(rows) > 1
    if not at_peak[last]:
        has_bars_below[-1] = True
    lengths = np.diff(times)[has_bars_below]
    return int(lengths.max()) if len(lengths) else 0
