"""Recorded raw frames: complete, in order, a book that never crosses, and candles from trades."""

from __future__ import annotations

import lzma
from functools import cache
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest

from engine.errors import InvalidInput, NotFound
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.book.order_book import DepthDiff, DepthSnapshot, DiffOutcome, OrderBook
from engine.market.periods import HOUR_MS
from engine.market.replay.raw_frames import (
    FRAMES_PER_BREATH,
    BookTickerFrame,
    RawTape,
    TradeFrame,
    decode_frame,
    read_frames,
)
from engine.market.replay.tape import BookLost, CandleUpdate, FundingDue, Moment, TapeEvent
from engine.model.order import Side
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE, RawSample

RAW = Path(__file__).resolve().parents[4] / "shared" / "data" / "raw"
CAPTURES = sorted(RAW.glob("binance_um_*.frames.xz")) or [RAW_SAMPLE.path]


@cache
def played() -> tuple[Moment, ...]:
    return tuple(RawTape(RAW_SAMPLE).moments(0))


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_a_whole_capture_keeps_the_book_true(capture: Path) -> None:
    book = OrderBook("X")
    applied, tickers, agreeing, last_trade_id, last_update_id = 0, 0, 0, None, None
    for _, frame in read_frames(capture):
        match frame:
            case DepthSnapshot():
                book.apply_snapshot(frame)
            case DepthDiff():
                assert last_update_id in (None, frame.previous_update_id)
                last_update_id = frame.last_update_id
                outcome = book.apply_diff(frame)
                assert outcome is not DiffOutcome.OUT_OF_SYNC
                applied += outcome is DiffOutcome.APPLIED
                if (bid := book.best_bid) and (ask := book.best_ask):
                    assert bid.price < ask.price
            case TradeFrame():
                assert last_trade_id is None or frame.trade_id == last_trade_id + 1
                last_trade_id = frame.trade_id
            case BookTickerFrame():
                if frame.update_id == book.last_update_id:
                    tickers += 1
                    level = book.best_bid
                    agreeing += level is not None and (level.price, level.quantity) == (
                        frame.bid,
                        frame.bid_quantity,
                    )
    assert book.resyncs == 0
    assert applied > 6000
    assert tickers == agreeing


def first_lines(count: int) -> list[bytes]:
    with lzma.open(RAW_SAMPLE.path, "rb") as lines:
        return list(islice(lines, count))


def saved(path: Path, lines: list[bytes]) -> RawSample:
    path.write_bytes(lzma.compress(b"".join(lines), preset=0))
    return msgspec.structs.replace(RAW_SAMPLE, file=str(path))


def without_a_difference() -> list[bytes]:
    """The beginning of the recording with one depth frame missing."""
    kept = first_lines(3000)
    depth = [index for index, line in enumerate(kept) if b'"depthUpdate"' in line]
    del kept[depth[-10]]
    return kept


def events_in(moments: tuple[Moment, ...]) -> list[TapeEvent]:
    return [event for moment in moments for event in moment.events]


def test_a_capture_without_one_frame_is_detected(tmp_path: Path) -> None:
    cut = saved(tmp_path / "cut.frames.xz", without_a_difference()).path
    book = OrderBook("ETH")
    for _, frame in read_frames(cut):
        if isinstance(frame, DepthSnapshot):
            book.apply_snapshot(frame)
        elif isinstance(frame, DepthDiff):
            book.apply_diff(frame)
    assert book.resyncs == 1
    assert not book.synced


def test_a_book_that_is_lost_is_said_to_be_lost_once_and_shown_no_more(tmp_path: Path) -> None:
    tape = RawTape(saved(tmp_path / "cut.frames.xz", without_a_difference()))
    events = events_in(tuple(tape.moments(0)))
    (lost,) = (event for event in events if isinstance(event, BookLost))
    after = events[events.index(lost) :]
    assert lost.symbol == "ETH"
    assert any(isinstance(event, BookSnapshot) and event.ts_ms < lost.ts_ms for event in events)
    assert not any(isinstance(event, BookSnapshot) for event in after)
    assert any(isinstance(event, Quote) for event in after)
    before, later = tape.market_at(lost.ts_ms - 1), tape.market_at(lost.ts_ms)
    assert [type(event) for event in before] == [BookSnapshot, Quote]
    assert [type(event) for event in later] == [Quote]
    assert not any(isinstance(event, BookLost) for event in events_in(played()))


