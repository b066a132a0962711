"""Every closed one-minute candle of one symbol, from the first on record to now."""

from __future__ import annotations

import msgspec
import numpy as np

from engine.market.candles.series import CandleSeries
from engine.market.columns import GrowingColumns
from engine.model.candle import Candle


class MinuteHistory:
    """Appended to by the engine, read by any thread.

    Whatever is computed from candles starts at the first one here, so that it comes out the same
    after a restart.
    """

    def __init__(self) -> None:
        self._columns = GrowingColumns([np.int64, *[np.float64] * 5])

    def __len__(self) -> int:
        return len(self._columns)

    def append(self, candle: Candle) -> None:
        """Add the next closed minute."""
        self._columns.append(
            candle.open_ms, candle.open, candle.high, candle.low, candle.close, candle.volume
        )

    def extend(self, series: CandleSeries) -> None:
        """Add many closed minutes."""
        self._columns.extend(msgspec.structs.astuple(series))

    def series(self) -> CandleSeries:
        """Return everything so far as columns that do not change any more."""
        return CandleSeries(*self._columns.view())
