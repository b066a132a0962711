"""The market as the desk knows it now: quotes, books, candles and indicators of every symbol."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.clock import Clock
from engine.errors import Unavailable
from engine.market.candle_builder import CandleBuilder, PeriodCandle
from engine.market.indicators import IndicatorSet
from engine.market.periods import DAY_MS, MINUTE_MS, Period
from engine.model.candle import Candle
from engine.model.instrument import Instrument
from engine.model.quote import BookSnapshot, Quote, Ticker

if TYPE_CHECKING:
    from engine.market.candles import CandleSeries

CANDLES_SHOWN = 100
MINUTES_PER_DAY = DAY_MS // MINUTE_MS


class MarketState:
    """The latest of everything, fed by one feed and read by traders, risk and screen."""

    def __init__(
        self, instruments: Mapping[str, Instrument], periods: Iterable[Period], clock: Clock
    ) -> None:
        self._instruments = instruments
        self._periods = frozenset(periods)
        self._clock = clock
        self._quotes: dict[str, Quote] = {}
        self._books: dict[str, BookSnapshot] = {}
        self._builders = {symbol: CandleBuilder(self._periods) for symbol in instruments}
        self._indicators = {
            (symbol, period): IndicatorSet() for symbol in instruments for period in self._periods
        }
        self._day_of_closes: dict[str, deque[float]] = {
            symbol: deque(maxlen=MINUTES_PER_DAY) for symbol in instruments
        }
        self._last_event: float | None = None

    def warm_up(self, symbol: str, minutes: CandleSeries) -> None:
        """Take closed one-minute history that ends where the feed will begin."""
        builder = self._builders[symbol]
        builder.warm_up(minutes)
        self._day_of_closes[symbol].extend(minutes.close[-MINUTES_PER_DAY:].tolist())
        for period in self._periods:
            indicators = self._indicators[symbol, period]
            for candle in builder.closed(period):
                indicators.update(candle)

    def on_quote(self, quote: Quote) -> None:
        """Take the best bid and ask of a symbol."""
        self._quotes[quote.symbol] = quote
        self._last_event = self._clock.monotonic()

    def on_book(self, snapshot: BookSnapshot) -> None:
        """Take the order book of a symbol."""
        self._books[snapshot.symbol] = snapshot

    def on_book_lost(self, symbol: str) -> None:
        """Forget the order book of a symbol, which is not known any more."""
        self._books.pop(symbol, None)

    def restore(self, market: Iterable[Quote | BookSnapshot]) -> None:
        """Take the market as it stood where the feed will begin."""
        for event in market:
            if isinstance(event, Quote):
                self.on_quote(event)
            else:
                self.on_book(event)

    def on_candle(self, symbol: str, candle: Candle) -> tuple[PeriodCandle, ...]:
        """Take a one-minute candle; return every candle it closes, shortest period first."""
        if not candle.closed:
            return ()
        self._day_of_closes[symbol].append(candle.close)
        closed = self._builders[symbol].add_minute(candle)
        for done in closed:
            indicators = self._indicators.get((symbol, done.period))
            if indicators is not None:
                indicators.update(done.candle)
        return closed

    def quote(self, symbol: str) -> Quote:
        """Return the latest quote; raise `Unavailable` before the first one."""
        found = self._quotes.get(symbol)
        if found is None:
            raise Unavailable(f"symbol: {symbol} has no quote yet", field="symbol", value=symbol)
        return found

    def quote_or_none(self, symbol: str) -> Quote | None:
        """Return the latest quote, or None before the first one."""
        return self._quotes.get(symbol)

    def book(self, symbol: str) -> BookSnapshot | None:
        """Return the latest order book, or None where the feed has none."""
        return self._books.get(symbol)

    def marks(self) -> dict[str, Decimal]:
        """Return the mark price of every quoted symbol."""
        return {symbol: quote.mark for symbol, quote in self._quotes.items()}

    def quote_age_ms(self, symbol: str) -> int:
        """Return how old a symbol's quote is in market time; a paused replay does not age."""
        return max(0, self._clock.now_ms() - self.quote(symbol).ts_ms)

    def feed_age_ms(self) -> int | None:
        """Return how long ago the feed last said anything, on the machine's clock."""
        last = self._last_event
        return None if last is None else round((self._clock.monotonic() - last) * 1000)

    def tickers(self) -> tuple[Ticker, ...]:
        """Return the watchlist's rows, in the instruments' order."""
        quotes = self._quotes
        return tuple(
            Ticker(quotes[symbol], self.change_24h(symbol))
            for symbol in self._instruments
            if symbol in quotes
        )

    def history(self, symbol: str, period: Period) -> tuple[Candle, ...]:
        """Return every kept closed candle, oldest first."""
        return self._builders[symbol].closed(period)

    def closed_candles(self, symbol: str, period: Period) -> tuple[Candle, ...]:
        """Return the last `CANDLES_SHOWN` closed candles, oldest first."""
        return self._builders[symbol].closed(period, CANDLES_SHOWN)

    def indicators(self, symbol: str, period: Period) -> dict[str, tuple[float, float]]:
        """Return each warmed-up indicator at the last closed candle and at its predecessor."""
        return self._indicators[symbol, period].values()

    def change_24h(self, symbol: str) -> float | None:
        """Return the change of the mark price over the last day as a fraction, None if not known."""
        closes = self._day_of_closes[symbol]
        quote = self._quotes.get(symbol)
        if quote is None or len(closes) < MINUTES_PER_DAY:
            return None
        return float(quote.mark) / closes[0] - 1
