"""The candle tape shows exactly what was recorded, in order, and never anything of the future."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput, NotFound
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.candles.series import series_of
from engine.market.periods import HOUR_MS, MINUTE_MS
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.tape import FUNDING_BASE_RATE, CandleUpdate, FundingDue, Moment, TapeEvent
from engine.model.instrument import Instrument
from engine.model.quote import Quote
from engine.samples import RecordedCandles, load_all_candles, load_candles

MINUTES = 40


def excerpt(recorded: RecordedCandles, start: int, rows: int) -> RecordedCandles:
    return RecordedCandles(
        recorded.sample,
        recorded.start_ms + start * MINUTE_MS,
        *(
            getattr(recorded, column)[start : start + rows].copy()
            for column in ("open", "high", "low", "close", "volume")
        ),
    )


@cache
def recordings() -> tuple[RecordedCandles, ...]:
    return tuple(excerpt(recorded, 490, MINUTES) for recorded in load_all_candles())


@cache
def played() -> tuple[Moment, ...]:
    return tuple(CandleTape(recordings()).moments(0))


def events_of[Event: TapeEvent](kind: type[Event], moments: tuple[Moment, ...]) -> list[Event]:
    return [event for moment in moments for event in moment.events if isinstance(event, kind)]


def test_one_moment_a_second_and_one_quote_a_symbol() -> None:
    tape = CandleTape(recordings())
    times = [moment.ts_ms for moment in played()]
    assert times == list(range(tape.start_ms, tape.end_ms + 1, 1000))
    for moment in played()[:-1]:
        quotes = [event for event in moment.events if isinstance(event, Quote)]
        assert [quote.symbol for quote in quotes] == ["BTC", "ETH", "SOL"]
        assert {quote.ts_ms for quote in quotes} == {moment.ts_ms}


def test_each_minute_shows_its_exact_open_high_low_and_close() -> None:
    (recorded,) = (recorded for recorded in recordings() if recorded.sample.symbol == "BTC")
    series = series_of(recorded)
    marks = [float(quote.mark) for quote in events_of(Quote, played()) if quote.symbol == "BTC"]
    for row in range(1, MINUTES):
        minute = marks[(row - 1) * 60 : row * 60]
        candle = series.candle(row)
        assert (minute[0], max(minute), min(minute), minute[-1]) == (
            candle.open,
            candle.high,
            candle.low,
            candle.close,
        )
        low_comes_first = minute[20] == candle.low
        assert low_comes_first if candle.close >= candle.open else minute[20] == candle.high


def test_quotes_are_on_the_grid_and_never_crossed() -> None:
    samples = {recorded.sample.symbol: recorded.sample for recorded in recordings()}
    for quote in events_of(Quote, played()):
        sample = samples[quote.symbol]
        assert quote.bid < quote.ask
        assert quote.bid <= quote.mark <= quote.mid
        assert quote.mid - quote.mark < sample.tick_size
        for price in (quote.bid, quote.ask, quote.mark):
            assert price % sample.tick_size == 0
        assert quote.bid_quantity % sample.lot_size == 0
        assert quote.bid_quantity == quote.ask_quantity >= sample.lot_size


def test_the_spread_follows_the_previous_minute() -> None:
    recorded = excerpt(load_candles("BTC"), 100, 3)
    wild = msgspec.structs.replace(recorded, high=recorded.high.copy())
    wild.high[0] = wild.low[0] + 1000
    wild.volume[0] = 90_000
    quote = CandleTape([wild]).moments(0).__next__().events[-1]
    assert isinstance(quote, Quote)
    assert quote.ask - quote.bid == 20 * wild.sample.tick_size
    assert quote.bid_quantity == 1500 * wild.sample.lot_size


def test_closed_candles_come_exactly_as_recorded_before_the_next_quote() -> None:
    tape = CandleTape(recordings())
    for recorded in recordings():
        symbol = recorded.sample.symbol
        closed = [u.candle for u in events_of(CandleUpdate, played()) if u.symbol == symbol]
        assert tuple(closed) == series_of(recorded).candles()
    for moment in played():
        kinds = [type(event) for event in moment.events]
        assert kinds == sorted(kinds, key=[CandleUpdate, FundingDue, Quote].index)
        for event in moment.events:
            if isinstance(event, CandleUpdate):
                assert event.candle.open_ms + MINUTE_MS == moment.ts_ms
    assert tape.end_ms == played()[-1].ts_ms


def test_funding_falls_due_every_eight_hours_at_the_last_mark() -> None:
    (midnight,) = {due.ts_ms for due in events_of(FundingDue, played())}
    assert midnight % (8 * HOUR_MS) == 0
    before = {q.symbol: q.mark for q in events_of(Quote, played()) if q.ts_ms < midnight}
    due = events_of(FundingDue, played())
    assert {event.symbol: event.mark for event in due} == before
    assert {event.rate for event in due} == {FUNDING_BASE_RATE}


def an_instrument(symbol: str, funding_interval_hours: int) -> Instrument:
    return msgspec.structs.replace(INSTRUMENTS[symbol], funding_interval_hours=funding_interval_hours)


def test_each_symbol_settles_at_its_own_interval_and_pro_rata() -> None:
    """Over nine hours one symbol settles every hour, one every four, one every eight."""
    recorded = [excerpt(whole, 490, 9 * 60) for whole in load_all_candles()]
    hours = {"BTC": 1, "ETH": 4, "SOL": 8}
    tape = CandleTape(recorded, {symbol: an_instrument(symbol, hours[symbol]) for symbol in hours})
    due = events_of(FundingDue, tuple(tape.moments(0)))
    times: dict[str, list[int]] = {symbol: [] for symbol in hours}
    for event in due:
        times[event.symbol].append(event.ts_ms)
        assert event.rate == FUNDING_BASE_RATE * hours[event.symbol] / 8
    for symbol, interval in hours.items():
        full = range(0, tape.end_ms + 1, interval * HOUR_MS)
        assert times[symbol] == [ts_ms for ts_ms in full if ts_ms >= tape.start_ms]
    assert [len(times[symbol]) for symbol in hours] == [9, 3, 2]


@settings(max_examples=40, deadline=None)
@given(
    symbol=st.integers(0, 2),
    row=st.integers(1, MINUTES - 1),
    shift=st.integers(-5000, 5000),
    swing=st.integers(0, 5000),
    volume=st.integers(0, 10_000_000),
)
def test_changing_a_future_candle_changes_nothing_before_it_opens(
    symbol: int, row: int, shift: int, swing: int, volume: int
) -> None:
    changed = list(recordings())
    recorded = changed[symbol] = excerpt(recordings()[symbol], 0, MINUTES)
    for column in (recorded.open, recorded.high, recorded.low, recorded.close):
        column[row:] += shift
    recorded.high[row:] += swing
    recorded.volume[row:] = volume
    opens_ms = recorded.start_ms + row * MINUTE_MS
    seen = [moment for moment in CandleTape(changed).moments(0) if moment.ts_ms < opens_ms]
    assert seen == [moment for moment in played() if moment.ts_ms < opens_ms]
    # What closes as the changed candle opens is still the unchanged one.
    at_open = next(CandleTape(changed).moments(opens_ms))
    candles = [event for event in at_open.events if isinstance(event, CandleUpdate)]
    assert candles == [e for m in played() if m.ts_ms == opens_ms for e in m.events if e in candles]
    assert len(candles) == 3


@settings(max_examples=40, deadline=None)
@given(offset=st.integers(-100_000, MINUTES * MINUTE_MS))
def test_starting_anywhere_gives_the_rest_of_the_same_tape(offset: int) -> None:
    tape = CandleTape(recordings())
    from_ms = tape.start_ms + offset
    assert list(tape.moments(from_ms)) == [moment for moment in played() if moment.ts_ms >= from_ms]


@settings(max_examples=40, deadline=None)
@given(offset=st.integers(-100_000, MINUTES * MINUTE_MS))
def test_history_and_what_is_still_to_come_make_the_whole_without_overlap(offset: int) -> None:
    tape = CandleTape(recordings())
    from_ms = tape.start_ms + offset
    later = events_of(CandleUpdate, tuple(tape.moments(from_ms)))
    for recorded in recordings():
        symbol = recorded.sample.symbol
        history = tape.history(symbol, from_ms).candles()
        assert history + tuple(u.candle for u in later if u.symbol == symbol) == series_of(recorded).candles()


@settings(max_examples=40, deadline=None)
@given(offset=st.integers(-100_000, (MINUTES + 5) * MINUTE_MS))
def test_the_market_at_any_time_is_the_last_quote_of_every_symbol(offset: int) -> None:
    tape = CandleTape(recordings())
    ts_ms = tape.start_ms + offset
    last = {quote.symbol: quote for quote in events_of(Quote, played()) if quote.ts_ms <= ts_ms}
    assert tape.market_at(ts_ms) == tuple(last.values())
    assert len(last) == (3 if offset >= 0 else 0)


def test_recordings_are_cut_to_the_minutes_they_share() -> None:
    first, second, _ = load_all_candles()
    tape = CandleTape([excerpt(first, 0, 10), excerpt(second, 5, 10)])
    assert tape.start_ms == first.start_ms + 6 * MINUTE_MS
    assert tape.end_ms == first.start_ms + 10 * MINUTE_MS
    with pytest.raises(InvalidInput, match="must share two minutes"):
        CandleTape([excerpt(first, 0, 10), excerpt(second, 9, 10)])


def test_a_symbol_that_is_not_on_the_tape_is_refused() -> None:
    with pytest.raises(NotFound, match="DOGE is not on this tape"):
        CandleTape(recordings()).history("DOGE", 0)


def test_a_price_between_two_ticks_is_shown_on_the_nearest_one() -> None:
    recorded = load_candles("SOL")
    off_tick = np.flatnonzero(recorded.open % 10)
    row = int(off_tick[0])
    quote = next(CandleTape([excerpt(recorded, row - 1, 2)]).moments(0)).events[-1]
    assert isinstance(quote, Quote)
    assert quote.mark % recorded.sample.tick_size == 0
    assert abs(float(quote.mark) - recorded.open[row] / 1000) <= 0.005
