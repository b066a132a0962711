"""What a run came to in numbers: the table of metrics, and equity by month and for a chart.

`table.py` has every metric, written down in `equity_metrics.py` and `trade_metrics.py`. `daily.py`
pins which equity points make the daily series; `returns.py`, `drawdowns.py` and `trades.py` hold the
formulas.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.backtest.metrics.curve import curve
from engine.backtest.metrics.measured import MeasuredRun
from engine.backtest.metrics.metric import Better, Group, Metric, Unit
from engine.backtest.metrics.monthly import monthly
from engine.backtest.metrics.table import METRICS

if TYPE_CHECKING:
    from engine.backtest.figures import RunFigures

__all__ = ["METRICS", "Better", "Group", "Metric", "Unit", "curve", "measure", "metrics_of", "monthly"]


def measure(figures: RunFigures) -> dict[str, float | None]:
    """Return every metric of `METRICS` by name; None is undefined, never a stand-in such as 0 or infinity."""
    return metrics_of(MeasuredRun(figures))


def metrics_of(run: MeasuredRun) -> dict[str, float | None]:
    """Return the same for figures of which some is measured already."""
    return {name: _finite(metric.formula(run)) for name, metric in METRICS.items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
