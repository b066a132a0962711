"""Candles built as the market moves: prices into minutes, minutes into longer periods.

One `CandleBuilder` belongs to one symbol. It takes prices (quotes or trades), recorded minutes, or
both: a recorded minute replaces what the prices had formed of it. A minute that prices began to
form after it had opened is never closed from them, since its open is unknown. Memory is bounded:
each period keeps its last `keep` closed candles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.periods import Period
from engine.model.candle import Candle

KEPT_CANDLES = 1500


class PeriodCandle(msgspec.Struct, frozen=True):
    """A candle that has just closed, and its period."""

    period: Period
    candle: Candle

    @property
    def close_ms(self) -> int:
        """When the candle closed."""
        return self.candle.open_ms + self.period.length_ms


class CandleBuilder:
    """The candles of one symbol in several periods, `1m` always among them."""

    def __init__(self, periods: Iterable[Period] = (), keep: int = KEPT_CANDLES) -> None:
        self._keep = keep
        self._minutes: deque[Candle] = deque(maxlen=keep)
        self._forming_minute: Candle | None = None
        self._first_price_ms: int | None = None
        self._longer = {
            period: _LongerPeriod(period, keep)
            for period in sorted(set(periods), key=lambda period: period.length_ms)
            if period is not Period.M1
        }

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period built here, shortest first."""
        return (Period.M1, *self._longer)

    def warm_up(self, minutes: CandleSeries) -> None:
        """Start from closed one-minute history, as if every row had come by `add_minute`.

        Only a builder that has seen nothing yet can be warmed up; raises `InvalidInput` otherwise.
        """
        if self._minutes or self._forming_minute:
            raise InvalidInput.of("history", f"{len(minutes)} candles", "a builder starts from history once")
        self._minutes.extend(minutes.candles(self._keep))
        for longer in self._longer.values():
            longer.warm_up(minutes)

    def add_price(self, ts_ms: int, price: float, quantity: float = 0.0) -> tuple[PeriodCandle, ...]:
        """Take a price at a time; return the candles it closes, shortest period first.

        `quantity` is what was traded (0 for a quote). A price earlier than the forming minute, or in
        a minute already closed, changes nothing.
        """
        if self._first_price_ms is None:
            self._first_price_ms = ts_ms
        open_ms = Period.M1.open_of(ts_ms)
        if open_ms <= self._last_closed_ms():
            return ()
        forming = self._forming_minute
        if forming is None or open_ms > forming.open_ms:
            closed = self.close_until(open_ms)
            self._forming_minute = Candle(open_ms, price, price, price, price, quantity, closed=False)
            return closed
        if open_ms == forming.open_ms:
            self._forming_minute = Candle(
                open_ms,
                forming.open,
                max(forming.high, price),
                min(forming.low, price),
                price,
                forming.volume + quantity,
                closed=False,
            )
        return ()

    def show_price(self, ts_ms: int, price: float, quantity: float = 0.0) -> None:
        """Take a price as `add_price` does, yet close nothing: the feed tells the closed minutes itself.

        The first price of a later minute drops what had formed of the one before.
        """
        forming = self._forming_minute
        if forming is not None and Period.M1.close_of(forming.open_ms) <= ts_ms:
            self._forming_minute = None
        self.add_price(ts_ms, price, quantity)

    def close_until(self, ts_ms: int) -> tuple[PeriodCandle, ...]:
        """Close the forming minute if it has ended by `ts_ms`; return the candles that closes."""
        forming = self._forming_minute
        if forming is None or Period.M1.close_of(forming.open_ms) > ts_ms:
            return ()
        if self._first_price_ms is None or forming.open_ms < self._first_price_ms:
            self._forming_minute = None
            return ()
        return self.add_minute(msgspec.structs.replace(forming, closed=True))

    def add_minute(self, candle: Candle) -> tuple[PeriodCandle, ...]:
        """Take a closed one-minute candle; return it and the longer candles it closes.

        It replaces what prices had formed of the same minute. One that is not later than the last
        closed minute changes nothing. Raises `InvalidInput` for a candle off the minute or unclosed.
        """
        if candle.open_ms % Period.M1.length_ms or not candle.closed:
            raise InvalidInput.of("candle", candle.open_ms, "a closed candle opens on a full minute")
        if candle.open_ms <= self._last_closed_ms():
            return ()
        if self._forming_minute is not None and self._forming_minute.open_ms <= candle.open_ms:
            self._forming_minute = None
        self._minutes.append(candle)
        closed = [PeriodCandle(Period.M1, candle)]
        for longer in self._longer.values():
            closed += (PeriodCandle(longer.period, done) for done in longer.add_minute(candle))
        return tuple(closed)

    def closed(self, period: Period, limit: int | None = None) -> tuple[Candle, ...]:
        """Return the last closed candles of a period, oldest first."""
        kept = tuple(self._closed_of(period))
        return kept if limit is None else kept[max(0, len(kept) - limit) :]

    def series(self, period: Period) -> CandleSeries:
        """Return the kept closed candles of a period as columns."""
        return CandleSeries.of(self._closed_of(period))

    def forming(self, period: Period) -> Candle | None:
        """Return the candle of a period that has not closed yet, the forming minute included."""
        if period is Period.M1:
            return self._forming_minute
        longer = self._longer_of(period)
        return longer.forming_with(self._forming_minute)

    def _last_closed_ms(self) -> int:
        return self._minutes[-1].open_ms if self._minutes else -1

    def _closed_of(self, period: Period) -> deque[Candle]:
        return self._minutes if period is Period.M1 else self._longer_of(period).closed

    def _longer_of(self, period: Period) -> _LongerPeriod:
        if period not in self._longer:
            raise InvalidInput.of("period", period, f"built are {', '.join(self.periods)}")
        return self._longer[period]


