"""What a program is told of prices: the quote, how the mark has changed, and the day's figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.periods import DAY_MS, Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries
    from engine.model.quote import Quote
    from engine.strategies.programs.batch import MarketColumns

type Column = NDArray[np.float64]
type Times = NDArray[np.int64]

_CENTS = 100.0


class QuoteColumns(msgspec.Struct, frozen=True, eq=False):
    """The quote of one symbol at every trigger, NaN where there is none; `tick_size` is the price step."""

    mark: Column
    bid: Column
    ask: Column
    tick_size: float

    @classmethod
    def missing(cls, count: int, tick_size: float = math.nan) -> QuoteColumns:
        """Return what is known without a quote."""
        unknown = np.full(count, math.nan)
        return cls(unknown, unknown, unknown, tick_size)

    @classmethod
    def of_columns(cls, market: MarketColumns) -> QuoteColumns:
        """Return the quotes a batch carries."""
        mark, bid, ask = (
            np.frombuffer(column, dtype="<f8") for column in (market.mark, market.bid, market.ask)
        )
        return cls(mark, bid, ask, market.tick_size)

    @classmethod
    def of_quote(cls, quote: Quote, tick_size: float) -> QuoteColumns:
        """Return the quote of one moment."""
        mark, bid, ask = (np.array([float(price)]) for price in (quote.mark, quote.bid, quote.ask))
        return cls(mark, bid, ask, tick_size)


def price_change(
    minutes: CandleSeries, base: Period, ts_ms: Times, span_ms: int, mark: Column
) -> dict[str, Column]:
    """Return `change_percent` and `change_usd` of the mark since the last close at least `span_ms` ago.

    Missing where the record begins later than that.
    """
    row = minutes.open_ms.searchsorted(ts_ms - (span_ms + base.length_ms), side="right") - 1
    before = np.full(len(ts_ms), np.nan)
    known = row >= 0
    before[known] = minutes.close[row[known]]
    before[before == 0.0] = np.nan
    return {"change_percent": (mark / before - 1.0) * 100.0, "change_usd": mark - before}


def market_numbers(
    quote: QuoteColumns,
    day_change: dict[str, Column],
    day_volume: Column,
    open_interest: Column,
    funding_rate: Column,
) -> dict[str, Column]:
    """Return a symbol's market by the keys a program reads.

    Prices, `change24h`, `volume24h` and `open_interest` are in the quote currency (USD),
    `percentage24h` is percent, `funding_rate` the fraction as it was last told. No feed tells an
    oracle's price.
    """
    unknown = np.full(len(quote.mark), np.nan)
    return {
        "price": quote.mark,
        "bid": quote.bid,
        "ask": quote.ask,
        "tick_size": np.full(len(quote.mark), quote.tick_size),
        "oracle_price": unknown,
        "change24h": day_change["change_usd"],
        "percentage24h": day_change["change_percent"],
        "volume24h": day_volume,
        "open_interest": open_interest,
        "funding_rate": funding_rate,
    }


class TradedVolume:
    """What was traded in the last day, in the quote currency.

    Each candle counts with its volume times its close, in whole cents, so that a sum is the same in
    whatever order it is added up.
    """

    def __init__(self, minutes: CandleSeries, base: Period) -> None:
        self._open_ms = minutes.open_ms
        self._base = base
        self._sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(_cents(minutes))])

    def at(self, ts_ms: Times) -> Column:
        """Return the sum over the day that ends with the last candle closed at each time.

        Missing where less than a day is on record.
        """
        stop = self._open_ms.searchsorted(ts_ms - self._base.length_ms, side="right")
        volume = np.full(len(ts_ms), np.nan)
        if not len(self._open_ms):
            return volume
        start_ms = self._open_ms[np.maximum(stop, 1) - 1] + (self._base.length_ms - DAY_MS)
        start = self._open_ms.searchsorted(start_ms)
        is_whole = (stop > 0) & (self._open_ms[0] <= start_ms)
        volume[is_whole] = (self._sums[stop] - self._sums[start])[is_whole] / _CENTS
        return volume


def day_volume_now(minutes: CandleSeries) -> Column:
    """Return what `TradedVolume` gives at the last closed minute, at a cost that does not grow."""
    if not len(minutes):
        return np.array([np.nan])
    start_ms = int(minutes.open_ms[-1]) + Period.M1.length_ms - DAY_MS
    if minutes.open_ms[0] > start_ms:
        return np.array([np.nan])
    cents = _cents(minutes.slice(int(minutes.open_ms.searchsorted(start_ms))))
    return np.array([int(cents.sum()) / _CENTS])


def _cents(minutes: CandleSeries) -> Times:
    return np.rint(minutes.volume * minutes.close * _CENTS).astype(np.int64)
