"""Past funding settlements, for histories whose order flow does not tell the rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.flow.series import FlowSeries

DEFAULT_INTERVAL_HOURS = 8


class FundingHistory(msgspec.Struct, frozen=True, eq=False):
    """Settlements in time order: int64 milliseconds, and the fraction longs pay to shorts.

    `interval_hours` is the time between two, which a yearly rate is reckoned from.
    """

    ts_ms: NDArray[np.int64]
    rate: NDArray[np.float64]
    interval_hours: int = DEFAULT_INTERVAL_HOURS

    @classmethod
    def none(cls, interval_hours: int = DEFAULT_INTERVAL_HOURS) -> FundingHistory:
        """Return a history without a settlement."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64), interval_hours)


def with_funding(flow: FlowSeries, funding: FundingHistory) -> FlowSeries:
    """Return samples that know the last settled rate, where they know no rate at all themselves.

    The rate of the coming settlement is not on record before it is settled.
    """
    if not len(funding.ts_ms) or not np.isnan(flow.funding_rate).all():
        return flow
    row = np.searchsorted(funding.ts_ms, flow.close_ms, side="right") - 1
    rate = np.where(row >= 0, funding.rate[row], np.nan)
    return msgspec.structs.replace(flow, funding_rate=rate)