class _LongerPeriod:
    """The candles of one period above a minute."""

    def __init__(self, period: Period, keep: int) -> None:
        self.period = period
        self.closed: deque[Candle] = deque(maxlen=keep)
        self._forming: Candle | None = None
        self._open_unknown_ms: int | None = None
        self._started = False

    def warm_up(self, minutes: CandleSeries) -> None:
        aggregation = aggregate(minutes, self.period)
        self.closed.extend(aggregation.closed.candles(self.closed.maxlen))
        self._forming = aggregation.forming
        if len(minutes):
            self._note_start(int(minutes.open_ms[0]))

    def add_minute(self, minute: Candle) -> tuple[Candle, ...]:
        self._note_start(minute.open_ms)
        open_ms = self.period.open_of(minute.open_ms)
        if open_ms == self._open_unknown_ms:
            return ()
        closed = []
        if self._forming is not None and self._forming.open_ms < open_ms:
            closed.append(self._close())
        self._forming = _merged(self._forming, minute, open_ms)
        if Period.M1.close_of(minute.open_ms) == open_ms + self.period.length_ms:
            closed.append(self._close())
        return tuple(closed)

    def forming_with(self, minute: Candle | None) -> Candle | None:
        if minute is None:
            return self._forming
        open_ms = self.period.open_of(minute.open_ms)
        if open_ms == self._open_unknown_ms or (not self._started and open_ms != minute.open_ms):
            return None
        earlier = self._forming if self._forming and self._forming.open_ms == open_ms else None
        return _merged(earlier, minute, open_ms)

    def _note_start(self, first_minute_ms: int) -> None:
        if self._started:
            return
        self._started = True
        open_ms = self.period.open_of(first_minute_ms)
        self._open_unknown_ms = None if open_ms == first_minute_ms else open_ms

    def _close(self) -> Candle:
        assert self._forming is not None
        candle = msgspec.structs.replace(self._forming, closed=True)
        self._forming = None
        self.closed.append(candle)
        return candle


def _merged(forming: Candle | None, minute: Candle, open_ms: int) -> Candle:
    if forming is None:
        return Candle(
            open_ms, minute.open, minute.high, minute.low, minute.close, minute.volume, closed=False
        )
    return Candle(
        open_ms,
        forming.open,
        max(forming.high, minute.high),
        min(forming.low, minute.low),
        minute.close,
        forming.volume + minute.volume,
        closed=False,
    )
