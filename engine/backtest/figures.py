"""What a run leaves behind for those who measure and show it: equity at every bar, trades, totals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, overload

import msgspec

from engine.model.backtest import BacktestTrade

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BarCloses:
    """When each bar closes, read like a column of int64 times: their opens, and how long a bar is.

    Over five years of minutes a column of its own would cost 21 MB, and more time than any figure.
    """

    def __init__(self, open_ms: NDArray[np.int64], bar_ms: int) -> None:
        self._open_ms = open_ms
        self._bar_ms = bar_ms

    def __len__(self) -> int:
        return len(self._open_ms)

    @overload
    def __getitem__(self, rows: int) -> np.int64: ...
    @overload
    def __getitem__(self, rows: NDArray[np.intp]) -> NDArray[np.int64]: ...
    def __getitem__(self, rows: int | NDArray[np.intp]) -> np.int64 | NDArray[np.int64]:
        return self._open_ms[rows] + self._bar_ms

    def searchsorted(self, times: NDArray[np.int64], side: Literal["left", "right"]) -> NDArray[np.intp]:
        """Return how many bars have closed before each time, or with `right` by it."""
        return self._open_ms.searchsorted(times - self._bar_ms, side=side)


type CloseTimes = BarCloses | NDArray[np.int64]


class RunFigures(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A run's figures; all arrays have one value per bar, at its close.

    `close_ms` is int64 and rises; bars missing from the history are missing here. `equity` is cash
    plus positions at the bar's last mark, `exposed` is true where a position was held at the close,
    `benchmark` is the first symbol's mark, of which `benchmark_units` for all the cash are held from the
    first bar on to compare with.
    `start_ms` is where the run began, with `cash`. `turnover` is the notional of all fills.
    """

    start_ms: int
    cash: Decimal
    close_ms: CloseTimes
    equity: NDArray[np.float64]
    exposed: NDArray[np.bool_]
    benchmark: NDArray[np.float64]
    benchmark_units: float
    trades: tuple[BacktestTrade, ...]
    turnover: Decimal
    fees: Decimal
    funding: Decimal
