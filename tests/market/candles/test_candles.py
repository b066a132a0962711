"""Minutes become longer candles by one rule, in arrays and one at a time alike."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.candles.builder import CandleBuilder
from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.periods import MINUTE_MS, Period, parse_period
from engine.model.candle import Candle
from engine.samples import load_candles

COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")


@cache
def recorded() -> CandleSeries:
    return series_of(load_candles("BTC"))


def assert_same(left: CandleSeries, right: CandleSeries) -> None:
    for column in COLUMNS:
        assert np.array_equal(getattr(left, column), getattr(right, column)), column


@pytest.mark.parametrize("period", Period)
def test_a_period_opens_on_the_calendar(period: Period) -> None:
    moment = int(datetime(2025, 6, 18, 17, 44, 31, tzinfo=UTC).timestamp() * 1000)
    open_ms = period.open_of(moment)
    opened = datetime.fromtimestamp(open_ms / 1000, UTC)
    assert open_ms <= moment < period.close_of(moment) == open_ms + period.length_ms
    assert opened.second == 0
    if period.length_ms >= Period.D1.length_ms:
        assert (opened.hour, opened.minute) == (0, 0)
    if period is Period.W1:
        assert opened.strftime("%A") == "Monday"


def test_a_period_is_parsed_or_refused_by_name() -> None:
    assert parse_period(" 4H ") is Period.H4
    with pytest.raises(InvalidInput, match="period: 7m is not allowed; allowed is 1m, 3m"):
        parse_period("7m")
    with pytest.raises(InvalidInput, match="period: 15M is not allowed"):  # minutes are small, months large
        parse_period("15M")


def test_an_hour_spans_its_sixty_minutes() -> None:
    minutes = recorded()
    hours = aggregate(minutes, Period.H1).closed
    hour = hours.candle(10)
    first = int(np.searchsorted(minutes.open_ms, hour.open_ms))
    inside = minutes.slice(first, first + 60)
    assert hour.open == inside.open[0]
    assert hour.high == inside.high.max()
    assert hour.low == inside.low.min()
    assert hour.close == inside.close[-1]
    assert hour.volume == pytest.approx(inside.volume.sum(), rel=1e-12)


def test_a_cut_first_candle_is_left_out_and_the_last_one_is_forming() -> None:
    minutes = recorded()  # from 15:33 to 10:31
    hours = aggregate(minutes, Period.H1)
    assert hours.closed.open_ms[0] == Period.H1.close_of(int(minutes.open_ms[0]))
    assert hours.forming is not None
    assert not hours.forming.closed
    assert hours.forming.close == minutes.close[-1]
    assert hours.forming.open_ms == hours.closed.open_ms[-1] + Period.H1.length_ms


@settings(max_examples=40, deadline=None)
@given(
    start=st.integers(0, 70_000),
    length=st.integers(1, 3000),
    period=st.sampled_from(list(Period)),
    gaps=st.sets(st.integers(0, 2999), max_size=40),
)
def test_one_at_a_time_gives_what_arrays_give(
    start: int, length: int, period: Period, gaps: set[int]
) -> None:
    window = recorded().slice(start, start + length)
    minutes = CandleSeries.of(candle for i, candle in enumerate(window.candles()) if i not in gaps)
    builder = CandleBuilder([period], keep=5000)
    closed = [
        done.candle
        for candle in minutes.candles()
        for done in builder.add_minute(candle)
        if done.period is period
    ]
    expected = aggregate(minutes, period)
    assert_same(builder.series(period), expected.closed)
    assert_same(CandleSeries.of(closed), expected.closed)
    if period is not Period.M1:
        assert builder.forming(period) == expected.forming


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, 2000), period=st.sampled_from(list(Period)))
def test_a_restart_from_history_changes_nothing(cut: int, period: Period) -> None:
    minutes = recorded().slice(100, 2100)
    whole, restarted = CandleBuilder([period]), CandleBuilder([period])
    for candle in minutes.candles():
        whole.add_minute(candle)
    restarted.warm_up(minutes.slice(0, cut))
    for candle in minutes.slice(cut).candles():
        restarted.add_minute(candle)
    assert restarted.closed(period) == whole.closed(period)
    assert restarted.forming(period) == whole.forming(period)


def test_memory_is_bounded() -> None:
    builder = CandleBuilder([Period.M3], keep=10)
    for candle in recorded().slice(0, 500).candles():
        builder.add_minute(candle)
    assert len(builder.closed(Period.M1)) == len(builder.closed(Period.M3)) == 10
    assert len(builder.closed(Period.M1, limit=4)) == 4
    assert builder.closed(Period.M1, limit=0) == ()


def test_prices_form_a_minute_that_closes_at_its_boundary() -> None:
    builder = CandleBuilder([Period.M3])
    for ts_ms, price in ((0, 10.0), (20_000, 12.0), (40_000, 9.0), (59_999, 11.0)):
        assert builder.add_price(ts_ms, price, 1.0) == ()
    forming = Candle(0, 10.0, 12.0, 9.0, 11.0, 4.0, closed=False)
    assert builder.forming(Period.M1) == builder.forming(Period.M3) == forming
    (closed,) = builder.add_price(MINUTE_MS, 20.0, 1.0)
    assert (closed.period, closed.close_ms) == (Period.M1, MINUTE_MS)
    assert closed.candle == Candle(0, 10.0, 12.0, 9.0, 11.0, 4.0)
    assert builder.forming(Period.M3) == Candle(0, 10.0, 20.0, 9.0, 20.0, 5.0, closed=False)


def test_a_minute_closes_by_the_clock_when_no_price_comes() -> None:
    builder = CandleBuilder()
    builder.add_price(0, 10.0)
    assert builder.close_until(59_999) == ()
    assert [done.candle.close for done in builder.close_until(60_000)] == [10.0]
    assert builder.forming(Period.M1) is None


def test_a_minute_whose_beginning_was_missed_is_never_closed_from_prices() -> None:
    builder = CandleBuilder()
    builder.add_price(30_000, 10.0)
    assert builder.forming(Period.M1) is not None
    assert builder.add_price(60_500, 11.0) == ()
    assert [done.candle.open for done in builder.add_price(120_000, 12.0)] == [11.0]


def test_a_recorded_minute_replaces_what_prices_had_formed() -> None:
    builder = CandleBuilder()
    builder.add_price(0, 10.0)
    exact = Candle(0, 10.0, 15.0, 8.0, 11.0, 99.0)
    assert [done.candle for done in builder.add_minute(exact)] == [exact]
    assert builder.add_minute(exact) == ()
    assert builder.add_price(30_000, 10.0) == ()
    assert builder.closed(Period.M1) == (exact,)


@pytest.mark.parametrize("candle", [Candle(1, 1, 1, 1, 1, 1), Candle(MINUTE_MS, 1, 1, 1, 1, 1, closed=False)])
def test_a_candle_off_the_minute_or_unclosed_is_refused(candle: Candle) -> None:
    with pytest.raises(InvalidInput, match="a closed candle opens on a full minute"):
        CandleBuilder().add_minute(candle)


def test_a_period_that_is_not_built_is_refused() -> None:
    with pytest.raises(InvalidInput, match="built are 1m, 15m"):
        CandleBuilder([Period.M15]).closed(Period.H1)
