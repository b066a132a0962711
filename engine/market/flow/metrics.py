"""Quantities of order flow over calendar windows, in array and in streaming form.

The value at a sample is that of the window's bucket that holds it, as far as it has formed: buckets
open where candles of the same period open. `_value` is the one place where each quantity is defined;
both forms only supply what it is made of, and add up in the same order, so that they agree to the
last bit.

Missing is NaN in arrays, None in a stream. A ratio to 0 is infinite, or missing if it is 0 to 0. All
that is measured since the bucket opened is missing in the first bucket of a series that begins
inside it: what happened before is not on record. From a sample whose taker notional is missing to
the end of its bucket, so is everything that adds it up.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from engine.market.periods import Period
from engine.model.flow import FlowMetric, FlowReading, FlowSample, FlowValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.flow.series import FlowSeries

type Column = NDArray[np.float64]


class FlowQuantity(enum.StrEnum):
    """What can be asked of a window of flow; `_value` says how each is computed."""

    CVD = "cvd"
    """Taker buys less taker sells since the bucket opened, in the quote currency (USD)."""
    TAKER_RATIO = "taker_ratio"
    """Taker buys over taker sells since the bucket opened."""
    OI = "oi"
    """Open interest, USD."""
    OI_CHANGE = "oi_change"
    """Change of open interest since the bucket opened, USD."""
    OI_DELTA = "oi_delta"
    """The same in percent."""
    FUNDING = "funding"
    """Rate of the coming settlement, in percent."""
    FUNDING_CHANGE = "funding_change"
    """Its change since the bucket opened, in percentage points."""
    DEPTH_RATIO = "depth_ratio"
    """Resting bids over resting asks near the mid."""
    ORDER_IMBALANCE = "order_imbalance"
    """Resting bids less asks over both, -1 to 1."""
    PRICE_CHANGE = "price_change"
    """Last price against the bucket's first, in percent."""
    VOLATILITY = "volatility"
    """Highest less lowest price over the lowest, in percent."""
    BUY_VOLUME = "buy_volume"
    """Taker buys since the bucket opened, USD."""
    SELL_VOLUME = "sell_volume"
    """Taker sells since the bucket opened, USD."""


_FEW_SAMPLES = 64
"""Up to so many in a bucket it is quicker to go through all buckets at once, sample by sample."""

_ROWS_AT_ONCE = 4096

_RUNNING = (
    "buys",
    "sells",
    "first",
    "high",
    "low",
    "close",
    "open_interest",
    "open_interest_base",
    "funding_rate",
    "funding_rate_base",
    "bid_depth",
    "ask_depth",
)
"""What a bucket is made of."""

_NOTHING = -0.0
"""What a sum starts from: adding it to a number gives that number, even -0."""

OF_THE_MOMENT = frozenset(
    {FlowQuantity.OI, FlowQuantity.FUNDING, FlowQuantity.DEPTH_RATIO, FlowQuantity.ORDER_IMBALANCE}
)
"""What the last sample alone tells; all else is measured since the bucket opened."""

QUANTITY_OF_METRIC: dict[FlowMetric, FlowQuantity] = {
    FlowMetric.CVD: FlowQuantity.CVD,
    FlowMetric.TAKER: FlowQuantity.TAKER_RATIO,
    FlowMetric.OI: FlowQuantity.OI,
    FlowMetric.OI_DELTA: FlowQuantity.OI_DELTA,
    FlowMetric.FUNDING: FlowQuantity.FUNDING,
    FlowMetric.DEPTH: FlowQuantity.DEPTH_RATIO,
    FlowMetric.IMBALANCE: FlowQuantity.ORDER_IMBALANCE,
    FlowMetric.PRICE_CHANGE: FlowQuantity.PRICE_CHANGE,
    FlowMetric.VOLATILITY: FlowQuantity.VOLATILITY,
}


def flow_array(quantity: FlowQuantity, series: FlowSeries, window: Period) -> NDArray[np.float64]:
    """Return the quantity at every sample of `series`, over buckets of `window`."""
    if not len(series):
        return np.empty(0)
    with np.errstate(all="ignore"):
        return BucketColumns(series, window).value(quantity)