def test_funding_follows_the_instruments_interval(tmp_path: Path) -> None:
    """The same frames as if they had begun half a second before a full hour that is no multiple of 8."""
    lines = first_lines(3000)
    began_ns = int(lines[0].partition(b" ")[0])
    hour_ms = 5 * HOUR_MS + 24 * HOUR_MS * 19_000
    shift_ns = (hour_ms - 500) * 1_000_000 - began_ns
    shifted = [
        b"%d %s" % (int(received_ns) + shift_ns, text)
        for received_ns, _, text in (line.partition(b" ") for line in lines)
    ]
    sample = saved(tmp_path / "shifted.frames.xz", shifted)
    hourly = msgspec.structs.replace(INSTRUMENTS["ETH"], funding_interval_hours=1)
    (due,) = (
        event
        for event in events_in(tuple(RawTape(sample, {"ETH": hourly}).moments(0)))
        if isinstance(event, FundingDue)
    )
    assert 0 <= due.ts_ms - hour_ms < 100
    assert str(due.rate) == "0.0000125"
    assert not any(isinstance(e, FundingDue) for e in events_in(tuple(RawTape(sample).moments(0))))


def test_moments_are_in_time_order_and_stamped_with_the_receive_time() -> None:
    assert all(earlier.ts_ms < later.ts_ms for earlier, later in pairwise(played()))
    for moment in played():
        assert moment.events
        for event in moment.events:
            if isinstance(event, Quote | BookSnapshot):
                assert event.ts_ms == moment.ts_ms


def test_every_book_ticker_becomes_a_quote_with_the_mid_as_mark() -> None:
    tickers = sum(isinstance(frame, BookTickerFrame) for _, frame in read_frames(RAW_SAMPLE.path))
    quotes = [event for moment in played() for event in moment.events if isinstance(event, Quote)]
    assert len(quotes) == tickers == 53_992
    for quote in quotes:
        assert quote.bid < quote.ask
        assert quote.mark % RAW_SAMPLE.tick_size == 0
        assert 0 <= quote.mid - quote.mark < RAW_SAMPLE.tick_size


def test_every_trade_frame_becomes_a_trade_before_the_books_and_quotes_of_its_moment() -> None:
    frames = [frame for _, frame in read_frames(RAW_SAMPLE.path) if isinstance(frame, TradeFrame)]
    trades = [event for moment in played() for event in moment.events if isinstance(event, Trade)]
    assert [trade.trade_id for trade in trades] == [frame.trade_id for frame in frames]
    for trade, frame in zip(trades, frames, strict=True):
        assert (trade.price, trade.quantity) == (frame.price, frame.quantity)
        assert trade.taker_side is (Side.SELL if frame.buyer_is_maker else Side.BUY)
    for moment in played():
        kinds = [isinstance(event, BookSnapshot | Quote) for event in moment.events]
        assert kinds == sorted(kinds)
        assert all(event.ts_ms == moment.ts_ms for event in moment.events if isinstance(event, Trade))


def test_the_past_is_what_the_moments_before_have_said() -> None:
    tape = RawTape(RAW_SAMPLE)
    before_ms = tape.start_ms + 20_000
    assert tuple(tape.past(before_ms)) == tuple(m for m in played() if m.ts_ms < before_ms)


def test_books_are_true_and_at_most_ten_a_second() -> None:
    books = [event for moment in played() for event in moment.events if isinstance(event, BookSnapshot)]
    assert len(books) > 2000
    for earlier, later in pairwise(books):
        assert later.ts_ms - earlier.ts_ms >= 100
    for book in books:
        assert len(book.bids) == len(book.asks) == 20
        assert book.bids[0].price < book.asks[0].price
        prices = [level.price for level in book.bids]
        assert prices == sorted(prices, reverse=True)


