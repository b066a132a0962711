"""Returns per calendar month, for the table every report has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backtest.metrics.daily import returns_of, rows_at, values_at
from engine.model.backtest import MonthlyReturn

if TYPE_CHECKING:
    from engine.backtest.figures import RunFigures


def monthly(figures: RunFigures) -> tuple[MonthlyReturn, ...]:
    """Return what each UTC month from the start to the last bar returned, by its last bar's equity.

    A bar that closes at midnight belongs to the month before. The first month is against the cash;
    a month without a bar returned 0.
    """
    import numpy as np

    if not len(figures.close_ms):
        return ()
    months = np.array([figures.start_ms, int(figures.close_ms[-1]) - 1], "datetime64[ms]").astype(
        "datetime64[M]"
    )
    first, last = months.astype(np.int64).tolist()
    ends = np.arange(first + 1, last + 2).astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    values = values_at(float(figures.cash), figures.equity, rows_at(figures.close_ms, ends))
    return tuple(
        MonthlyReturn(1970 + month // 12, month % 12 + 1, value * 100)
        for month, value in zip(range(first, last + 1), returns_of(values).tolist(), strict=True)
    )