class FlowStream:
    """One quantity, sample by sample; `history` is what came before, if anything did."""

    def __init__(self, quantity: FlowQuantity, window: Period, history: FlowSeries | None = None) -> None:
        self._quantity = quantity
        self._bucket = RunningBucket(window, history)
        self.value: float | None = None
        """The quantity at the last sample, None while it is missing."""
        if history is not None and len(history):
            self._note()

    def update(self, sample: FlowSample) -> float | None:
        """Take the next sample; return the new value."""
        self._bucket.add(sample)
        return self._note()

    def _note(self) -> float | None:
        value = self._bucket.value(self._quantity)
        self.value = None if math.isnan(value) else value
        return self.value


def flow_reading(symbol: str, series: FlowSeries, window: Period, now_ms: int) -> FlowReading:
    """Return the nine measures at the last sample of `series`, over the bucket that holds it.

    Without a sample all are None and the window is the one that holds `now_ms`.
    """
    if not len(series):
        values = tuple(FlowValue(metric, None) for metric in FlowMetric)
        return FlowReading(symbol, window, window.open_of(now_ms), now_ms, values)
    with np.errstate(all="ignore"):
        bucket = BucketColumns(last_bucket(series, window), window)
        last = {metric: float(bucket.value(each)[-1]) for metric, each in QUANTITY_OF_METRIC.items()}
    return FlowReading(
        symbol,
        window,
        int(bucket.bucket_open_ms[-1]),
        int(series.close_ms[-1]),
        tuple(FlowValue(metric, None if math.isnan(value) else value) for metric, value in last.items()),
    )


class _Bucket[Value](Protocol):
    """What a bucket of samples has come to: one number, or one at every sample."""

    @property
    def buys(self) -> Value: ...

    @property
    def sells(self) -> Value: ...

    @property
    def first(self) -> Value: ...

    @property
    def high(self) -> Value: ...

    @property
    def low(self) -> Value: ...

    @property
    def close(self) -> Value: ...

    @property
    def open_interest(self) -> Value: ...

    @property
    def open_interest_base(self) -> Value: ...

    @property
    def funding_rate(self) -> Value: ...

    @property
    def funding_rate_base(self) -> Value: ...

    @property
    def bid_depth(self) -> Value: ...

    @property
    def ask_depth(self) -> Value: ...

    def ratio(self, numerator: Value, denominator: Value) -> Value: ...


def _value[Value: (float, Column)](quantity: FlowQuantity, of: _Bucket[Value]) -> Value:
    match quantity:
        case FlowQuantity.CVD:
            return of.buys - of.sells
        case FlowQuantity.TAKER_RATIO:
            return of.ratio(of.buys, of.sells)
        case FlowQuantity.OI:
            return of.open_interest
        case FlowQuantity.OI_CHANGE:
            return of.open_interest - of.open_interest_base
        case FlowQuantity.OI_DELTA:
            return of.ratio(of.open_interest - of.open_interest_base, of.open_interest_base) * 100.0
        case FlowQuantity.FUNDING:
            return of.funding_rate * 100.0
        case FlowQuantity.FUNDING_CHANGE:
            return (of.funding_rate - of.funding_rate_base) * 100.0
        case FlowQuantity.DEPTH_RATIO:
            return of.ratio(of.bid_depth, of.ask_depth)
        case FlowQuantity.ORDER_IMBALANCE:
            return of.ratio(of.bid_depth - of.ask_depth, of.bid_depth + of.ask_depth)
        case FlowQuantity.PRICE_CHANGE:
            return of.ratio(of.close - of.first, of.first) * 100.0
        case FlowQuantity.VOLATILITY:
            return of.ratio(of.high - of.low, of.low) * 100.0
        case FlowQuantity.BUY_VOLUME:
            return of.buys
        case FlowQuantity.SELL_VOLUME:
            return of.sells


