"""The market as the desk knows it now: quotes, books, trades, candles, flow and indicators.

One feed writes, in the engine's thread; every query may come from any thread and returns a value
that does not change any more. What the feed guard refuses changes nothing here, and the method that
took it says so, so that nobody else acts on it either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.clock import Clock
from engine.errors import Unavailable
from engine.market.candles.builder import PeriodCandle
from engine.market.candles.series import aggregate
from engine.market.feed_guard import STALE_AFTER_MS, FeedChange, FeedGuard
from engine.market.indicators import IndicatorSet
from engine.market.periods import Period
from engine.market.symbol_market import TRADES_KEPT, SymbolMarket
from engine.model.candle import Candle
from engine.model.chart import FeedStatus
from engine.model.flow import FlowReading, FlowSample
from engine.model.instrument import Instrument
from engine.model.quote import BookSnapshot, Quote, Ticker
from engine.model.trade import Trade

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.market.flow.series import FlowSeries
    from engine.market.replay.tape import Moment

CANDLES_SHOWN = 100


class MarketState:
    """The latest of everything, fed by one feed and read by traders, risk and screen.

    Candles are built in every period, indicators in `periods`. `stale_after_ms` is how long in
    market time a symbol may be silent, `trade_ids_are_consecutive` whether the feed numbers trades
    one by one, so that a hole shows.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        periods: Iterable[Period],
        clock: Clock,
        stale_after_ms: int = STALE_AFTER_MS,
        trade_ids_are_consecutive: bool = True,
    ) -> None:
        self._clock = clock
        self._symbols = {symbol: SymbolMarket(Period, trade_ids_are_consecutive) for symbol in instruments}
        self._guard = FeedGuard(instruments, clock.now_ms(), stale_after_ms, trade_ids_are_consecutive)
        self._indicators = {
            (symbol, period): IndicatorSet() for symbol in instruments for period in frozenset(periods)
        }
        self._readings: dict[tuple[str, Period], FlowReading] = {}
        self._last_event: float | None = None
        self._past_ms: int | None = None

    def warm_up(self, symbol: str, minutes: CandleSeries) -> None:
        """Take the whole closed one-minute history that ends where the feed will begin."""
        self._symbols[symbol].warm_up(minutes)
        for of_symbol, period in self._indicators:
            if of_symbol == symbol:
                # From the first candle on record, as charts and signals are, so that all agree.
                history = aggregate(minutes, period).closed
                self._indicators[symbol, period] = IndicatorSet(history=history)

    def add_period(self, period: Period) -> None:
        """Work out indicators in one more period from now on, from the first candle on record."""
        for symbol, state in self._symbols.items():
            if (symbol, period) not in self._indicators:
                history = aggregate(state.minutes(), period).closed
                self._indicators[symbol, period] = IndicatorSet(history=history)

    def recall(self, past: Iterable[Moment]) -> None:
        """Take what a tape says of the time before the feed will begin, and the samples that gives."""
        from engine.market.replay.tape import deliver

        for moment in past:
            self._past_ms = moment.ts_ms
            for event in moment.events:
                deliver(event, self)
            self.take_flow(moment.ts_ms)
        self._past_ms = None
        self.take_feed_changes()

    def restore(self, market: Iterable[Quote | BookSnapshot]) -> None:
        """Take the market as it stood where the feed will begin."""
        for event in market:
            if isinstance(event, Quote):
                self.on_quote(event)
            else:
                self.on_book(event)

    def on_moment_start(self, ts_ms: int) -> None:
        """Nothing is left over between two moments."""

    def on_moment_end(self) -> None:
        """Nothing is left over between two moments."""

    def on_quote(self, quote: Quote) -> bool:
        """Take the best bid and ask of a symbol; return whether they may be acted on."""
        now_ms = self._now_ms()
        if not self._guard.admit_quote(quote, now_ms):
            return False
        self._symbols[quote.symbol].on_quote(quote, now_ms)
        self._last_event = self._clock.monotonic()
        return True

    def on_book(self, snapshot: BookSnapshot) -> bool:
        """Take the order book of a symbol; return whether it is true. A wrong one loses the book."""
        now_ms, symbol = self._now_ms(), self._symbols[snapshot.symbol]
        if not self._guard.admit_book(snapshot, now_ms):
            if self._guard.has_lost_book(snapshot.symbol):
                symbol.on_book_lost()
            return False
        symbol.on_book(snapshot, now_ms)
        return True

    def on_book_lost(self, symbol: str) -> None:
        """Forget the order book of a symbol, which is not known any more."""
        self._guard.on_book_lost(symbol, self._now_ms())
        self._symbols[symbol].on_book_lost()

    def on_trade(self, trade: Trade) -> bool:
        """Take a trade of the market; return whether it counts."""
        now_ms = self._now_ms()
        if not self._guard.admit_trade(trade, now_ms):
            return False
        missing = self._symbols[trade.symbol].on_trade(trade, now_ms)
        if missing:
            self._guard.on_missing_trades(trade.symbol, missing, now_ms)
        return True

    def on_open_interest(self, symbol: str, notional: Decimal, ts_ms: int) -> bool:
        """Take the open interest of a symbol, in the quote currency; return whether it is news."""
        now_ms = self._now_ms()
        if not self._guard.admit_open_interest(symbol, notional, ts_ms, now_ms):
            return False
        self._symbols[symbol].on_open_interest(float(notional), now_ms)
        return True

    def on_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int) -> bool:
        """Take the rate of a symbol's coming settlement, a fraction; return whether it is news."""
        now_ms = self._now_ms()
        if not self._guard.admit_funding_rate(symbol, rate, ts_ms, now_ms):
            return False
        self._symbols[symbol].on_funding_rate(float(rate), now_ms)
        return True

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None:
        """A settlement concerns positions, not the market."""

    def on_candle(self, symbol: str, candle: Candle) -> tuple[PeriodCandle, ...]:
        """Take a one-minute candle; return every candle it closes, shortest period first."""
        now_ms = self._now_ms()
        if not self._guard.admit_candle(symbol, candle, now_ms) or not candle.closed:
            return ()
        closed = self._symbols[symbol].on_minute(candle, now_ms)
        for done in closed:
            indicators = self._indicators.get((symbol, done.period))
            if indicators is not None:
                indicators.update(done.candle)
        return closed

    def take_flow(self, ts_ms: int) -> list[tuple[str, FlowSample]]:
        """Close every flow sample that has ended by `ts_ms`; return the new ones, oldest first.

        Called at the end of a moment, all candles that close at or before it are in already, while
        what has arrived after a sample's end is not in the sample.
        """
        taken = [
            (name, sample) for name, symbol in self._symbols.items() for sample in symbol.take_flow(ts_ms)
        ]
        taken.sort(key=lambda named: named[1].close_ms)
        return taken

    def take_feed_changes(self) -> list[FeedChange]:
        """Return which troubles of a feed have begun or are over since the last call."""
        return self._guard.take_changes(self._now_ms())

    def is_stale(self, symbol: str) -> bool:
        """Tell whether a symbol has been silent for so long that nothing should be decided on it."""
        return self._guard.is_stale(symbol, self._now_ms())

    def feed_statuses(self) -> tuple[FeedStatus, ...]:
        """Return how each symbol's feed does, in the instruments' order."""
        now_ms = self._now_ms()
        return tuple(self._guard.status(symbol, now_ms) for symbol in self._symbols)

    def quote(self, symbol: str) -> Quote:
        """Return the latest quote; raise `Unavailable` before the first one."""
        found = self._symbols[symbol].quote
        if found is None:
            raise Unavailable(f"symbol: {symbol} has no quote yet", field="symbol", value=symbol)
        return found

    def quote_or_none(self, symbol: str) -> Quote | None:
        """Return the latest quote, or None before the first one."""
        return self._symbols[symbol].quote

    def book(self, symbol: str) -> BookSnapshot | None:
        """Return the latest order book, or None where the feed has none."""
        return self._symbols[symbol].book

    def marks(self) -> dict[str, Decimal]:
        """Return the mark price of every quoted symbol."""
        return {name: symbol.quote.mark for name, symbol in self._symbols.items() if symbol.quote}

    def quote_age_ms(self, symbol: str) -> int:
        """Return how old a symbol's quote is in market time; a paused replay does not age."""
        return max(0, self._clock.now_ms() - self.quote(symbol).ts_ms)

    def feed_age_ms(self) -> int | None:
        """Return how long ago the feed last said anything, on the machine's clock."""
        last = self._last_event
        return None if last is None else round((self._clock.monotonic() - last) * 1000)

    def tickers(self) -> tuple[Ticker, ...]:
        """Return the watchlist's rows, in the instruments' order."""
        return tuple(
            Ticker(symbol.quote, symbol.change_24h()) for symbol in self._symbols.values() if symbol.quote
        )

    def minutes(self, symbol: str) -> CandleSeries:
        """Return every closed one-minute candle on record."""
        return self._symbols[symbol].minutes()

    def history(self, symbol: str, period: Period) -> tuple[Candle, ...]:
        """Return every kept closed candle, oldest first."""
        return self._symbols[symbol].closed(period)

    def closed_candles(self, symbol: str, period: Period) -> tuple[Candle, ...]:
        """Return the last `CANDLES_SHOWN` closed candles, oldest first."""
        return self._symbols[symbol].closed(period, CANDLES_SHOWN)

    def forming(self, symbol: str, period: Period) -> Candle | None:
        """Return the candle of a period that has not closed yet, None where its open is not known."""
        return self._symbols[symbol].forming(period)

    def trades(self, symbol: str, limit: int = TRADES_KEPT) -> tuple[Trade, ...]:
        """Return the latest trades, oldest first; `TRADES_KEPT` are kept."""
        return self._symbols[symbol].trades(limit)

    def flow_series(self, symbol: str) -> FlowSeries:
        """Return every flow sample so far."""
        return self._symbols[symbol].flow_series()

    def flow(self, symbol: str, window: Period) -> FlowReading:
        """Return the nine flow measures over the calendar window that holds the last sample."""
        from engine.market.flow.metrics import flow_reading

        series = self._symbols[symbol].flow_series()
        known = self._readings.get((symbol, window))
        if known is None or not len(series) or known.as_of_ms != series.close_ms[-1]:
            known = flow_reading(symbol, series, window, self._clock.now_ms())
            self._readings[symbol, window] = known
        return known

    def indicators(self, symbol: str, period: Period) -> dict[str, tuple[float, float]]:
        """Return each warmed-up indicator at the last closed candle and at its predecessor."""
        return self._indicators[symbol, period].values()

    def change_24h(self, symbol: str) -> float | None:
        """Return the change of the mark price over the last day as a fraction, None if not known."""
        return self._symbols[symbol].change_24h()

    def _now_ms(self) -> int:
        return self._clock.now_ms() if self._past_ms is None else self._past_ms
