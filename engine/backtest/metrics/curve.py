"""Equity thinned for a chart, without losing a peak or a trough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backtest.metrics.drawdowns import highest_so_far
from engine.model.backtest import EquityCurve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.backtest.figures import RunFigures

FEWEST_POINTS = 6


def curve(figures: RunFigures, max_points: int = 2000) -> EquityCurve:
    """Return at most `max_points` points (6 or more), from the cash at the start to the last bar.

    The bars are cut into intervals of equally many, of each the lowest and the highest equity are
    kept; the bar of the deepest drawdown always is.
    """
    import numpy as np

    cash = float(figures.cash)
    if not len(figures.close_ms):
        return EquityCurve(ts_ms=(figures.start_ms,), equity=(cash,), drawdown_pct=(0.0,), benchmark=(cash,))
    rows = kept_rows(figures.equity, max(max_points, FEWEST_POINTS) - 3)
    rows = np.union1d(rows, [len(figures.equity) - 1])
    lowest, trough, drawdowns = 1.0, 0, []
    for first, part, peak in highest_so_far(cash, figures.equity):
        share = np.divide(part, peak, out=peak)
        row = int(share.argmin())
        if share[row] < lowest:
            lowest, trough = float(share[row]), first + row
        drawdowns.append(share[rows[slice(*rows.searchsorted((first, first + len(part))))] - first])
    drawdown = np.concatenate(drawdowns)
    if trough not in rows:
        place = int(rows.searchsorted(trough))
        rows, drawdown = np.insert(rows, place, trough), np.insert(drawdown, place, lowest)
    return EquityCurve(
        ts_ms=(figures.start_ms, *figures.close_ms[rows].tolist()),
        equity=(cash, *figures.equity[rows].tolist()),
        drawdown_pct=(0.0, *((drawdown - 1) * 100).tolist()),
        benchmark=(cash, *(figures.benchmark[rows] * figures.benchmark_units).tolist()),
    )


def kept_rows(values: NDArray[np.float64], max_rows: int) -> NDArray[np.int64]:
    """Return rising rows that hold the lowest and the highest value of each of `max_rows // 2` intervals."""
    import numpy as np

    count = len(values)
    if count <= max_rows:
        return np.arange(count, dtype=np.int64)
    step = -(-count // (max_rows // 2))
    whole = count // step * step
    blocks = values[:whole].reshape(-1, step)
    starts = np.arange(0, whole, step, dtype=np.int64)
    rows = [starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1)]
    if whole < count:
        rest = values[whole:]
        rows.append(whole + np.array([rest.argmin(), rest.argmax()], dtype=np.int64))
    return np.unique(np.concatenate(rows))