class RunningBucket:
    """The bucket that forms, as numbers; NaN is missing."""

    def __init__(self, window: Period, history: FlowSeries | None = None) -> None:
        """Start from nothing, or as if every sample of `history` had been added."""
        self._window = window
        self.open_ms: int | None = None
        """When the bucket opened, None before the first sample."""
        self._is_cut = False
        self.buys = self.sells = _NOTHING
        self.first = self.high = self.low = self.close = math.nan
        self.open_interest = self.open_interest_base = self._known_open_interest = math.nan
        self.funding_rate = self.funding_rate_base = self._known_funding_rate = math.nan
        self.bid_depth = self.ask_depth = math.nan
        if history is not None and len(history):
            self._open(last_bucket(history, window))

    def add(self, sample: FlowSample) -> None:
        """Take the next sample, which may open a new bucket."""
        sample_open_ms = sample.close_ms - sample.seconds * 1000
        open_ms = self._window.open_of(sample_open_ms)
        if open_ms != self.open_ms:
            self._is_cut = self.open_ms is None and sample_open_ms != open_ms
            self.open_ms = open_ms
            self.buys = self.sells = _NOTHING
            self.first = self.high = self.low = math.nan
            self.open_interest_base = self._known_open_interest
            self.funding_rate_base = self._known_funding_rate
        self.buys += sample.buy_notional
        self.sells += sample.sell_notional
        self.first = _known(self.first, sample.open)
        self.high = _extreme(max, self.high, sample.high)
        self.low = _extreme(min, self.low, sample.low)
        self.close = sample.close
        self.open_interest = sample.open_interest
        self.funding_rate = sample.funding_rate
        self.open_interest_base = _known(self.open_interest_base, sample.open_interest)
        self.funding_rate_base = _known(self.funding_rate_base, sample.funding_rate)
        self._known_open_interest = _known(sample.open_interest, self._known_open_interest)
        self._known_funding_rate = _known(sample.funding_rate, self._known_funding_rate)
        self.bid_depth = sample.bid_depth
        self.ask_depth = sample.ask_depth

    @property
    def known_open_interest(self) -> float:
        """The open interest as it was last told."""
        return self._known_open_interest

    @property
    def known_funding_rate(self) -> float:
        """The rate of the coming settlement as it was last told."""
        return self._known_funding_rate

    def _open(self, samples: FlowSeries) -> None:
        buckets = BucketColumns(samples, self._window)
        self.open_ms = int(buckets.bucket_open_ms[-1])
        self._is_cut = buckets.is_cut(len(samples) - 1)
        for name in _RUNNING:
            setattr(self, name, float(getattr(buckets, name)[-1]))
        self._known_open_interest = float(last_known(samples.open_interest)[-1])
        self._known_funding_rate = float(last_known(samples.funding_rate)[-1])

    def value(self, quantity: FlowQuantity) -> float:
        """Return the quantity at the last sample."""
        if self._is_cut and quantity not in OF_THE_MOMENT:
            return math.nan
        return _value(quantity, self)

    def ratio(self, numerator: float, denominator: float) -> float:
        """Return the quotient, infinite or missing where dividing by 0."""
        if denominator:
            return numerator / denominator
        return math.inf if numerator > 0 else -math.inf if numerator < 0 else math.nan


