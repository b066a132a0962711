"""A recorded session of raw frames played as it was received: quotes, a true book, candles.

The file holds one line per frame: the local receive time in nanoseconds, a space, the exact JSON.
Market time is that receive time in milliseconds, since it is the only clock all frames share.
Frames are decoded one by one as they are played, so that memory does not grow with the file.

Quotes come from bookTicker frames as they are. The book is rebuilt from the REST snapshot and the
depth differences, and shown at most every 100 ms: it is older than the quote beside it and may cross
it. When a difference is missing the book is lost, until it is whole again. Trades are shown as they
come, stamped with market time like everything else. They form the minute's candle, shown at most once
a second; the first minute on record, being cut, is never closed. The recording has no mark price
stream: the mark is the mid rounded down to the tick.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput, NotFound
from engine.market.book.order_book import DepthDiff, DepthSnapshot, OrderBook
from engine.market.candles.builder import CandleBuilder
from engine.market.periods import Period
from engine.market.replay.tape import (
    BookLost,
    CandleUpdate,
    FundingDue,
    Moment,
    TapeEvent,
    funding_schedule_of,
)
from engine.model.candle import Candle
from engine.model.instrument import Instrument
from engine.model.order import Side
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.samples import RawSample

BOOK_INTERVAL_MS = 100
BOOK_DEPTH = 20
CANDLE_INTERVAL_MS = 1000
FRAMES_PER_BREATH = 100
NANOSECONDS_PER_MS = 1_000_000


class BookTickerFrame(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="bookTicker",
    rename={
        "update_id": "u",
        "bid": "b",
        "bid_quantity": "B",
        "ask": "a",
        "ask_quantity": "A",
    },
):
    """The best bid and ask after an update of the book."""

    update_id: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


class TradeFrame(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="trade",
    rename={
        "trade_ms": "T",
        "trade_id": "t",
        "price": "p",
        "quantity": "q",
        "buyer_is_maker": "m",
    },
):
    """One trade; when the buyer was the maker, the seller took."""

    trade_ms: int
    trade_id: int
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool

    def trade(self, symbol: str, ts_ms: int) -> Trade:
        """Return it as the desk's trade, stamped `ts_ms`."""
        side = Side.SELL if self.buyer_is_maker else Side.BUY
        return Trade(symbol, self.price, self.quantity, side, self.trade_id, ts_ms)


class _Envelope(msgspec.Struct, frozen=True):
    data: BookTickerFrame | TradeFrame | DepthDiff


RawFrame = BookTickerFrame | TradeFrame | DepthDiff | DepthSnapshot

_decode_stream_frame = msgspec.json.Decoder(_Envelope).decode
_decode_snapshot = msgspec.json.Decoder(DepthSnapshot).decode


def decode_frame(text: bytes) -> RawFrame:
    """Return a frame as a typed value; raise `InvalidInput` for anything else."""
    try:
        if text.startswith(b'{"lastUpdateId"'):
            return _decode_snapshot(text)
        return _decode_stream_frame(text).data
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput.of("frame", repr(text[:80]), f"it cannot be read: {error}") from error


def read_frames(path: Path) -> Iterator[tuple[int, RawFrame]]:
    """Yield each frame of a capture with its receive time in milliseconds, one at a time."""
    with lzma.open(path, "rb") as lines:
        for line in lines:
            received_ns, _, text = line.partition(b" ")
            yield int(received_ns) // NANOSECONDS_PER_MS, decode_frame(text)


class RawTape:
    """One symbol's recorded frames as a tape."""

    source = "raw"
    step_ms = 1000

    def __init__(self, sample: RawSample, instruments: Mapping[str, Instrument] = {}) -> None:
        self._sample = sample
        self._instruments = instruments
        self._past: _Past | None = None
        self.symbols = (sample.symbol,)
        self.start_ms = next(read_frames(sample.path))[0]

    def moments(self, from_ms: int) -> Iterator[Moment]:
        """Yield a moment for every millisecond in which something arrived that can be shown.

        Starting late still reads the frames before, as the book and the candle depend on them;
        meanwhile every `FRAMES_PER_BREATH` frames give a moment without events.
        """
        session = _Session(self._sample, self._instruments)
        ts_ms = self.start_ms
        for number, (received_ms, frame) in enumerate(read_frames(self._sample.path), start=1):
            if received_ms != ts_ms:
                if (events := session.take_events(ts_ms)) and ts_ms >= from_ms:
                    yield Moment(ts_ms, events)
                session.begin(received_ms)
                ts_ms = received_ms
            session.take(frame, ts_ms)
            if ts_ms < from_ms and number % FRAMES_PER_BREATH == 0:
                yield Moment(ts_ms, ())
        if (events := session.take_events(ts_ms)) and ts_ms >= from_ms:
            yield Moment(ts_ms, events)

    def past(self, before_ms: int) -> Iterator[Moment]:
        """Yield every moment before `before_ms`, which takes as long as reading that far."""
        for moment in self.moments(self.start_ms):
            if moment.ts_ms >= before_ms:
                return
            yield moment

    def history(self, symbol: str, before_ms: int) -> CandleSeries:
        """Return the minutes that closed on the tape before `before_ms`, none if it starts there.

        Reads the recording up to that time, which takes up to a second.
        """
        from engine.market.candles.series import CandleSeries

        if symbol not in self.symbols:
            raise NotFound(f"symbol: {symbol} is not on this tape", field="symbol", value=symbol)
        return CandleSeries.of(self._past_before(before_ms).closed)

    def market_at(self, ts_ms: int) -> tuple[Quote | BookSnapshot, ...]:
        """Return the last book, unless it was lost, and the last quote at or before `ts_ms`.

        Costs as much as `history`, and nothing after `history(symbol, ts_ms + 1)`.
        """
        past = self._past_before(ts_ms + 1)
        return tuple(event for event in (past.book, past.quote) if event is not None)

    def _past_before(self, before_ms: int) -> _Past:
        """Return what came before `before_ms`; the last answer is kept, as it takes long to find."""
        if self._past is None or self._past.before_ms != before_ms:
            self._past = self._read_past(before_ms)
        return self._past

    def _read_past(self, before_ms: int) -> _Past:
        closed: list[Candle] = []
        book: BookSnapshot | None = None
        quote: Quote | None = None
        for moment in self.past(before_ms):
            for event in moment.events:
                match event:
                    case Quote():
                        quote = event
                    case BookSnapshot():
                        book = event
                    case BookLost():
                        book = None
                    case CandleUpdate(_, candle) if candle.closed:
                        closed.append(candle)
        return _Past(before_ms, tuple(closed), book, quote)


