"""What a recorded market gives out: events in time order, and who takes them.

A `Tape` is pure: it turns a recording into *moments*, each the events of one market time, and
knows nothing of clocks or speed. `engine.market.replay.player` plays it. Inside a moment the order is:
candles that close, funding that falls due, trades, open interest and funding rates, books, quotes;
so that whoever acts on a quote has already seen everything older. A moment without events is a
breath: it shows nothing, and lets whoever plays the tape attend to others while the tape is at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from engine.market.periods import HOUR_MS
from engine.model.candle import Candle
from engine.model.instrument import Instrument
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries

FUNDING_BASE_HOURS = 8
FUNDING_BASE_RATE = Decimal("0.0001")
"""The rate of every replayed settlement: the venue's interest-rate component, 0.01 % per 8 hours.

Recorded funding rates may not be shipped; this is what the venue's formula gives while the premium
stays within ±0.05 % of it, which is most of the time. Longs pay it to shorts. A symbol that settles
more or less often than every 8 hours pays pro rata.
"""


class CandleUpdate(msgspec.Struct, frozen=True):
    """A one-minute candle that closed, or (`candle.closed` False) as far as it has formed."""

    symbol: str
    candle: Candle


class FundingDue(msgspec.Struct, frozen=True):
    """A funding settlement: a position of quantity q receives -q * `mark` * `rate`."""

    symbol: str
    rate: Decimal
    mark: Decimal
    ts_ms: int


class BookLost(msgspec.Struct, frozen=True):
    """The book of a symbol is not known any more: something of the recording is missing."""

    symbol: str
    ts_ms: int


class OpenInterest(msgspec.Struct, frozen=True):
    """What all open positions of a symbol are worth, one side of them, in the quote currency."""

    symbol: str
    notional: Decimal
    ts_ms: int


class FundingRate(msgspec.Struct, frozen=True):
    """The rate at which a symbol's coming settlement stands, a fraction."""

    symbol: str
    rate: Decimal
    ts_ms: int


TapeEvent = CandleUpdate | FundingDue | Trade | OpenInterest | FundingRate | BookLost | BookSnapshot | Quote


class FundingSchedule(msgspec.Struct, frozen=True):
    """When a symbol settles funding, at multiples of `interval_ms` since 00:00 UTC, and at what rate."""

    interval_ms: int
    rate: Decimal

    def is_due(self, ts_ms: int) -> bool:
        """Tell whether a settlement falls on `ts_ms`."""
        return ts_ms % self.interval_ms == 0

    def next_due_ms(self, ts_ms: int) -> int:
        """Return the first settlement at or after `ts_ms`."""
        return ts_ms - ts_ms % -self.interval_ms


def funding_schedule_of(symbol: str, instruments: Mapping[str, Instrument]) -> FundingSchedule:
    """Return how a symbol settles: at its instrument's interval, every 8 hours if that is not given."""
    instrument = instruments.get(symbol)
    hours = FUNDING_BASE_HOURS if instrument is None else instrument.funding_interval_hours
    return FundingSchedule(hours * HOUR_MS, FUNDING_BASE_RATE * hours / FUNDING_BASE_HOURS)


class Moment(msgspec.Struct, frozen=True):
    """Everything that happens at one market time; nothing if it is only a breath."""

    ts_ms: int
    events: tuple[TapeEvent, ...]


class Tape(Protocol):
    """A recorded market."""

    @property
    def source(self) -> str:
        """What it was recorded as: `candles` or `raw`."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """What trades on it."""
        ...

    @property
    def start_ms(self) -> int:
        """The market time of its first moment."""
        ...

    @property
    def step_ms(self) -> int:
        """How much market time one single step plays."""
        ...

    def moments(self, from_ms: int) -> Iterator[Moment]:
        """Yield every moment at or after `from_ms`, in time order.

        The same moments come whatever the start: those from `t` on are those of the whole tape
        from `t` on. A tape that has to work its way to `from_ms` yields moments without events
        meanwhile, whose times are before it.
        """
        ...

    def market_at(self, ts_ms: int) -> tuple[Quote | BookSnapshot, ...]:
        """Return the last book, where there is one, and the last quote of every symbol at or before `ts_ms`.

        Books come before quotes. Empty before the first moment; after the end it is the market as
        the recording left it.
        """
        ...

    def past(self, before_ms: int) -> Iterator[Moment]:
        """Yield the moments before `before_ms` that say more than the closed minutes of `history`.

        Empty where those say it all. Whoever starts late and takes these knows as much of trades and
        books as if it had been there from the first moment on.
        """
        ...

    def history(self, symbol: str, before_ms: int) -> CandleSeries:
        """Return the closed one-minute candles that `moments(before_ms)` will not deliver.

        These are the candles that close before `before_ms`; one that closes exactly then is the
        first event of `moments(before_ms)`. Raises `NotFound` for a symbol not on the tape.
        """
        ...


class MarketSink(Protocol):
    """Who takes the market's events; each call must return quickly.

    A player calls `on_moment_start`, then what the moment holds, then `on_moment_end`, the latter
    not when a call has raised. What a method returns is between the sink and its other callers.
    """

    def on_moment_start(self, ts_ms: int) -> None:
        """Prepare for the events of one market time."""
        ...

    def on_moment_end(self) -> None:
        """Finish what the moment has caused."""
        ...

    def on_quote(self, quote: Quote) -> object:
        """Take the best bid and ask of a symbol."""
        ...

    def on_book(self, snapshot: BookSnapshot) -> object:
        """Take the order book of a symbol."""
        ...

    def on_book_lost(self, symbol: str) -> None:
        """Forget the order book of a symbol."""
        ...

    def on_candle(self, symbol: str, candle: Candle) -> object:
        """Take a one-minute candle, closed or forming."""
        ...

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None:
        """Take a funding settlement that is due now."""
        ...

    def on_trade(self, trade: Trade) -> object:
        """Take a trade of the market."""
        ...

    def on_open_interest(self, symbol: str, notional: Decimal, ts_ms: int) -> object:
        """Take the open interest of a symbol, in the quote currency."""
        ...

    def on_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int) -> object:
        """Take the rate at which the coming settlement stands."""
        ...


def deliver(event: TapeEvent, sink: MarketSink) -> None:
    """Hand an event to the sink's method for it."""
    match event:
        case Quote():
            sink.on_quote(event)
        case CandleUpdate(symbol, candle):
            sink.on_candle(symbol, candle)
        case BookSnapshot():
            sink.on_book(event)
        case Trade():
            sink.on_trade(event)
        case OpenInterest(symbol, notional, ts_ms):
            sink.on_open_interest(symbol, notional, ts_ms)
        case FundingRate(symbol, rate, ts_ms):
            sink.on_funding_rate(symbol, rate, ts_ms)
        case BookLost(symbol):
            sink.on_book_lost(symbol)
        case FundingDue(symbol, rate, mark, ts_ms):
            sink.on_funding(symbol, rate, mark, ts_ms)