def _known(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value


def _extreme(choose: Callable[[float, float], float], value: float, other: float) -> float:
    return choose(_known(value, other), _known(other, value))


class BucketColumns:
    """All buckets of a series, as columns with an entry for every sample."""

    def __init__(self, series: FlowSeries, window: Period) -> None:
        opens = series.close_ms - series.seconds * 1000
        self._series = series
        self.bucket_open_ms = opens - (opens - window.anchor_ms) % window.length_ms
        starts = np.flatnonzero(np.diff(self.bucket_open_ms, prepend=self.bucket_open_ms[0] - 1))
        counts = np.diff(starts, append=len(opens))
        self.starts: NDArray[np.intp] = starts
        """The row of each bucket's first sample."""
        self._counts = counts
        self._cut_rows = int(counts[0]) if opens[0] != self.bucket_open_ms[0] else 0

    def is_cut(self, row: int) -> bool:
        """Tell whether a sample's bucket opened before the first sample on record."""
        return row < self._cut_rows

    def value(self, quantity: FlowQuantity) -> Column:
        """Return the quantity at every sample."""
        value: Column = _value(quantity, self)
        if self._cut_rows and quantity not in OF_THE_MOMENT:
            value = value.copy()
            value[: self._cut_rows] = np.nan
        return value

    def ratio(self, numerator: Column, denominator: Column) -> Column:
        """Return the quotients, infinite or missing where dividing by 0."""
        quotient: Column = numerator / (denominator + 0.0)  # which makes -0 a 0
        return quotient

    @cached_property
    def buys(self) -> Column:
        """Taker buys since the bucket opened."""
        return self._since_open(np.add, self._series.buy_notional, 0.0)

    @cached_property
    def sells(self) -> Column:
        """Taker sells since the bucket opened."""
        return self._since_open(np.add, self._series.sell_notional, 0.0)

    @cached_property
    def first(self) -> Column:
        """The first known price of the bucket."""
        return self._first_known(self._series.open)

    @cached_property
    def high(self) -> Column:
        """The highest price since the bucket opened."""
        return self._since_open(np.fmax, self._series.high, np.nan)

    @cached_property
    def low(self) -> Column:
        """The lowest price since the bucket opened."""
        return self._since_open(np.fmin, self._series.low, np.nan)

    @property
    def close(self) -> Column:
        """The last price."""
        return self._series.close

    @property
    def open_interest(self) -> Column:
        """The open interest."""
        return self._series.open_interest

    @cached_property
    def open_interest_base(self) -> Column:
        """What the change of open interest is measured from."""
        return self._base(self._series.open_interest)

    @property
    def funding_rate(self) -> Column:
        """The rate of the coming settlement."""
        return self._series.funding_rate

    @cached_property
    def funding_rate_base(self) -> Column:
        """What the change of the rate is measured from."""
        return self._base(self._series.funding_rate)

    @property
    def bid_depth(self) -> Column:
        """Resting bids."""
        return self._series.bid_depth

    @property
    def ask_depth(self) -> Column:
        """Resting asks."""
        return self._series.ask_depth

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        """Where each sample lies in a table with a row for each bucket, read row by row."""
        width = int(self._counts.max())
        row_starts = np.arange(len(self.starts)) * width
        return np.arange(len(self._series)) + np.repeat(row_starts - self.starts, self._counts)

    def _since_open(self, operation: np.ufunc, column: Column, empty: float) -> Column:
        """Return the running sum or extreme inside each bucket, one sample after the other."""
        width = int(self._counts.max())
        table = np.full((len(self.starts), width), empty)
        table.reshape(-1)[self._cells] = column
        if width > _FEW_SAMPLES:
            operation.accumulate(table, axis=1, out=table)
        else:
            for column_number in range(1, width):
                operation(table[:, column_number - 1], table[:, column_number], out=table[:, column_number])
        running: Column = table.reshape(-1)[self._cells]
        return running

    def _first_known(self, column: Column) -> Column:
        """Return the first entry of the bucket that is known by each sample."""
        rows = np.arange(len(column))
        known_rows = np.where(np.isnan(column), len(column), rows)
        next_known = np.minimum.accumulate(known_rows[::-1])[::-1]
        first = np.repeat(next_known[self.starts], self._counts)
        return np.where(first <= rows, column[np.minimum(first, len(column) - 1)], np.nan)

    def _base(self, column: Column) -> Column:
        """Return the last entry known before the bucket, or else the first known in it."""
        before = np.where(self.starts > 0, last_known(column)[self.starts - 1], np.nan)
        values = np.repeat(before, self._counts)
        return np.where(np.isnan(values), self._first_known(column), values)


def last_known(column: Column) -> Column:
    """Return at each row the last entry that is known by then."""
    known_rows = np.where(np.isnan(column), -1, np.arange(len(column)))
    rows = np.maximum.accumulate(known_rows)
    return np.where(rows >= 0, column[rows], np.nan)


def last_bucket(series: FlowSeries, window: Period, buckets: int = 1) -> FlowSeries:
    """Return the samples of the last bucket, or several, after those its value depends on besides.

    `series` holds at least one sample; what comes back gives its last value, and that of every sample
    in these buckets, like all of it.
    """
    from engine.market.flow.series import FlowSeries

    start = len(series)
    for _ in range(buckets):
        open_ms = int(series.close_ms[start - 1] - series.seconds[start - 1] * 1000)
        start = int(np.searchsorted(series.close_ms, window.open_of(open_ms), side="right"))
        if start == 0:
            return series
    bases = (_last_known_row(column[:start]) for column in (series.open_interest, series.funding_rate))
    before = sorted({start - 1, *(row for row in bases if row is not None)})
    rows = np.concatenate([np.array(before, dtype=np.int64), np.arange(start, len(series))])
    return FlowSeries(*(column[rows] for column in msgspec.structs.astuple(series)))


def _last_known_row(column: Column) -> int | None:
    """Return the row of the last entry that is known, looking back from the end of a long history."""
    if len(column) and column.strides[0] == 0:  # one entry stands for all rows
        return None if np.isnan(column[-1]) else len(column) - 1
    for stop in range(len(column), 0, -_ROWS_AT_ONCE):
        start = max(0, stop - _ROWS_AT_ONCE)
        known = np.flatnonzero(~np.isnan(column[start:stop]))
        if len(known):
            return start + int(known[-1])
    return None
