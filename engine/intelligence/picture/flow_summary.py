"""What takers did over a window that ends now: the sums a person reads first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.intelligence.picture.large_trades import LargeTrade, count_of, notional_of
from engine.model.news import FlowSummary
from engine.model.order import Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.market.flow.series import FlowSeries


def summarise(
    series: FlowSeries, large: Sequence[LargeTrade] | None, *, start_ms: int, now_ms: int
) -> FlowSummary:
    """Return the sums of the samples that closed after `start_ms` and by `now_ms`.

    `large` are the large trades of that time, None where the feed has no trades. What no sample tells
    is None, and so is a share of nothing.
    """
    first, stop = (int(at) for at in series.close_ms.searchsorted([start_ms, now_ms], side="right"))
    window = series.slice(first, stop)
    buys, sells = _known(window.buy_notional), _known(window.sell_notional)
    bought = float(buys.sum()) if len(buys) else None
    sold = float(sells.sum()) if len(sells) else None
    net = bought - sold if bought is not None and sold is not None else None
    funding = _known(window.funding_rate)
    return FlowSummary(
        buy_notional=bought,
        sell_notional=sold,
        net_inflow=net,
        buy_ratio=_share(bought, sold),
        large_buy_notional=None if large is None else notional_of(Side.BUY, large),
        large_sell_notional=None if large is None else notional_of(Side.SELL, large),
        large_buys=count_of(Side.BUY, large or ()),
        large_sells=count_of(Side.SELL, large or ()),
        open_interest_change_percent=_change_percent(_known(window.open_interest)),
        funding_rate_percent=float(funding[-1]) * 100 if len(funding) else None,
    )


def _known(column: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return column[~np.isnan(column)]


def _share(part: float | None, rest: float | None) -> float | None:
    if part is None or rest is None or part + rest == 0:
        return None
    return part / (part + rest)


def _change_percent(column: NDArray[np.float64]) -> float | None:
    if len(column) < 2 or column[0] <= 0:
        return None
    return float(column[-1] / column[0] - 1) * 100
