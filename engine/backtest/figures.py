"""What a run leaves behind for those who measure and show it: equity at every bar, trades, totals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from engine.model.backtest import BacktestTrade

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RunFigures(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A run's figures; all arrays have one value per bar, at its close.

    `close_ms` is int64 and rises; bars missing from the history are missing here. `equity` is cash
    plus positions at the bar's last mark, `exposed` is true where a position was held at the close,
    `benchmark` is what holding the first symbol from the first bar on for all the cash is worth.
    `start_ms` is where the run began, with `cash`. `turnover` is the notional of all fills.
    """

    start_ms: int
    cash: Decimal
    close_ms: NDArray[np.int64]
    equity: NDArray[np.float64]
    exposed: NDArray[np.bool_]
    benchmark: NDArray[np.float64]
    trades: tuple[BacktestTrade, ...]
    turnover: Decimal
    fees: Decimal
    funding: Decimal
