"""The order flow of each candle, as the regime classification needs it, from flow samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.flow.metrics import FlowQuantity, flow_array, last_bucket
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.flow.series import FlowSeries


class CandleFlow(msgspec.Struct, frozen=True):
    """The order flow of one closed candle; NaN is what the feed does not tell.

    `cvd` is taker buys less taker sells and `notional` their sum, in the quote currency;
    `taker_ratio` is buys over sells, infinite without sells; `oi_delta` is the change of open
    interest over the candle in percent.
    """

    cvd: float = math.nan
    notional: float = math.nan
    taker_ratio: float = math.nan
    oi_delta: float = math.nan


NO_FLOW = CandleFlow()


class CandleFlowColumns(msgspec.Struct, frozen=True, eq=False):
    """The order flow of many candles, one row each; see `CandleFlow`."""

    cvd: NDArray[np.float64]
    notional: NDArray[np.float64]
    taker_ratio: NDArray[np.float64]
    oi_delta: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cvd)

    @classmethod
    def missing(cls, length: int) -> CandleFlowColumns:
        """Return the flow of candles whose feed tells nothing of it."""
        unknown = np.full(length, np.nan)
        return cls(unknown, unknown, unknown, unknown)

    def row(self, index: int) -> CandleFlow:
        """Return the flow of one candle; negative counts from the end."""
        return CandleFlow(*(float(column[index]) for column in msgspec.structs.astuple(self)))


def candle_flow(samples: FlowSeries, open_ms: NDArray[np.int64], period: Period) -> CandleFlowColumns:
    """Return the flow of each candle that opens at `open_ms`, as it stands when the candle closes.

    Takers' figures are missing unless samples cover the whole candle, each telling both sides. What
    is summed, and what the change of open interest is measured from, `flow_array` says.
    """
    first = samples.close_ms.searchsorted(open_ms, side="right")
    after = samples.close_ms.searchsorted(open_ms + period.length_ms, side="right")
    seconds = np.concatenate(([0], np.cumsum(samples.seconds)))
    is_covered = (seconds[after] - seconds[first]) * 1000 == period.length_ms
    buys, sells, ratio, oi_delta = (
        _at_close(flow_array(quantity, samples, period), first, after)
        for quantity in (
            FlowQuantity.BUY_VOLUME,
            FlowQuantity.SELL_VOLUME,
            FlowQuantity.TAKER_RATIO,
            FlowQuantity.OI_DELTA,
        )
    )
    cvd, notional, taker_ratio = (
        np.where(is_covered, column, np.nan) for column in (buys - sells, buys + sells, ratio)
    )
    return CandleFlowColumns(cvd, notional, taker_ratio, oi_delta)


def flow_of_candle(samples: FlowSeries, open_ms: int, period: Period) -> CandleFlow:
    """Return the flow of one candle, as `candle_flow` has it, at a cost that does not grow."""
    after = int(samples.close_ms.searchsorted(open_ms + period.length_ms, side="right"))
    if after == 0:
        return NO_FLOW
    bucket = last_bucket(samples.slice(0, after), period)
    return candle_flow(bucket, np.array([open_ms]), period).row(0)


def _at_close(
    values: NDArray[np.float64], first: NDArray[np.intp], after: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the value at the last sample of each candle, missing where it has none."""
    at_close = np.full(len(first), np.nan)
    has_samples = after > first
    at_close[has_samples] = values[after[has_samples] - 1]
    return at_close