class _Past(msgspec.Struct, frozen=True):
    """What a recording has shown before a time: its closed minutes, the last book and quote."""

    before_ms: int
    closed: tuple[Candle, ...]
    book: BookSnapshot | None
    quote: Quote | None


class _Session:
    """What the frames so far add up to, and the events of the present millisecond."""

    def __init__(self, sample: RawSample, instruments: Mapping[str, Instrument]) -> None:
        self._symbol = sample.symbol
        self._funding = funding_schedule_of(sample.symbol, instruments)
        self._tick = sample.tick_size
        self._book = OrderBook(sample.symbol)
        self._builder = CandleBuilder()
        self._mark: Decimal | None = None
        self._at_boundary: list[TapeEvent] = []
        self._trades: list[Trade] = []
        self._quotes: list[Quote] = []
        self._book_changed = False
        self._book_is_shown = False
        self._book_due_ms = 0
        self._candle_changed = False
        self._candle_due_ms = 0
        self._funding_due_ms: int | None = None

    def begin(self, ts_ms: int) -> None:
        """Move to a new millisecond: close the minute and settle funding if either is over."""
        for closed in self._builder.close_until(ts_ms):
            self._at_boundary.append(CandleUpdate(self._symbol, closed.candle))
        if self._funding_due_ms is None:
            self._funding_due_ms = self._funding.next_due_ms(ts_ms)
        if ts_ms >= self._funding_due_ms:
            self._funding_due_ms += self._funding.interval_ms
            if self._mark is not None:
                self._at_boundary.append(FundingDue(self._symbol, self._funding.rate, self._mark, ts_ms))

    def take(self, frame: RawFrame, ts_ms: int) -> None:
        """Take a frame that arrived in the present millisecond."""
        match frame:
            case BookTickerFrame():
                self._quotes.append(self._quote(frame, ts_ms))
            case TradeFrame():
                self._builder.add_price(ts_ms, float(frame.price), float(frame.quantity))
                self._trades.append(frame.trade(self._symbol, ts_ms))
                self._candle_changed = True
            case DepthDiff():
                self._book.apply_diff(frame)
                self._book_changed = True
            case DepthSnapshot():
                self._book.apply_snapshot(frame)
                self._book_changed = True

    def take_events(self, ts_ms: int) -> tuple[TapeEvent, ...]:
        """Return what is to be shown of the present millisecond, in a moment's order."""
        events = self._at_boundary
        if self._candle_changed and ts_ms >= self._candle_due_ms:
            forming = self._builder.forming(Period.M1)
            if forming is not None:
                events.append(CandleUpdate(self._symbol, forming))
            self._candle_changed = False
            self._candle_due_ms = ts_ms + CANDLE_INTERVAL_MS
        events += self._trades
        if self._book_is_shown and not self._book.synced:
            events.append(BookLost(self._symbol, ts_ms))
            self._book_is_shown = False
        if self._book_changed and ts_ms >= self._book_due_ms:
            snapshot = self._book.snapshot(BOOK_DEPTH, ts_ms)
            if snapshot is not None:
                events.append(snapshot)
                self._book_is_shown = True
                self._book_due_ms = ts_ms + BOOK_INTERVAL_MS
            self._book_changed = False
        moment = (*events, *self._quotes)
        self._at_boundary, self._trades, self._quotes = [], [], []
        return moment

    def _quote(self, frame: BookTickerFrame, ts_ms: int) -> Quote:
        mid = (frame.bid + frame.ask) / 2
        self._mark = (mid / self._tick).to_integral_value(ROUND_FLOOR) * self._tick
        return Quote(
            self._symbol, frame.bid, frame.ask, frame.bid_quantity, frame.ask_quantity, self._mark, ts_ms
        )
