"""One-minute candles played as quotes: a documented model, the same every time.

**Path.** Inside a minute the price goes open, first extreme, second extreme, close: low before high
when the candle closes at or above its open, high before low otherwise. It runs straight between
these points, reaching them at seconds 0, 20, 40 and 59, and is rounded to the tick. Every minute
thus shows its exact open, high, low and close. What happens *within* a minute is this model, not
the record: a strategy that trades on single seconds trades on the model.

**Grid.** One quote per symbol and market second, whatever the speed, so that results do not depend
on how fast the tape is played.

**Spread.** max(1 tick, 2 % of the previous minute's range): wider when the market has just been
wild. **Size.** On both sides what traded in an average second of the previous minute, at least one
lot. Both look only at the past. **Mark.** The path's price: the mid rounded down to the tick.

**No look-ahead.** A minute's quotes depend on that minute's candle and the one before it, and on
nothing later. The first candle of a recording is history only, as it has no predecessor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput, NotFound
from engine.market.candles.series import CandleSeries, series_of
from engine.market.periods import MINUTE_MS
from engine.market.replay.tape import (
    CandleUpdate,
    FundingDue,
    Moment,
    TapeEvent,
    funding_schedule_of,
)
from engine.model.candle import Candle
from engine.model.instrument import Instrument
from engine.model.quote import BookSnapshot, Quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.samples import RecordedCandles

SECONDS_PER_MINUTE = 60
QUOTE_STEP_MS = MINUTE_MS // SECONDS_PER_MINUTE
SPREAD_SHARE_OF_RANGE = 0.02

_KNOT_SECONDS = np.array([0, 20, 40, SECONDS_PER_MINUTE - 1])
_SECONDS = np.arange(SECONDS_PER_MINUTE)


class CandleTape:
    """The recorded candles of several symbols as one market, from the minute they all have."""

    source = "candles"
    step_ms = MINUTE_MS

    def __init__(
        self, recordings: Sequence[RecordedCandles], instruments: Mapping[str, Instrument] = {}
    ) -> None:
        if not recordings:
            raise InvalidInput.of("recordings", "none", "a tape needs at least one")
        self._tracks = {recorded.sample.symbol: _Track(recorded) for recorded in recordings}
        self._funding = {symbol: funding_schedule_of(symbol, instruments) for symbol in self._tracks}
        self.symbols = tuple(self._tracks)
        self.start_ms = max(recorded.start_ms for recorded in recordings) + MINUTE_MS
        self.end_ms = min(recorded.end_ms for recorded in recordings)
        if self.start_ms >= self.end_ms:
            raise InvalidInput.of("recordings", ", ".join(self.symbols), "they must share two minutes")

    def moments(self, from_ms: int) -> Iterator[Moment]:
        """Yield one moment a market second; the last one closes the last candle and has no quotes."""
        from_ms = max(from_ms, self.start_ms)
        first_minute_ms = from_ms - from_ms % MINUTE_MS
        for open_ms in range(first_minute_ms, self.end_ms, MINUTE_MS):
            quotes = [track.quotes(open_ms) for track in self._tracks.values()]
            for ts_ms, *at_once in zip(
                range(open_ms, open_ms + MINUTE_MS, QUOTE_STEP_MS), *quotes, strict=True
            ):
                if ts_ms >= from_ms:
                    before = self._minute_events(ts_ms) if ts_ms == open_ms else ()
                    yield Moment(ts_ms, (*before, *at_once))
        if from_ms <= self.end_ms:
            yield Moment(self.end_ms, self._minute_events(self.end_ms))

    def past(self, before_ms: int) -> Iterator[Moment]:
        """Yield nothing: closed candles are all that this recording tells."""
        return iter(())

    def history(self, symbol: str, before_ms: int) -> CandleSeries:
        """Return the closed candles of `symbol` that `moments(before_ms)` will not deliver."""
        track = self._tracks.get(symbol)
        if track is None:
            raise NotFound(f"symbol: {symbol} is not on this tape", field="symbol", value=symbol)
        return track.history(max(before_ms, self.start_ms))

    def market_at(self, ts_ms: int) -> tuple[Quote | BookSnapshot, ...]:
        """Return the last quote of every symbol at or before `ts_ms`; candles have no book."""
        if ts_ms < self.start_ms:
            return ()
        minute, into_minute_ms = divmod(min(ts_ms, self.end_ms - 1), MINUTE_MS)
        second = into_minute_ms // QUOTE_STEP_MS
        return tuple(track.quotes(minute * MINUTE_MS)[second] for track in self._tracks.values())

    def quotes(self, symbol: str, open_ms: int) -> list[Quote]:
        """Return the quotes of one symbol in the minute that opens at `open_ms`, one a second."""
        return self._tracks[symbol].quotes(open_ms)

    def opening_quotes(self, symbol: str, open_ms: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
        """Return mark, bid and ask at the open of many minutes, each the float nearest to its decimal."""
        return self._tracks[symbol].opening_quotes(open_ms)

    def marks(self, symbol: str) -> tuple[NDArray[np.float64], ...]:
        """Return open, high, low and close of the mark price in every minute of `history`."""
        return self._tracks[symbol].marks()

    def _minute_events(self, ts_ms: int) -> tuple[TapeEvent, ...]:
        """What falls on a full minute: the candles that close and the funding that is due."""
        candles = [CandleUpdate(symbol, track.closing(ts_ms)) for symbol, track in self._tracks.items()]
        funding = [
            FundingDue(symbol, schedule.rate, self._tracks[symbol].last_mark(ts_ms), ts_ms)
            for symbol, schedule in self._funding.items()
            if schedule.is_due(ts_ms)
        ]
        return (*candles, *funding)


class _Track:
    """One symbol of a tape; prices inside are whole ticks."""

    def __init__(self, recorded: RecordedCandles) -> None:
        sample = recorded.sample
        self._symbol = sample.symbol
        self._tick = sample.tick_size
        self._lot = sample.lot_size
        self._start_ms = recorded.start_ms
        self._series = series_of(recorded)
        units_per_tick = int(sample.tick_size.scaleb(sample.price_decimals))
        self._open, self._high, self._low, self._close = (
            _nearest_multiple(column, units_per_tick)
            for column in (recorded.open, recorded.high, recorded.low, recorded.close)
        )
        self._volume_units_per_lot = int(sample.lot_size.scaleb(sample.volume_decimals))
        self._volume = recorded.volume

    def quotes(self, open_ms: int) -> list[Quote]:
        """Return the quotes of the minute that opens at `open_ms`, one a second."""
        row = (open_ms - self._start_ms) // MINUTE_MS
        previous_range = int(self._high[row - 1] - self._low[row - 1])
        spread = max(1, round(SPREAD_SHARE_OF_RANGE * previous_range))
        lots = int(self._volume[row - 1]) // (self._volume_units_per_lot * SECONDS_PER_MINUTE)
        quantity = max(1, lots) * self._lot
        path = self._path(row)
        symbol, tick = self._symbol, self._tick
        bids = np.maximum(1, path - spread // 2)
        columns = zip(
            bids.tolist(),
            (bids + spread).tolist(),
            path.tolist(),
            range(open_ms, open_ms + MINUTE_MS, QUOTE_STEP_MS),
            strict=True,
        )
        return [
            Quote(symbol, bid * tick, ask * tick, quantity, quantity, mark * tick, ts_ms)
            for bid, ask, mark, ts_ms in columns
        ]

    def opening_quotes(self, open_ms: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
        """Return mark, bid and ask of the first quotes of many minutes."""
        rows = (open_ms - self._start_ms) // MINUTE_MS
        ranges = (self._high[rows - 1] - self._low[rows - 1]).astype(np.int64)
        spreads = np.maximum(1, np.rint(SPREAD_SHARE_OF_RANGE * ranges).astype(np.int64))
        marks = self._open[rows].astype(np.int64)
        bids = np.maximum(1, marks - spreads // 2)
        return tuple(self._prices(ticks) for ticks in (marks, bids, bids + spreads))

    def marks(self) -> tuple[NDArray[np.float64], ...]:
        """Return open, high, low and close of the mark price in every minute."""
        return tuple(self._prices(ticks) for ticks in (self._open, self._high, self._low, self._close))

    def _prices(self, ticks: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Return prices as floats, each the nearest to its decimal: one division of whole numbers."""
        numerator, denominator = self._tick.as_integer_ratio()
        prices: NDArray[np.float64] = ticks.astype(np.int64) * numerator / denominator
        return prices

    def closing(self, ts_ms: int) -> Candle:
        """Return the recorded candle that closes at `ts_ms`."""
        return self._series.candle((ts_ms - self._start_ms) // MINUTE_MS - 1)

    def last_mark(self, ts_ms: int) -> Decimal:
        """Return the mark of the last quote before `ts_ms`."""
        return int(self._close[(ts_ms - self._start_ms) // MINUTE_MS - 1]) * self._tick

    def history(self, before_ms: int) -> CandleSeries:
        """Return the candles that close before `before_ms`."""
        return self._series.slice(0, max(0, (before_ms - 1 - self._start_ms) // MINUTE_MS))

    def _path(self, row: int) -> NDArray[np.int64]:
        """Return the price at each second of a minute."""
        high, low = self._high[row], self._low[row]
        extremes = (low, high) if self._close[row] >= self._open[row] else (high, low)
        knots = (self._open[row], *extremes, self._close[row])
        path: NDArray[np.int64] = np.rint(np.interp(_SECONDS, _KNOT_SECONDS, knots)).astype(np.int64)
        return path


def _nearest_multiple(units: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """Return how many times `size` fits into each number, to the nearest whole."""
    if size == 1:
        return units
    return (units + np.int32(size // 2)) // np.int32(size)
