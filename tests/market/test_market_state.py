"""What the desk knows of the market: the latest, and nothing that is known to be wrong."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

import msgspec
import pytest

from engine.clock import ReplayClock, VirtualClock
from engine.errors import Unavailable
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.candles.builder import KEPT_CANDLES
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.feed_guard import FeedTrouble
from engine.market.flow.metrics import QUANTITY_OF_METRIC, FlowQuantity, FlowStream, flow_array
from engine.market.flow.series import FlowSeries
from engine.market.indicators import INDICATORS, indicator_array
from engine.market.market_state import MarketState
from engine.market.periods import MINUTE_MS, Period
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.raw_frames import RawTape
from engine.market.replay.tape import BookLost, CandleUpdate, Moment, deliver
from engine.market.symbol_market import TRADES_KEPT
from engine.model.candle import Candle
from engine.model.flow import FlowMetric, FlowSample
from engine.model.order import Side
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE, load_all_candles

ETH = "ETH"


def an_empty_market() -> MarketState:
    return MarketState(INSTRUMENTS, (), VirtualClock())


class Desk:
    """A market on the clock of a recording."""

    def __init__(self, start_ms: int) -> None:
        self.clock = ReplayClock(start_ms)
        self.market = MarketState(INSTRUMENTS, (), self.clock)
        self.samples: list[tuple[str, FlowSample]] = []

    def play(self, moments: Iterable[Moment]) -> None:
        for moment in moments:
            self.clock.set(moment.ts_ms)
            for event in moment.events:
                deliver(event, self.market)
            self.samples += self.market.take_flow(moment.ts_ms)


@cache
def recording() -> tuple[Moment, ...]:
    return tuple(RawTape(RAW_SAMPLE).moments(0))


@cache
def played() -> Desk:
    """A desk that has seen the whole recording; only to be looked at."""
    desk = Desk(recording()[0].ts_ms - 1)
    desk.play(recording())
    return desk


@cache
def candle_tape() -> CandleTape:
    return CandleTape(load_all_candles())


def candle_desk(minutes: int, until_second: int = 0) -> Desk:
    """A desk that began two days into the recorded candles and has played some minutes of them."""
    tape = candle_tape()
    start_ms = tape.start_ms + 2 * 1440 * MINUTE_MS
    desk = Desk(start_ms - 1)
    for symbol in tape.symbols:
        desk.market.warm_up(symbol, tape.history(symbol, start_ms))
    desk.market.recall(tape.past(start_ms))
    desk.market.restore(tape.market_at(start_ms - 1))
    end_ms = start_ms + minutes * MINUTE_MS + until_second * 1000
    for moment in tape.moments(start_ms):
        if moment.ts_ms > end_ms:
            break
        desk.play([moment])
    return desk


def test_restored_it_knows_quotes_marks_and_books_before_anything_is_played() -> None:
    tape, market = RawTape(RAW_SAMPLE), an_empty_market()
    with pytest.raises(Unavailable, match="ETH has no quote yet"):
        market.quote("ETH")
    book, quote = tape.market_at(tape.start_ms + 10_000)
    market.restore((book, quote))
    assert market.quote("ETH") == quote
    assert market.book("ETH") == book
    assert market.marks() == {"ETH": market.quote("ETH").mark}


def test_a_book_that_is_lost_is_forgotten() -> None:
    tape, market = RawTape(RAW_SAMPLE), an_empty_market()
    market.restore(tape.market_at(tape.start_ms + 10_000))
    market.on_book_lost("ETH")
    market.on_book_lost("ETH")
    assert market.book("ETH") is None
    assert market.quote_or_none("ETH") is not None
    (status,) = (each for each in market.feed_statuses() if each.symbol == "ETH")
    assert (status.book, status.resyncs) == ("lost", 1)


def test_every_quarter_minute_of_the_recording_is_a_sample_of_what_arrived_in_it() -> None:
    start_ms, end_ms = recording()[0].ts_ms, recording()[-1].ts_ms
    first_ms = start_ms + -start_ms % 15_000
    samples = [sample for _, sample in played().samples]
    assert [sample.close_ms for sample in samples] == list(range(first_ms + 15_000, end_ms, 15_000))
    assert len(samples) > 20
    for sample in samples:
        events = [
            event
            for moment in recording()
            if sample.close_ms - 15_000 <= moment.ts_ms < sample.close_ms
            for event in moment.events
        ]
        trades = [event for event in events if isinstance(event, Trade)]
        prices = [float(trade.price) for trade in trades]
        assert (sample.open, sample.close) == (prices[0], prices[-1])
        assert (sample.high, sample.low, sample.trades) == (max(prices), min(prices), len(prices))
        for side, notional in ((Side.BUY, sample.buy_notional), (Side.SELL, sample.sell_notional)):
            exact = sum(trade.price * trade.quantity for trade in trades if trade.taker_side is side)
            assert notional == pytest.approx(float(exact), rel=1e-12)
        book = [event for event in events if isinstance(event, BookSnapshot)][-1]
        assert (sample.bid_depth, sample.ask_depth) == (
            float(book.near_bids or 0),
            float(book.near_asks or 0),
        )
        assert math.isnan(sample.open_interest)


@pytest.mark.parametrize("window", [Period.M1, Period.M3, Period.M5])
@pytest.mark.parametrize("quantity", FlowQuantity)
def test_recorded_flow_gives_the_same_in_both_forms(quantity: FlowQuantity, window: Period) -> None:
    series = played().market.flow_series(ETH)
    array = flow_array(quantity, series, window).tolist()
    stream = FlowStream(quantity, window)
    values = [stream.update(sample) for _, sample in played().samples]
    assert [repr(value) for value in values] == [
        "None" if math.isnan(value) else repr(value) for value in array
    ]
    unknown = quantity.value.startswith(("oi", "funding"))
    assert all(value is None for value in values) if unknown else values[-1] is not None


def test_a_reading_shows_the_nine_measures_of_the_window_that_forms() -> None:
    market = played().market
    reading = market.flow(ETH, Period.M1)
    assert reading is market.flow(ETH, Period.M1)
    assert reading.as_of_ms == played().samples[-1][1].close_ms
    assert reading.window_open_ms == Period.M1.open_of(reading.as_of_ms - 1)
    series = market.flow_series(ETH)
    for metric in FlowMetric:
        expected = flow_array(QUANTITY_OF_METRIC[metric], series, Period.M1)[-1]
        assert repr(reading.value(metric)) == ("None" if math.isnan(expected) else repr(float(expected)))
    assert reading.value(FlowMetric.CVD) is not None
    assert market.flow("BTC", Period.M1).value(FlowMetric.CVD) is None


def test_the_last_trades_are_kept_oldest_first() -> None:
    trades = [event for moment in recording() for event in moment.events if isinstance(event, Trade)]
    market = played().market
    assert market.trades(ETH) == tuple(trades[-TRADES_KEPT:])
    assert market.trades(ETH, 3) == tuple(trades[-3:])
    assert market.trades(ETH, 0) == ()
    assert market.trades("BTC") == ()


def test_a_desk_that_resumes_knows_what_one_that_never_stopped_knows() -> None:
    tape = RawTape(RAW_SAMPLE)
    resume_ms = tape.start_ms + 97_000
    straight = Desk(tape.start_ms - 1)
    straight.play(moment for moment in recording() if moment.ts_ms < resume_ms)
    resumed = Desk(resume_ms - 1)
    resumed.market.warm_up(ETH, tape.history(ETH, resume_ms))
    resumed.market.recall(tape.past(resume_ms))
    resumed.market.restore(tape.market_at(resume_ms - 1))
    assert resumed.market.take_feed_changes() == []
    rest = [moment for moment in recording() if resume_ms <= moment.ts_ms < resume_ms + 40_000]
    straight_before = len(straight.samples)
    for desk in (straight, resumed):
        desk.play(rest)
    assert resumed.samples == straight.samples[straight_before:]
    assert len(resumed.samples) >= 2
    for ours, theirs in zip(
        msgspec.structs.astuple(resumed.market.flow_series(ETH)),
        msgspec.structs.astuple(straight.market.flow_series(ETH)),
        strict=True,
    ):
        assert ours.tobytes() == theirs.tobytes()
    for period in Period:
        assert resumed.market.history(ETH, period) == straight.market.history(ETH, period)
        assert resumed.market.forming(ETH, period) == straight.market.forming(ETH, period)
    assert resumed.market.trades(ETH) == straight.market.trades(ETH)
    assert resumed.market.minutes(ETH).candles() == straight.market.minutes(ETH).candles()


def test_trades_form_the_minute_until_the_recorded_one_replaces_it() -> None:
    desk = Desk(recording()[0].ts_ms - 1)
    formed: dict[int, Candle] = {}
    compared = 0
    for moment in recording():
        for event in moment.events:
            if isinstance(event, CandleUpdate) and event.candle.closed:
                before = formed[event.candle.open_ms]
                assert msgspec.structs.replace(before, volume=0.0, closed=True) == msgspec.structs.replace(
                    event.candle, volume=0.0
                )
                assert before.volume == pytest.approx(event.candle.volume)
                compared += 1
        desk.play([moment])
        if forming := desk.market.forming(ETH, Period.M1):
            formed[forming.open_ms] = forming
            assert not forming.closed
    assert compared == 4


def test_on_a_candle_tape_every_period_forms_from_marks_and_closes_as_recorded() -> None:
    desk = candle_desk(7, until_second=40)
    market, start_ms = desk.market, candle_tape().start_ms + 2 * 1440 * MINUTE_MS
    open_ms = start_ms + 7 * MINUTE_MS
    minutes = market.minutes("BTC")
    assert (int(minutes.open_ms[-1]), len(minutes)) == (open_ms - MINUTE_MS, 2 * 1440 + 8)
    forming = market.forming("BTC", Period.M1)
    assert forming is not None
    assert (forming.open_ms, forming.close) == (open_ms, float(market.quote("BTC").mark))
    assert forming.volume == 0
    for period in Period:
        whole = aggregate(minutes, period)
        kept = market.history("BTC", period)
        assert kept == whole.closed.candles(len(kept))
        assert (len(kept) > 0) == (len(whole.closed) > 0)
        longer = market.forming("BTC", period)
        if longer is not None and period is not Period.M1:
            assert longer.open_ms == period.open_of(open_ms)
            assert longer.close == forming.close
            assert longer.high >= forming.high


def test_where_there_are_only_candles_each_closed_minute_is_a_sample() -> None:
    desk = candle_desk(3)
    btc = [sample for symbol, sample in desk.samples if symbol == "BTC"]
    assert [sample.seconds for sample in btc] == [60] * 4
    assert len(desk.samples) == 12
    assert [sample.close_ms for _, sample in desk.samples] == sorted(s.close_ms for _, s in desk.samples)
    series = desk.market.flow_series("BTC")
    expected = FlowSeries.of_minutes(desk.market.minutes("BTC"))
    for ours, theirs in zip(msgspec.structs.astuple(series), msgspec.structs.astuple(expected), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    reading = desk.market.flow("BTC", Period.H1)
    assert reading.value(FlowMetric.PRICE_CHANGE) is not None
    assert reading.value(FlowMetric.CVD) is None


def test_the_minutes_before_the_first_trades_are_part_of_the_flow() -> None:
    desk = candle_desk(3)
    market, now_ms = desk.market, desk.clock.now_ms()
    for second in range(0, 95, 5):
        ts_ms = now_ms + 1000 + second * 1000
        desk.clock.set(ts_ms)
        market.on_trade(Trade("BTC", Decimal(100_000), Decimal(1), Side.BUY, second // 5, ts_ms))
        market.take_flow(ts_ms)
    series = market.flow_series("BTC")
    assert series.seconds.tolist()[-6:] == [60, 15, 15, 15, 15, 15]
    assert series.close_ms.tolist()[-7] == now_ms - MINUTE_MS
    assert (series.close_ms[1:] > series.close_ms[:-1]).all()
    assert market.flow("BTC", Period.H4).value(FlowMetric.PRICE_CHANGE) is not None


def test_a_reading_is_new_when_as_many_samples_say_something_else() -> None:
    desk = candle_desk(3)
    market, now_ms = desk.market, desk.clock.now_ms()
    market.flow("BTC", Period.M1)
    for second in range(0, 65, 5):
        ts_ms = now_ms + 1000 + second * 1000
        desk.clock.set(ts_ms)
        market.on_trade(Trade("BTC", Decimal(100_000), Decimal(1), Side.BUY, second // 5, ts_ms))
        market.take_flow(ts_ms)
        series = market.flow_series("BTC")
        assert market.flow("BTC", Period.M1).as_of_ms == series.close_ms[-1]
    assert market.flow("BTC", Period.M1).value(FlowMetric.CVD) is not None


def test_before_the_first_sample_a_reading_is_of_the_window_of_now() -> None:
    desk = Desk(recording()[0].ts_ms)
    first = desk.market.flow(ETH, Period.M1)
    desk.clock.set(desk.clock.now_ms() + 5 * MINUTE_MS)
    later = desk.market.flow(ETH, Period.M1)
    assert later.window_open_ms == first.window_open_ms + 5 * MINUTE_MS
    assert later.value(FlowMetric.PRICE_CHANGE) is None


@pytest.mark.parametrize("period", [Period.M1, Period.M5])
def test_indicators_begin_at_the_first_candle_on_record(period: Period) -> None:
    tape = candle_tape()
    minutes = tape.history("BTC", tape.start_ms + 3 * 1440 * MINUTE_MS)
    market = MarketState(INSTRUMENTS, (period,), VirtualClock())
    market.warm_up("BTC", minutes)
    candles = aggregate(minutes, period).closed
    assert period is not Period.M1 or len(candles) > KEPT_CANDLES
    values = market.indicators("BTC", period)
    assert set(values) == set(INDICATORS)
    for name, pair in values.items():
        assert pair == tuple(indicator_array(INDICATORS[name], candles)[[-1, -2]].tolist()), name


def test_the_change_of_a_day_is_of_a_day_even_where_minutes_are_missing() -> None:
    tape = candle_tape()
    start_ms = tape.start_ms + 2 * 1440 * MINUTE_MS
    minutes = tape.history("BTC", start_ms)
    (quote,) = (each for each in tape.market_at(start_ms - 1) if each.symbol == "BTC")

    def change(history: CandleSeries) -> float | None:
        market = MarketState(INSTRUMENTS, (), VirtualClock())
        market.warm_up("BTC", history)
        market.restore([quote])
        return market.change_24h("BTC")

    def without(first: int, after: int) -> CandleSeries:
        kept = [row for row in range(len(minutes)) if not first <= row - len(minutes) < after]
        return CandleSeries(*(column[kept] for column in msgspec.structs.astuple(minutes)))

    assert isinstance(quote, Quote)
    expected = float(quote.mark) / minutes.close[-1440] - 1
    assert change(minutes) == change(minutes.slice(-1440)) == change(without(-600, -100)) == expected
    assert change(without(-1445, -1400)) == float(quote.mark) / minutes.close[-1446] - 1
    assert change(minutes.slice(-1439)) is None
    assert change(minutes.slice(0, 0)) is None


def test_a_stamp_from_the_future_forms_the_minute_that_runs() -> None:
    desk = candle_desk(3)
    market, now_ms = desk.market, desk.clock.now_ms() + 1000
    desk.clock.set(now_ms)
    future_ms = now_ms + 60 * MINUTE_MS
    assert market.on_trade(Trade("BTC", Decimal(100_000), Decimal(1), Side.BUY, 1, future_ms))
    desk.clock.set(now_ms + 1000)
    assert market.on_trade(Trade("BTC", Decimal(100_005), Decimal(1), Side.BUY, 2, now_ms + 1000))
    forming = market.forming("BTC", Period.M1)
    assert forming is not None
    assert (forming.open_ms, forming.close) == (Period.M1.open_of(now_ms), 100_005.0)


def test_what_cannot_be_stops_nothing() -> None:
    tape = candle_tape()
    clock = ReplayClock(tape.start_ms)
    market = MarketState(INSTRUMENTS, (Period.M1,), clock)
    minute = tape.history("BTC", tape.start_ms + MINUTE_MS + 1).candle(-1)
    clock.set(minute.open_ms + MINUTE_MS)
    for wrong in (
        {"volume": math.inf},
        {"high": math.inf},
        {"open_ms": minute.open_ms + 1},
        {"open": math.nan},
    ):
        assert market.on_candle("BTC", msgspec.structs.replace(minute, **wrong)) == ()
    assert (
        market.on_candle("BTC", msgspec.structs.replace(minute, open_ms=minute.open_ms + 60 * MINUTE_MS))
        == ()
    )
    assert len(market.minutes("BTC")) == 0
    assert [closed.candle for closed in market.on_candle("BTC", minute)][:1] == [minute]


def test_what_the_guard_refuses_changes_nothing() -> None:
    desk = Desk(recording()[0].ts_ms - 1)
    desk.play(recording()[:3000])
    market, now_ms = desk.market, desk.clock.now_ms()
    quote, book, trades = market.quote(ETH), market.book(ETH), market.trades(ETH)
    assert book is not None
    assert not market.on_quote(msgspec.structs.replace(quote, bid=quote.ask))
    assert not market.on_quote(msgspec.structs.replace(quote, ts_ms=quote.ts_ms - 1))
    assert not market.on_trade(msgspec.structs.replace(trades[-1], trade_id=trades[-1].trade_id - 1))
    assert not market.on_book(msgspec.structs.replace(book, ts_ms=book.ts_ms - 1))
    assert (market.quote(ETH), market.book(ETH), market.trades(ETH)) == (quote, book, trades)
    assert not market.on_book(msgspec.structs.replace(book, bids=book.asks, asks=book.bids))
    assert market.book(ETH) is None
    assert {change.trouble for change in market.take_feed_changes() if change.symbol == ETH} == {
        FeedTrouble.CROSSED,
        FeedTrouble.OUT_OF_ORDER,
        FeedTrouble.BOOK_LOST,
    }
    (status,) = (each for each in market.feed_statuses() if each.symbol == ETH)
    assert (status.out_of_order, status.crossed, status.resyncs, status.book) == (3, 2, 1, "lost")
    assert (status.is_stale, status.quote_age_ms) == (False, now_ms - quote.ts_ms)


def test_a_paused_replay_does_not_go_stale_and_a_gap_in_it_does() -> None:
    desk = Desk(recording()[0].ts_ms - 1)
    desk.play(recording()[:500])
    assert not desk.market.is_stale(ETH)
    desk.clock.set(desk.clock.now_ms() + 15_500)
    assert desk.market.is_stale(ETH)
    changes = [change for change in desk.market.take_feed_changes() if change.symbol == ETH]
    assert [(change.trouble, change.is_over) for change in changes] == [(FeedTrouble.STALE, False)]
    desk.market.on_quote(msgspec.structs.replace(desk.market.quote(ETH), ts_ms=desk.clock.now_ms()))
    assert not desk.market.is_stale(ETH)


def test_the_whole_recording_is_clean() -> None:
    (status,) = (each for each in played().market.feed_statuses() if each.symbol == ETH)
    assert (status.book, status.resyncs, status.out_of_order, status.crossed) == ("true", 0, 0, 0)
    assert status.missing_trades == 0
    assert not status.is_stale
    assert not any(isinstance(event, BookLost) for moment in recording() for event in moment.events)


def test_a_hole_in_the_trades_makes_the_sample_unknown_and_is_reported() -> None:
    desk = Desk(recording()[0].ts_ms - 1)
    moments = [moment for moment in recording() if moment.ts_ms < recording()[0].ts_ms + 40_000]
    trades = [event for moment in moments for event in moment.events if isinstance(event, Trade)]
    lost = trades[len(trades) // 2]
    desk.play(Moment(m.ts_ms, tuple(event for event in m.events if event is not lost)) for m in moments)
    unknown = [math.isnan(sample.buy_notional) for _, sample in desk.samples]
    assert sum(unknown) == 1
    assert FeedTrouble.TRADES_MISSING in {change.trouble for change in desk.market.take_feed_changes()}


def test_a_screen_may_look_from_another_thread_at_any_time() -> None:
    desk = Desk(recording()[0].ts_ms - 1)
    is_over, failures, looks = threading.Event(), [], 0

    def look() -> None:
        nonlocal looks
        market = desk.market
        try:
            while not is_over.is_set():
                for period in Period:
                    forming, closed = market.forming(ETH, period), market.closed_candles(ETH, period)
                    assert not (forming and closed) or forming.open_ms >= closed[-1].open_ms
                series = market.flow_series(ETH)
                assert len(series.close_ms) == len(series.seconds)
                market.flow(ETH, Period.M1)
                ids = [trade.trade_id for trade in market.trades(ETH)]
                assert ids == list(range(ids[0], ids[0] + len(ids))) if ids else True
                market.feed_statuses()
                market.tickers()
                market.minutes(ETH)
                looks += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    desk.play(moment for moment in recording() if moment.ts_ms < recording()[0].ts_ms + 120_000)
    is_over.set()
    thread.join()
    assert failures == []
    assert looks > 5


def test_a_quote_of_another_symbol_does_not_keep_this_one_fresh() -> None:
    desk = candle_desk(0)
    market = desk.market
    later_ms = desk.clock.now_ms() + 20_000
    desk.clock.set(later_ms)
    fresh: Quote = msgspec.structs.replace(market.quote("BTC"), ts_ms=later_ms)
    market.on_quote(fresh)
    assert [status.is_stale for status in market.feed_statuses()] == [
        status.symbol != "BTC" for status in market.feed_statuses()
    ]
