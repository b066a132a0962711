"""Indicators: both forms agree to the last bit, and warm-up is missing, not a number."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.candles.minute_history import MinuteHistory
from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.indicators import (
    INDICATORS,
    IndicatorDefinition,
    IndicatorSet,
    IndicatorStream,
    indicator,
    indicator_array,
    indicator_lines,
    rsi,
)
from engine.market.indicators.functions import function_names, lookback, talib_function
from engine.market.periods import Period
from engine.model.candle import Candle
from engine.samples import load_candles

FUNCTIONS = [name for name in function_names() if name != "MAVP"]
WHOLE_NUMBERS = ["maxindex(9)", "minmaxindex(9)", "fractal(3,5)", "supertrend(7,2)", "ht_trendmode"]


@cache
def recorded() -> CandleSeries:
    return aggregate(series_of(load_candles("ETH")), Period.M5).closed


def as_array(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def streamed(definition: IndicatorDefinition, series: CandleSeries) -> list[float]:
    stream = IndicatorStream(definition)
    return as_array([stream.update(candle) for candle in series.candles()])


def assert_restart_changes_nothing(definition: IndicatorDefinition, series: CandleSeries, at: int) -> None:
    through, restarted = IndicatorStream(definition), IndicatorStream(definition, series.slice(0, at))
    for row, candle in enumerate(series.candles()):
        if row == at:
            assert (restarted.value, restarted.previous) == (through.value, through.previous)
        through.update(candle)
        if row >= at:
            assert restarted.update(candle) == through.value
    assert (restarted.value, restarted.previous) == (through.value, through.previous)


@pytest.mark.parametrize("name", INDICATORS)
def test_stream_equals_array_exactly_on_the_whole_recording(name: str) -> None:
    batch = indicator_array(indicator(name), recorded())
    assert np.array_equal(streamed(indicator(name), recorded()), batch, equal_nan=True)
    assert np.isfinite(batch).sum() > len(batch) - 100


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(list(INDICATORS)),
    start=st.integers(0, 10_000),
    length=st.integers(1, 400),
    part=st.floats(0, 1),
)
def test_stream_equals_array_from_any_start_and_across_a_restart(
    name: str, start: int, length: int, part: float
) -> None:
    window = recorded().slice(start, start + length)
    batch = indicator_array(indicator(name), window)
    assert np.array_equal(streamed(indicator(name), window), batch, equal_nan=True)
    assert_restart_changes_nothing(indicator(name), window, round(part * (len(window) - 1)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_of_talib_agrees_in_both_forms_and_across_a_restart(function: str) -> None:
    series = recorded().slice(4000, 4420)
    for line in indicator_lines(f"{function.lower()}()"):
        batch = indicator_array(line, series)
        assert np.array_equal(streamed(line, series), batch, equal_nan=True)
        warm_up = lookback(line.function, line.parameters)
        assert np.isnan(batch[:warm_up]).all()
        if function not in ("ACOS", "ASIN"):  # of no price: they take -1 to 1
            assert not np.isnan(batch[warm_up:]).any()
        assert_restart_changes_nothing(line, series, 300)
        assert_restart_changes_nothing(line, series, warm_up)


@settings(max_examples=100, deadline=None)
@given(
    function=st.sampled_from([*FUNCTIONS, *WHOLE_NUMBERS]),
    start=st.integers(0, 10_000),
    length=st.integers(1, 150),
)
def test_every_function_agrees_from_any_start(function: str, start: int, length: int) -> None:
    series = recorded().slice(start, start + length)
    for line in indicator_lines(function.lower()):
        assert np.array_equal(streamed(line, series), indicator_array(line, series), equal_nan=True)


def test_zero_volume_and_a_price_that_stands_still_do_not_part_the_two_forms() -> None:
    still = MinuteHistory()
    for row, candle in enumerate(recorded().candles()[:300]):
        volume = 0.0 if row % 7 < 5 else candle.volume
        price = 2500.0 if row % 90 < 40 else candle.close
        still.append(Candle(candle.open_ms, price, price + row % 2, price, price, volume))
    for function in FUNCTIONS:
        for line in indicator_lines(function.lower()):
            batch = indicator_array(line, still.series())
            assert np.array_equal(streamed(line, still.series()), batch, equal_nan=True), function


@pytest.mark.parametrize("name", INDICATORS)
def test_peeking_at_a_forming_candle_shows_what_closing_it_would_and_changes_nothing(name: str) -> None:
    stream = IndicatorStream(indicator(name))
    for candle in recorded().candles()[:600]:
        before = (stream.value, stream.previous)
        peeked = stream.peek(candle)
        assert (stream.value, stream.previous) == before
        assert stream.update(candle) == peeked
        assert stream.previous == before[0]


def test_warm_up_is_missing() -> None:
    candles = recorded().candles(15)
    stream = IndicatorStream(rsi(14))
    assert [stream.update(candle) for candle in candles[:14]] == [None] * 14
    assert stream.update(candles[14]) is not None
    assert stream.previous is None


def test_a_pattern_is_missing_in_its_warm_up_and_zero_where_there_is_none() -> None:
    doji = indicator_array(indicator("cdldoji"), recorded())
    assert np.isnan(doji[:10]).all()
    assert set(np.unique(doji[10:])) == {0.0, 100.0}


@pytest.mark.parametrize("name", INDICATORS)
def test_a_history_shorter_than_the_warm_up_is_missing_throughout(name: str) -> None:
    definition = indicator(name)
    for length in range(lookback(definition.function, definition.parameters) + 1):
        window = recorded().slice(0, length)
        assert np.isnan(indicator_array(definition, window)).all()
        assert IndicatorStream(definition, window).value is None


def test_a_candle_that_is_not_finite_is_refused_and_changes_nothing() -> None:
    stream = IndicatorStream(rsi(7), recorded().slice(0, 50))
    before = stream.value
    with pytest.raises(InvalidInput, match="close are finite"):
        stream.update(Candle(0, 1.0, 1.0, 1.0, float("nan"), 1.0))
    assert stream.peek(Candle(0, 1.0, 1.0, 1.0, float("inf"), 1.0)) is None
    assert stream.value == before
    candle = recorded().candle(50)
    assert stream.update(candle) == indicator_array(rsi(7), recorded().slice(0, 51))[-1]


def test_vwap_is_the_volume_weighted_typical_price_since_midnight() -> None:
    series = recorded()
    vwap = indicator_array(indicator("VWAP"), series)
    days = series.open_ms // 86_400_000
    for day in np.unique(days)[1:4]:
        rows = days == day
        typical = (series.high[rows] + series.low[rows] + series.close[rows]) / 3
        volume = series.volume[rows]
        expected = np.cumsum(typical * volume) / np.cumsum(volume)
        assert np.allclose(vwap[rows], expected, rtol=1e-12)
        assert vwap[rows][0] == pytest.approx(typical[0])


def test_vwap_is_missing_until_the_day_has_volume() -> None:
    midnight = 1_750_000_000_000 // 86_400_000 * 86_400_000
    candles = [Candle(midnight + row * 60_000, 10.0, 12.0, 8.0, 10.0, float(row // 2)) for row in range(4)]
    series = CandleSeries.of(candles)
    assert as_array([None, None, 10.0, 10.0]) == pytest.approx(
        indicator_array(indicator("VWAP"), series), nan_ok=True
    )
    assert IndicatorStream(indicator("VWAP"), series.slice(0, 2)).value is None
    assert IndicatorStream(indicator("VWAP"), series.slice(0, 3)).value == 10.0


def test_stochastic_is_14_3_3_and_bollinger_20_2() -> None:
    series = recorded().slice(0, 60)
    window = series.slice(40 - 14 - 2, 40)
    fast = [
        (window.close[at] - window.low[at - 13 : at + 1].min())
        / (window.high[at - 13 : at + 1].max() - window.low[at - 13 : at + 1].min())
        * 100
        for at in (13, 14, 15)
    ]
    assert indicator_array(indicator("STOCH_K"), series)[39] == pytest.approx(np.mean(fast))
    closes = series.close[20:40]
    upper = closes.mean() + 2 * closes.std()
    assert indicator_array(indicator("BOLL_UPPER"), series)[39] == pytest.approx(upper)


def test_a_set_gives_value_and_predecessor_and_leaves_out_what_is_not_warm() -> None:
    values = IndicatorSet(["RSI7", "EMA50", "BOLL_LOWER", "BOLL_UPPER"])
    for candle in recorded().candles()[:30]:
        values.update(candle)
    expected = {
        name: tuple(indicator_array(indicator(name), recorded())[[29, 28]])
        for name in ("RSI7", "BOLL_LOWER", "BOLL_UPPER")
    }
    assert values.values() == expected
    reopened = IndicatorSet(["RSI7", "BOLL_LOWER", "BOLL_UPPER"], recorded().slice(0, 30))
    assert reopened.values() == expected


def test_a_growing_history_read_without_copying_gives_the_same() -> None:
    history = MinuteHistory()
    history.extend(recorded())
    for name in ("RSI14", "VWAP", "STOCH_D"):
        assert np.array_equal(
            indicator_array(indicator(name), history.series()),
            indicator_array(indicator(name), recorded()),
            equal_nan=True,
        )


def test_using_indicators_loads_neither_polars_nor_pandas_and_hides_them_from_no_one() -> None:
    program = (
        "import sys, numpy as np\n"
        "from engine.market.candles.series import CandleSeries\n"
        "from engine.market.indicators import indicator, indicator_array, IndicatorSet\n"
        "assert 'talib' not in sys.modules\n"
        "ones = np.ones(50)\n"
        "indicator_array(indicator('MA20'), CandleSeries(ones, ones, ones, ones, ones, ones))\n"
        "indicator('adx(14)')\n"
        "assert 'talib' in sys.modules\n"
        "print([name for name in ('polars', 'pandas') if name in sys.modules])\n"
        "import polars\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_agrees_with_what_talib_says_of_its_functions() -> None:
    for definition in INDICATORS.values():
        function = talib_function(definition.function)
        assert definition.inputs == function.inputs
        assert {name for name, _ in definition.parameters} <= {each.name for each in function.parameters}
        output = function.outputs[definition.output or 0]
        assert definition.place == function.place(output)
        assert (definition.output is not None) == (len(function.outputs) > 1)