def test_trades_form_the_minute_and_the_cut_first_one_never_closes() -> None:
    updates = [
        event.candle for moment in played() for event in moment.events if isinstance(event, CandleUpdate)
    ]
    closed = [candle for candle in updates if candle.closed]
    assert [candle.open_ms // 60_000 % 60 for candle in closed] == [55, 56, 57, 58]
    trades = [
        frame
        for received_ms, frame in read_frames(RAW_SAMPLE.path)
        if isinstance(frame, TradeFrame) and closed[0].open_ms <= received_ms < closed[0].open_ms + 60_000
    ]
    prices = [float(trade.price) for trade in trades]
    assert (closed[0].open, closed[0].close) == (prices[0], prices[-1])
    assert (closed[0].high, closed[0].low) == (max(prices), min(prices))
    assert closed[0].volume == pytest.approx(float(sum(trade.quantity for trade in trades)))
    forming = [candle for candle in updates if candle.open_ms == closed[0].open_ms and not candle.closed]
    assert 30 < len(forming) <= 60


def test_starting_late_gives_the_rest_of_the_same_tape_and_history_the_minutes_before() -> None:
    tape = RawTape(RAW_SAMPLE)
    from_ms = tape.start_ms + 170_000
    shown = tuple(moment for moment in tape.moments(from_ms) if moment.events)
    assert shown == tuple(moment for moment in played() if moment.ts_ms >= from_ms)
    assert len(tape.history("ETH", tape.start_ms)) == 0
    assert len(tape.history("ETH", from_ms)) == 2
    with pytest.raises(NotFound, match="BTC is not on this tape"):
        tape.history("BTC", from_ms)


def test_while_it_works_its_way_to_a_late_start_it_breathes() -> None:
    tape = RawTape(RAW_SAMPLE)
    from_ms = tape.start_ms + 170_000
    moments = list(tape.moments(from_ms))
    first = next(index for index, moment in enumerate(moments) if moment.events)
    breaths = moments[:first]
    read = sum(received_ms < from_ms for received_ms, _ in read_frames(RAW_SAMPLE.path))
    assert len(breaths) == read // FRAMES_PER_BREATH > 100
    assert all(moment.ts_ms < from_ms for moment in breaths)
    assert all(moment.events for moment in moments[first:])


@pytest.mark.parametrize("seconds", [-1, 0, 1.2, 170, 10_000])
def test_the_market_at_any_time_is_the_last_book_and_the_last_quote(seconds: float) -> None:
    tape = RawTape(RAW_SAMPLE)
    ts_ms = tape.start_ms + int(seconds * 1000)
    last: dict[type, TapeEvent] = {}
    for event in events_in(tuple(moment for moment in played() if moment.ts_ms <= ts_ms)):
        if isinstance(event, BookSnapshot | Quote):
            last[type(event)] = event
    assert tape.market_at(ts_ms) == tuple(last[kind] for kind in (BookSnapshot, Quote) if kind in last)
    assert len(last) == 2 or seconds <= 0


def test_names_that_differ_by_case_only_are_kept_apart() -> None:
    ticker = decode_frame(
        b'{"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":5,"E":9,"T":8,"s":"ETHUSDT",'
        b'"b":"1.10","B":"2","a":"1.20","A":"3","st":1}}'
    )
    assert isinstance(ticker, BookTickerFrame)
    assert msgspec.structs.astuple(ticker)[0] == 5
    assert (str(ticker.bid), str(ticker.bid_quantity), str(ticker.ask)) == ("1.10", "2", "1.20")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"data":{"e":"unknown"}}',
        b'{"data":{"e":"trade"}}',
        b'{"lastUpdateId":"x"}',
        b"\xff",
    ],
)
def test_a_frame_that_cannot_be_read_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"frame: .* it cannot be read"):
        decode_frame(text)
