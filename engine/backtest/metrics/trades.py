"""Formulas over closed trades, after fees and funding; None is undefined.

A trade that the run's end found open has no result yet and is not among them.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from engine.backtest.metrics.returns import SMALLEST_DEVIATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from engine.model.backtest import BacktestTrade


class ClosedTrades:
    """The closed trades of a run in the order they were closed, as columns."""

    def __init__(self, trades: Sequence[BacktestTrade]) -> None:
        import numpy as np

        ended = [(trade.exit_ms, trade) for trade in trades if trade.exit_ms is not None]
        ended.sort(key=lambda pair: pair[0])
        self.count = len(ended)
        self.pnl: NDArray[np.float64] = _column(float(trade.pnl) for _, trade in ended)
        self.gross_pnl: NDArray[np.float64] = _column(float(trade.gross_pnl) for _, trade in ended)
        self.return_pct: NDArray[np.float64] = _column(trade.return_pct for _, trade in ended)
        self.mae_pct: NDArray[np.float64] = _column(trade.mae_pct for _, trade in ended)
        self.mfe_pct: NDArray[np.float64] = _column(trade.mfe_pct for _, trade in ended)
        self.held_ms: NDArray[np.float64] = _column(exit_ms - trade.entry_ms for exit_ms, trade in ended)
        self.is_long: NDArray[np.bool_] = np.array(
            [trade.side == "long" for _, trade in ended], dtype=np.bool_
        )

    @cached_property
    def wins(self) -> NDArray[np.float64]:
        """What the winning trades made."""
        return self.pnl[self.pnl > 0]

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """What the losing trades lost, below 0."""
        return self.pnl[self.pnl < 0]

    @cached_property
    def long_pnl(self) -> NDArray[np.float64]:
        """What the long trades came to."""
        return self.pnl[self.is_long]

    @cached_property
    def short_pnl(self) -> NDArray[np.float64]:
        """What the short trades came to."""
        return self.pnl[~self.is_long]


def mean(values: NDArray[np.float64]) -> float | None:
    """Return the arithmetic mean, None of nothing."""
    return float(values.mean()) if len(values) else None


def highest(values: NDArray[np.float64]) -> float | None:
    """Return the highest value, None of nothing."""
    return float(values.max()) if len(values) else None


def lowest(values: NDArray[np.float64]) -> float | None:
    """Return the lowest value, None of nothing."""
    return float(values.min()) if len(values) else None


def win_rate(pnl: NDArray[np.float64]) -> float | None:
    """Return the share of trades that made money, None without a trade."""
    return float((pnl > 0).mean()) if len(pnl) else None


def profit_factor(trades: ClosedTrades) -> float | None:
    """Return what the winners made over what the losers lost; None without losers."""
    return float(trades.wins.sum() / -trades.losses.sum()) if len(trades.losses) else None


def payoff_ratio(trades: ClosedTrades) -> float | None:
    """Return the average win over the size of the average loss; None without one of both."""
    if not len(trades.wins) or not len(trades.losses):
        return None
    return float(trades.wins.mean() / -trades.losses.mean())


def system_quality_number(pnl: NDArray[np.float64]) -> float | None:
    """Return sqrt(n) x mean / sample deviation of what trades came to, with no cap on n.

    V. K. Tharp, "The Definitive Guide to Position Sizing", 2008.
    """
    if len(pnl) < 2:
        return None
    deviation = float(pnl.std(ddof=1))
    if deviation <= SMALLEST_DEVIATION * float(abs(pnl).max()):
        return None
    return math.sqrt(len(pnl)) * float(pnl.mean()) / deviation


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Return how many true values follow each other at most."""
    import numpy as np

    breaks = np.concatenate(([-1], np.flatnonzero(~flags), [len(flags)]))
    return int(np.diff(breaks).max()) - 1


def _column(values: Iterable[float]) -> NDArray[np.float64]:
    import numpy as np

    return np.fromiter(values, dtype=np.float64)
