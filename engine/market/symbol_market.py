"""All the desk knows of one symbol's market: quote, book, trades, candles and order flow.

The engine writes, any thread reads. What is one value is replaced as a whole; histories are columns
whose views never change; the few things that are read in several steps are behind a lock, held only
for as long as copying takes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.market.candles.builder import CandleBuilder, PeriodCandle
from engine.market.candles.minute_history import MinuteHistory
from engine.market.columns import GrowingColumns
from engine.market.flow.accumulator import FlowAccumulator, minute_sample
from engine.market.flow.series import FlowHistory, FlowSeries
from engine.market.periods import DAY_MS, MINUTE_MS, Period
from engine.model.candle import Candle
from engine.model.flow import FlowSample
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries

TRADES_KEPT = 500


class SymbolMarket:
    """The latest of one symbol, and the histories that everything is computed from.

    Its flow is sampled from trades and books once one of them has come; until then every closed
    minute is a sample.
    """

    def __init__(self, periods: Iterable[Period], trade_ids_are_consecutive: bool) -> None:
        self.quote: Quote | None = None
        self.book: BookSnapshot | None = None
        self._lock = threading.Lock()
        self._builder = CandleBuilder(periods)
        self._minutes = MinuteHistory()
        # Kept beside them: for a long history, working them out at every minute would take too long.
        self._minute_closes = GrowingColumns(["int64"])
        self._flow = FlowAccumulator(trade_ids_are_consecutive)
        self._samples = FlowHistory()
        self._new_minutes: list[FlowSample] = []
        self._minutes_as_flow = FlowSeries.of_minutes(self._minutes.series())
        self._trades: deque[Trade] = deque(maxlen=TRADES_KEPT)

    def warm_up(self, minutes: CandleSeries) -> None:
        """Take closed one-minute history; once, before anything else."""
        with self._lock:
            self._builder.warm_up(minutes)
        self._minute_closes.extend([minutes.open_ms + MINUTE_MS])
        self._minutes.extend(minutes)

    def on_quote(self, quote: Quote, now_ms: int) -> None:
        """Take the best bid and ask; one stamped with the future forms the minute that runs now."""
        self.quote = quote
        self._flow.on_sign_of_life(now_ms)
        if not self._trades:
            with self._lock:
                self._builder.show_price(min(quote.ts_ms, now_ms), float(quote.mark))

    def on_book(self, book: BookSnapshot, now_ms: int) -> None:
        """Take the order book."""
        self.book = book
        self._flow.on_book(book, now_ms)

    def on_book_lost(self) -> None:
        """Forget the order book."""
        self.book = None
        self._flow.on_book_lost()

    def on_trade(self, trade: Trade, now_ms: int) -> int:
        """Take a trade; return how many are missing right before it."""
        with self._lock:
            self._trades.append(trade)
            self._builder.show_price(min(trade.ts_ms, now_ms), float(trade.price), float(trade.quantity))
        return self._flow.on_trade(trade, now_ms)

    def on_open_interest(self, notional: float, now_ms: int) -> None:
        """Take the open interest."""
        self._flow.on_open_interest(notional, now_ms)

    def on_funding_rate(self, rate: float, now_ms: int) -> None:
        """Take the rate of the coming settlement."""
        self._flow.on_funding_rate(rate, now_ms)

    def on_minute(self, minute: Candle, now_ms: int) -> tuple[PeriodCandle, ...]:
        """Take a closed minute; return every candle it closes, shortest period first."""
        with self._lock:
            closed = self._builder.add_minute(minute)
        if closed:
            self._minute_closes.append(minute.open_ms + MINUTE_MS)
            self._minutes.append(minute)
            if not self._flow.has_begun:
                self._new_minutes.append(minute_sample(minute))
        self._flow.on_sign_of_life(now_ms)
        return closed

    def take_flow(self, ts_ms: int) -> list[FlowSample]:
        """Close what has ended by `ts_ms`; return the new samples, oldest first."""
        self._flow.close_until(ts_ms)
        minutes, self._new_minutes = self._new_minutes, []
        sampled = self._flow.take_closed()
        for sample in sampled:
            self._add(sample)
        return minutes + sampled

    def minutes(self) -> CandleSeries:
        """Return every closed minute on record."""
        return self._minutes.series()

    def flow_series(self) -> FlowSeries:
        """Return every sample so far: closed minutes until trades or books have given the first one."""
        if len(self._samples):
            return self._samples.series()
        known = self._minutes_as_flow
        if len(known) != len(self._minutes):
            minutes = self._minutes.series()
            closes = self._minute_closes.view()[0][: len(minutes)]
            known = self._minutes_as_flow = FlowSeries.of_minutes(minutes, close_ms=closes)
        return known

    def trades(self, limit: int) -> tuple[Trade, ...]:
        """Return the latest trades, oldest first."""
        with self._lock:
            kept = tuple(self._trades)
        return kept[max(0, len(kept) - limit) :]

    def closed(self, period: Period, limit: int | None = None) -> tuple[Candle, ...]:
        """Return the last closed candles kept of a period, oldest first."""
        with self._lock:
            return self._builder.closed(period, limit)

    def forming(self, period: Period) -> Candle | None:
        """Return the candle of a period that has not closed yet."""
        with self._lock:
            return self._builder.forming(period)

    def change_24h(self) -> float | None:
        """Return the change of the mark over the last day as a fraction, None if not known.

        It is measured from the last close a day ago, however many minutes are missing since.
        """
        quote, minutes = self.quote, self._minutes.series()
        if quote is None or len(minutes) == 0:
            return None
        day_ago_ms = int(minutes.open_ms[-1]) + MINUTE_MS - DAY_MS
        row = int(minutes.open_ms.searchsorted(day_ago_ms, side="right")) - 1
        return float(quote.mark) / float(minutes.close[row]) - 1 if row >= 0 else None

    def _add(self, sample: FlowSample) -> None:
        if not len(self._samples):
            self._samples.extend(self._minutes_before(sample.close_ms - sample.seconds * 1000))
        self._samples.append(sample)

    def _minutes_before(self, open_ms: int) -> FlowSeries:
        """Return the closed minutes before the first sample, as far back as any window reaches there."""
        minutes = self._minutes.series()
        window_open_ms = min(period.open_of(open_ms) for period in Period)
        start, stop = minutes.open_ms.searchsorted([window_open_ms, open_ms - MINUTE_MS + 1])
        return FlowSeries.of_minutes(minutes.slice(int(start), int(stop)))
