"""Columnar candles, and the one rule by which minutes become longer candles.

What is on record may be longer than a minute: then candles of that `base` take the minutes' place.
Aggregation has two forms that give the same candles: `aggregate` over whole arrays here, and
`CandleBuilder` in `engine.market.candles.builder` one candle at a time. The rule: a candle opens
with its first minute, closes with its last, spans their highest and lowest price and sums their
volume. It is closed once its last minute has closed or a later minute has been seen; a leading
candle whose first minute is not on record is left out, since its open is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.periods import Period
from engine.model.candle import Candle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.samples import RecordedCandles


class CandleSeries(msgspec.Struct, frozen=True, eq=False):
    """Closed candles of one symbol and period as columns of equal length, oldest first.

    `open_ms` is int64 (UTC milliseconds), the others float64; `volume` is in the base currency.
    """

    open_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.open_ms)

    @classmethod
    def empty(cls) -> CandleSeries:
        """Return a series without a candle."""
        return cls.of(())

    @classmethod
    def of(cls, candles: Iterable[Candle]) -> CandleSeries:
        """Return candles as columns, in the order given."""
        rows = list(candles)
        return cls(
            np.array([row.open_ms for row in rows], dtype=np.int64),
            np.array([row.open for row in rows], dtype=np.float64),
            np.array([row.high for row in rows], dtype=np.float64),
            np.array([row.low for row in rows], dtype=np.float64),
            np.array([row.close for row in rows], dtype=np.float64),
            np.array([row.volume for row in rows], dtype=np.float64),
        )

    def candle(self, index: int) -> Candle:
        """Return one row as a closed candle; negative counts from the end."""
        return Candle(
            int(self.open_ms[index]),
            float(self.open[index]),
            float(self.high[index]),
            float(self.low[index]),
            float(self.close[index]),
            float(self.volume[index]),
        )

    def slice(self, start: int, stop: int | None = None) -> CandleSeries:
        """Return rows `start` to `stop` (exclusive) without copying."""
        rows = slice(start, stop)
        return CandleSeries(
            self.open_ms[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
        )

    def candles(self, limit: int | None = None) -> tuple[Candle, ...]:
        """Return the last `limit` rows (all without a limit) as candles, oldest first."""
        rows = self if limit is None else self.slice(max(0, len(self) - limit))
        columns = (rows.open_ms, rows.open, rows.high, rows.low, rows.close, rows.volume)
        return tuple(Candle(*values) for values in zip(*(column.tolist() for column in columns), strict=True))


class Aggregation(msgspec.Struct, frozen=True, eq=False):
    """Minutes seen as candles of a longer period: the closed ones, and the forming one if any."""

    closed: CandleSeries
    forming: Candle | None


def series_of(recorded: RecordedCandles) -> CandleSeries:
    """Return recorded candles as floats, each the nearest double to the recorded decimal."""
    from engine.samples import MINUTE_MS

    # Dividing by the power of ten rounds once and correctly; multiplying by 0.1 would not.
    price_unit = 10.0**recorded.sample.price_decimals
    volume_unit = 10.0**recorded.sample.volume_decimals
    return CandleSeries(
        recorded.start_ms + np.arange(len(recorded.open), dtype=np.int64) * MINUTE_MS,
        recorded.open / price_unit,
        recorded.high / price_unit,
        recorded.low / price_unit,
        recorded.close / price_unit,
        recorded.volume / volume_unit,
    )


def aggregate(minutes: CandleSeries, period: Period, base: Period = Period.M1) -> Aggregation:
    """Return closed candles of `base`, in time order, as candles of `period`.

    A period that is not made of whole candles of `base` has none.
    """
    if len(minutes) == 0 or period is base:
        return Aggregation(minutes, None)
    if not period.is_made_of(base):
        return Aggregation(minutes.slice(0, 0), None)
    length = period.length_ms
    opens = minutes.open_ms - (minutes.open_ms - period.anchor_ms) % length
    starts = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    if minutes.open_ms[0] != opens[0]:
        starts = starts[1:]
    if len(starts) == 0:
        return Aggregation(minutes.slice(0, 0), None)
    first = starts[0]
    ends = np.append(starts[1:], len(minutes))
    rows = np.repeat(np.arange(len(starts)), ends - starts)
    candles = CandleSeries(
        opens[starts],
        minutes.open[starts],
        np.maximum.reduceat(minutes.high[first:], starts - first),
        np.minimum.reduceat(minutes.low[first:], starts - first),
        minutes.close[ends - 1],
        # Adds one minute after the other, as a builder does, so that both sums round alike.
        np.bincount(rows, weights=minutes.volume[first:]),
    )
    last_minute_closed = int(minutes.open_ms[-1]) + base.length_ms
    if last_minute_closed == int(opens[-1]) + length:
        return Aggregation(candles, None)
    forming = msgspec.structs.replace(candles.candle(-1), closed=False)
    return Aggregation(candles.slice(0, -1), forming)


def known_closed_ms(
    series: CandleSeries, period: Period, minutes: CandleSeries, base: Period = Period.M1
) -> NDArray[np.int64]:
    """Return when each candle that `aggregate` gives was known to be closed.

    That is at its close, or where its last minutes are missing when the next one on record closes.
    """
    close_ms = series.open_ms + period.length_ms
    opens, length = minutes.open_ms, base.length_ms
    if len(series) == 0 or opens[-1] - opens[0] == (len(opens) - 1) * length:
        return close_ms
    after = np.searchsorted(opens, close_ms)
    is_whole = opens[after - 1] + length == close_ms
    next_close = opens[np.minimum(after, len(opens) - 1)] + length
    return np.where(is_whole, close_ms, next_close)
