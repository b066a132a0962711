"""The last few buckets of a flow window, the one that forms among them, over arrays and live.

Both forms give bit for bit the same. A bucket counts if it has a sample: one in which the feed was
silent is stepped over.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from engine.market.flow.metrics import (
    BucketColumns,
    FlowQuantity,
    RunningBucket,
    flow_array,
    last_bucket,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.flow.series import FlowSeries
    from engine.market.periods import Period
    from engine.model.flow import FlowSample

MOST_BUCKETS = 10
"""How many buckets back one can look, the last one included."""
_MOST_TAKEN = 500
_QUANTITIES = tuple(FlowQuantity)


class BucketArrays:
    """The buckets of a whole series, as they stood at any of its samples."""

    def __init__(self, series: FlowSeries, window: Period) -> None:
        self._series = series
        self._window = window
        self._starts = BucketColumns(series, window).starts if len(series) else np.empty(0, dtype=np.intp)
        self._values: dict[FlowQuantity, NDArray[np.float64]] = {}

    def recent(self, quantity: FlowQuantity, rows: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        """Return a quantity in the last `count` buckets at each of `rows`, NaN where missing.

        The result has a row for each bucket, the oldest first; the last is the bucket that holds the
        sample, as far as it has formed. A sample row below 0 is before the first one.
        """
        recent = np.full((count, len(rows)), np.nan)
        if not len(self._series):
            return recent
        values = self._value(quantity)
        buckets = np.searchsorted(self._starts, rows, side="right") - 1
        begun = rows >= 0
        recent[-1, begun] = values[rows[begun]]
        for ago in range(1, count):
            has_bucket = buckets >= ago
            last_rows = self._starts[buckets[has_bucket] - ago + 1] - 1
            recent[count - 1 - ago, has_bucket] = values[last_rows]
        return recent

    def _value(self, quantity: FlowQuantity) -> NDArray[np.float64]:
        if quantity not in self._values:
            self._values[quantity] = flow_array(quantity, self._series, self._window)
        return self._values[quantity]


class BucketStream:
    """The last `MOST_BUCKETS` buckets, carried forward one sample at a time."""

    def __init__(self, series: FlowSeries, window: Period) -> None:
        """Start as if every sample of `series` had been taken."""
        self._window = window
        self._last_ms = -1
        self._closed: deque[tuple[float, ...]] = deque(maxlen=MOST_BUCKETS - 1)
        self.bucket = RunningBucket(window)
        """The bucket that forms."""
        self._open(series)

    def take(self, series: FlowSeries) -> None:
        """Take the samples of `series` that are new; it goes on where the last one ended."""
        if not len(series) or series.close_ms[-1] == self._last_ms:
            return
        start = int(series.close_ms.searchsorted(self._last_ms, side="right"))
        if len(series) - start > _MOST_TAKEN:
            self._open(series)
            return
        for row in range(start, len(series)):
            self._update(series.sample(row))

    def recent(self, quantity: FlowQuantity, count: int) -> list[float]:
        """Return a quantity in the last `count` buckets, oldest first, NaN where missing."""
        place = _QUANTITIES.index(quantity)
        closed = [values[place] for values in self._closed][max(0, len(self._closed) - count + 1) :]
        now = np.nan if self.bucket.open_ms is None else self.bucket.value(quantity)
        return [np.nan] * (count - 1 - len(closed)) + closed + [now]

    def _open(self, series: FlowSeries) -> None:
        self.bucket = RunningBucket(self._window, series)
        self._closed.clear()
        if not len(series):
            return
        self._last_ms = int(series.close_ms[-1])
        samples = last_bucket(series, self._window, MOST_BUCKETS)
        buckets = BucketArrays(samples, self._window)
        last = np.array([len(samples) - 1])
        columns = [buckets.recent(each, last, MOST_BUCKETS)[:-1, 0].tolist() for each in _QUANTITIES]
        self._closed.extend(zip(*columns, strict=True))

    def _update(self, sample: FlowSample) -> None:
        open_ms = self._window.open_of(sample.close_ms - sample.seconds * 1000)
        if self.bucket.open_ms is not None and open_ms != self.bucket.open_ms:
            self._closed.append(tuple(self.bucket.value(each) for each in _QUANTITIES))
        self.bucket.add(sample)
        self._last_ms = sample.close_ms
