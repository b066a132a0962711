"""Flow samples as columns, and the growing history of one symbol's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.columns import GrowingColumns
from engine.market.periods import Period
from engine.model.flow import FlowSample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries


class FlowSeries(msgspec.Struct, frozen=True, eq=False):
    """Samples of one symbol as columns of equal length, oldest first; see `FlowSample` for units.

    `close_ms` and `seconds` are int64, the others float64 with NaN for what the feed does not tell.
    """

    close_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    buy_notional: NDArray[np.float64]
    sell_notional: NDArray[np.float64]
    open_interest: NDArray[np.float64]
    funding_rate: NDArray[np.float64]
    bid_depth: NDArray[np.float64]
    ask_depth: NDArray[np.float64]
    trades: NDArray[np.int64]
    seconds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.close_ms)

    def slice(self, start: int, stop: int | None = None) -> FlowSeries:
        """Return rows `start` to `stop` (exclusive) without copying."""
        return FlowSeries(*(column[start:stop] for column in msgspec.structs.astuple(self)))

    def sample(self, index: int) -> FlowSample:
        """Return one row as a sample; negative counts from the end."""
        return FlowSample(*(column[index].item() for column in msgspec.structs.astuple(self)))

    @classmethod
    def of(cls, samples: Iterable[FlowSample]) -> FlowSeries:
        """Return samples as columns, in the order given."""
        history = FlowHistory()
        for sample in samples:
            history.append(sample)
        return history.series()

    @classmethod
    def of_minutes(
        cls,
        minutes: CandleSeries,
        base: Period = Period.M1,
        close_ms: NDArray[np.int64] | None = None,
    ) -> FlowSeries:
        """Return closed candles of `base` as samples that know prices only.

        `close_ms`, when each closes, is worked out if it is not at hand.
        """
        # One entry stands for all rows: a long history costs nothing but its times.
        unknown = np.broadcast_to(np.nan, len(minutes))
        return cls(
            close_ms=minutes.open_ms + base.length_ms if close_ms is None else close_ms,
            open=minutes.open,
            high=minutes.high,
            low=minutes.low,
            close=minutes.close,
            buy_notional=unknown,
            sell_notional=unknown,
            open_interest=unknown,
            funding_rate=unknown,
            bid_depth=unknown,
            ask_depth=unknown,
            trades=np.broadcast_to(np.int64(0), len(minutes)),
            seconds=np.broadcast_to(np.int64(base.length_ms // 1000), len(minutes)),
        )


class FlowHistory:
    """Every sample of one symbol since its feed began; appended by the engine, read by any thread."""

    def __init__(self) -> None:
        floats = [np.float64] * 10
        self._columns = GrowingColumns([np.int64, *floats, np.int64, np.int64])

    def __len__(self) -> int:
        return len(self._columns)

    def append(self, sample: FlowSample) -> None:
        """Add the next sample."""
        self._columns.append(*msgspec.structs.astuple(sample))

    def extend(self, series: FlowSeries) -> None:
        """Add many samples."""
        self._columns.extend(msgspec.structs.astuple(series))

    def series(self) -> FlowSeries:
        """Return everything so far as columns that do not change any more."""
        return FlowSeries(*self._columns.view())
