"""Every closed candle of one symbol and period, carried forward as minutes close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.market.candles.builder import CandleBuilder
from engine.market.candles.minute_history import MinuteHistory
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.periods import Period

if TYPE_CHECKING:
    from engine.model.candle import Candle


class PeriodHistory:
    """The closed candles since the first minute on record; a minute costs the same however many they are."""

    def __init__(self, minutes: CandleSeries, period: Period) -> None:
        self.period = period
        self.minutes = minutes
        """The closed minutes taken so far."""
        self._longer = MinuteHistory()
        self._builder = CandleBuilder([period], keep=1)
        if period is Period.M1:
            return
        closed = aggregate(minutes, period).closed
        self._longer.extend(closed)
        # What came before the last closed candle cannot change how it goes on.
        first = int(minutes.open_ms.searchsorted(closed.open_ms[-1])) if len(closed) else 0
        self._builder.warm_up(minutes.slice(first))

    def take(self, minutes: CandleSeries) -> list[Candle]:
        """Take the minutes that have closed since; return the candles that closes."""
        new = minutes.slice(len(self.minutes)).candles()
        self.minutes = minutes
        if self.period is Period.M1:
            return list(new)
        candles = [
            closed.candle
            for minute in new
            for closed in self._builder.add_minute(minute)
            if closed.period is self.period
        ]
        for candle in candles:
            self._longer.append(candle)
        return candles

    def closed(self) -> CandleSeries:
        """Return every closed candle."""
        return self.minutes if self.period is Period.M1 else self._longer.series()

    def forming(self) -> Candle | None:
        """Return the closed minutes of the candle that has not closed yet, as one candle."""
        return None if self.period is Period.M1 else self._builder.forming(self.period)
