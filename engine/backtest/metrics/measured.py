"""A run's figures, and what several metrics are made of, each worked out once."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.metrics.curve import curve
from engine.backtest.metrics.daily import DAY_MS, daily_rows, returns_of, values_at
from engine.backtest.metrics.drawdowns import Drawdowns, measure_drawdowns
from engine.backtest.metrics.trades import ClosedTrades

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.backtest.figures import RunFigures
    from engine.model.backtest import BacktestTrade, EquityCurve


class MeasuredRun:
    """What the formulas of the metrics table read."""

    def __init__(self, figures: RunFigures) -> None:
        self.figures = figures
        self.cash = float(figures.cash)
        self.bars = len(figures.close_ms)
        self.final_equity = float(figures.equity[-1]) if self.bars else self.cash
        self.final_benchmark = (
            figures.benchmark_units * float(figures.benchmark[-1]) if self.bars else self.cash
        )

    def with_trades(self, trades: tuple[BacktestTrade, ...]) -> MeasuredRun:
        """Return the same run with its trades; what was measured over its bars stays measured."""
        whole = copy.copy(self)
        whole.figures = msgspec.structs.replace(self.figures, trades=trades)
        vars(whole).pop("trades", None)
        return whole

    def measure_bars(self) -> None:
        """Work out all that reads every bar."""
        _ = self.drawdowns, self.daily_returns, self.benchmark_returns, self.curve

    @cached_property
    def curve(self) -> EquityCurve:
        """Equity, thinned for a chart."""
        return curve(self.figures)

    @cached_property
    def span_days(self) -> float:
        """The time from the start to the last bar's close, in days."""
        return (int(self.figures.close_ms[-1]) - self.figures.start_ms) / DAY_MS if self.bars else 0.0

    @cached_property
    def daily_equity(self) -> NDArray[np.float64]:
        """The cash at the start, then equity at each UTC day's last bar."""
        return values_at(self.cash, self.figures.equity, self._daily_rows)

    @cached_property
    def daily_returns(self) -> NDArray[np.float64]:
        """Equity's return over each UTC day."""
        return returns_of(self.daily_equity)

    @cached_property
    def benchmark_returns(self) -> NDArray[np.float64]:
        """The benchmark's return over each UTC day."""
        figures = self.figures
        start = self.cash / figures.benchmark_units
        return returns_of(values_at(start, figures.benchmark, self._daily_rows))

    @cached_property
    def drawdowns(self) -> Drawdowns:
        """The deepest and the longest drawdown over all bars."""
        return measure_drawdowns(self.cash, self.figures.start_ms, self.figures.close_ms, self.figures.equity)

    @cached_property
    def trades(self) -> ClosedTrades:
        """The trades that ended."""
        return ClosedTrades(self.figures.trades)

    @cached_property
    def _daily_rows(self) -> NDArray[np.int64]:
        return daily_rows(self.figures.start_ms, self.figures.close_ms)


def growth_pct(start_value: float, end_value: float) -> float | None:
    """Return the growth from one value to another in per cent, None from 0 or less."""
    return (end_value / start_value - 1) * 100 if start_value > 0 else None
