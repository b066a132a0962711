"""Charts: windows of candles and lines that equal the live indicators, and stay the same object."""

from __future__ import annotations

import threading
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DeskError, InvalidInput, NotFound
from engine.market.candles.builder import CandleBuilder
from engine.market.candles.minute_history import MinuteHistory
from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.charts.source import ChartSource
from engine.market.indicators import INDICATOR_INFOS, IndicatorStream, indicator, indicator_array
from engine.market.periods import Period
from engine.model.candle import Candle
from engine.model.chart import ChartPlace, ChartRequest
from engine.samples import load_candles

ALL = tuple(INDICATOR_INFOS)


@cache
def recorded() -> CandleSeries:
    return series_of(load_candles("SOL"))


class RecordedMarket:
    """The shipped minutes up to any of them, with a builder for what is forming."""

    def __init__(self, count: int, start: int = 0) -> None:
        self.history = MinuteHistory()
        self.builder = CandleBuilder(list(Period))
        self.next = start + count
        self.history.extend(recorded().slice(start, self.next))
        self.builder.warm_up(self.history.series())

    def minutes(self, symbol: str) -> CandleSeries:
        if symbol != "SOL":
            raise NotFound(f"symbol: {symbol} is not known", field="symbol", value=symbol)
        return self.history.series()

    def forming(self, symbol: str, period: Period) -> Candle | None:
        return self.builder.forming(period)

    def close_minute(self) -> None:
        minute = recorded().candle(self.next)
        self.builder.add_minute(minute)
        self.history.append(minute)
        self.next += 1

    def move(self, price: float) -> None:
        self.builder.add_price(int(recorded().open_ms[self.next]) + 5_000, price, 1.0)


def as_array(values: tuple[float | None, ...]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


@settings(max_examples=25, deadline=None)
@given(
    period=st.sampled_from([Period.M1, Period.M3, Period.M5, Period.M15, Period.H1]),
    start=st.integers(0, 3000),
    count=st.integers(0, 4000),
    limit=st.integers(1, 300),
    closes=st.lists(st.integers(0, 7), max_size=4),
)
def test_a_chart_carried_forward_equals_one_computed_from_the_whole_history(
    period: Period, start: int, count: int, limit: int, closes: list[int]
) -> None:
    market = RecordedMarket(count, start)
    source = ChartSource(market)
    request = ChartRequest(symbol="SOL", period=str(period), indicators=ALL, limit=limit)
    source.chart(request)
    for minutes in closes:
        for _ in range(minutes):
            market.close_minute()
        market.move(float(recorded().close[market.next]) + minutes)
        source.chart(request)
    chart = source.chart(request)
    closed = aggregate(market.minutes("SOL"), period).closed
    forming = market.forming("SOL", period)
    candles = closed.candles() if forming is None else (*closed.candles(), forming)
    assert chart.candles == candles[-limit:]
    assert chart.has_earlier == (len(candles) > limit)
    for line in chart.lines:
        values = indicator_array(indicator(line.name), closed).tolist()
        if forming is not None:
            live = IndicatorStream(indicator(line.name))
            for candle in closed.candles():
                live.update(candle)
            peeked = live.peek(forming)
            values.append(float("nan") if peeked is None else peeked)
        assert np.array_equal(as_array(line.values), values[-limit:], equal_nan=True), line.name


def test_an_equal_request_gives_the_same_object_until_the_market_moves() -> None:
    market = RecordedMarket(2000)
    source = ChartSource(market)
    first = source.chart(ChartRequest(symbol="SOL", period="5m", indicators=("BOLL", "RSI14")))
    assert source.chart(ChartRequest(symbol="SOL", period="5m", indicators=("BOLL", "RSI14"))) is first
    market.move(1.0)
    moved = source.chart(ChartRequest(symbol="SOL", period="5m", indicators=("BOLL", "RSI14")))
    assert moved.candles[-1].close == 1.0
    assert moved.candles[:-1] == first.candles[:-1]
    assert source.chart(ChartRequest(symbol="SOL", period="5m", indicators=("BOLL", "RSI14"))) is moved


def test_before_scrolls_back_to_the_first_candle_without_a_forming_one() -> None:
    source = ChartSource(RecordedMarket(1000))
    seen: list[tuple[Candle, float | None]] = []
    end: int | None = None
    while True:
        chart = source.chart(
            ChartRequest(symbol="SOL", period="15m", indicators=("EMA20",), limit=20, before_ms=end)
        )
        seen[:0] = list(zip(chart.candles, chart.lines[0].values, strict=True))
        end = chart.candles[0].open_ms
        assert len(chart.candles) <= 20
        if not chart.has_earlier:
            break
    whole = source.chart(ChartRequest(symbol="SOL", period="15m", indicators=("EMA20",), limit=2000))
    assert seen == list(zip(whole.candles, whole.lines[0].values, strict=True))
    empty = source.chart(ChartRequest(symbol="SOL", period="15m", before_ms=end))
    assert (empty.candles, empty.has_earlier) == ((), False)


def test_only_the_last_candle_may_be_forming_and_a_stale_one_is_not_shown() -> None:
    class SlowMarket(RecordedMarket):
        """Closes a minute between the two questions a chart asks."""

        def forming(self, symbol: str, period: Period) -> Candle | None:
            forming = super().forming(symbol, period)
            self.close_minute()
            return forming

    market = SlowMarket(1000)
    market.move(50.0)
    chart = ChartSource(market).chart(ChartRequest(symbol="SOL", period="1m", limit=3))
    assert [candle.closed for candle in chart.candles] == [True] * 3
    assert chart.candles == recorded().slice(998, 1001).candles()


def test_lines_have_their_group_and_place() -> None:
    source = ChartSource(RecordedMarket(500))
    chart = source.chart(ChartRequest(symbol="SOL", period="1m", indicators=("BOLL", "rsi14", "adx(7)")))
    assert [(line.name, line.group, line.place) for line in chart.lines] == [
        ("BOLL_UPPER", "BOLL", ChartPlace.PRICE),
        ("BOLL_MIDDLE", "BOLL", ChartPlace.PRICE),
        ("BOLL_LOWER", "BOLL", ChartPlace.PRICE),
        ("RSI14", "RSI14", ChartPlace.BELOW),
        ("adx(7)", "adx(7)", ChartPlace.BELOW),
    ]


def test_an_indicator_asked_for_twice_is_one_line_and_infinite_values_are_missing() -> None:
    source = ChartSource(RecordedMarket(500))
    chart = source.chart(
        ChartRequest(symbol="SOL", period="1m", indicators=("MACD", "MACD_HIST", "cosh(  )"), limit=5)
    )
    assert [line.name for line in chart.lines] == ["MACD", "MACD_SIGNAL", "MACD_HIST", "cosh()"]
    assert all(value is None or np.isfinite(value) for line in chart.lines for value in line.values)


def test_many_minutes_at_once_give_what_they_give_one_by_one() -> None:
    market = RecordedMarket(1000)
    source = ChartSource(market)
    request = ChartRequest(symbol="SOL", period="5m", indicators=ALL, limit=2000)
    source.chart(request)
    for _ in range(1200):
        market.close_minute()
    assert source.chart(request) == ChartSource(market).chart(request)


def test_a_history_that_begins_earlier_or_ends_earlier_is_taken_anew() -> None:
    market = RecordedMarket(1500, start=600)
    source = ChartSource(market)
    request = ChartRequest(symbol="SOL", period="3m", indicators=("EMA100",), limit=50)
    source.chart(request)
    for replacement in (RecordedMarket(2100), RecordedMarket(900)):
        market.history, market.builder = replacement.history, replacement.builder
        assert source.chart(request) == ChartSource(replacement).chart(request)


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (ChartRequest(symbol="SOL", period="7m"), InvalidInput, "period: 7m is not allowed; allowed is 1m"),
        (ChartRequest(symbol="SOL", period="1m", limit=0), InvalidInput, "limit: 0 .* 1 to 2000"),
        (ChartRequest(symbol="SOL", period="1m", limit=2001), InvalidInput, "limit: 2001 .* 1 to 2000"),
        (ChartRequest(symbol="DOGE", period="1m"), NotFound, "DOGE"),
        (ChartRequest(symbol="SOL", period="1m", indicators=("RSX",)), NotFound, "RSX is not known"),
        (ChartRequest(symbol="SOL", period="1m", indicators=("adx(0)",)), InvalidInput, "2 to 100000"),
        (ChartRequest(symbol="SOL", period="1m", indicators=("RSI7",) * 33), InvalidInput, "32 at most"),
    ],
)
def test_a_wrong_request_is_refused(request_: ChartRequest, error: type[DeskError], message: str) -> None:
    with pytest.raises(error, match=message):
        ChartSource(RecordedMarket(100)).chart(request_)


def test_screens_may_ask_from_other_threads_while_minutes_close() -> None:
    market = RecordedMarket(3000)
    source = ChartSource(market)
    failures: list[BaseException] = []
    done = threading.Event()

    def ask(period: str) -> None:
        try:
            while not done.is_set():
                chart = source.chart(ChartRequest(symbol="SOL", period=period, indicators=("MACD", "VWAP")))
                opens = [candle.open_ms for candle in chart.candles]
                assert opens == sorted(set(opens))
                assert all(len(line.values) == len(opens) for line in chart.lines)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(period,)) for period in ("1m", "5m", "1m")]
    for thread in threads:
        thread.start()
    for _ in range(1500):
        market.move(100.0)
        market.close_minute()
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
