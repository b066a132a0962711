"""Indicators: both forms agree to the last bit, and warm-up is missing, not a number."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotFound
from engine.market.candles import CandleSeries, aggregate, series_of
from engine.market.indicators import (
    INDICATORS,
    IndicatorSet,
    IndicatorStream,
    indicator,
    indicator_array,
    rsi,
)
from engine.market.periods import Period
from engine.samples import load_candles


@cache
def recorded() -> CandleSeries:
    return aggregate(series_of(load_candles("ETH")), Period.M5).closed


def as_array(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


@pytest.mark.parametrize("name", INDICATORS)
def test_stream_equals_array_exactly_on_the_whole_recording(name: str) -> None:
    stream = IndicatorStream(indicator(name))
    streamed = [stream.update(candle) for candle in recorded().candles()]
    batch = indicator_array(indicator(name), recorded())
    assert np.array_equal(as_array(streamed), batch, equal_nan=True)
    assert np.isfinite(batch).sum() > len(batch) - 60


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(list(INDICATORS)), start=st.integers(0, 10_000), length=st.integers(1, 200))
def test_stream_equals_array_from_any_start(name: str, start: int, length: int) -> None:
    window = recorded().slice(start, start + length)
    stream = IndicatorStream(indicator(name))
    streamed = [stream.update(candle) for candle in window.candles()]
    assert np.array_equal(as_array(streamed), indicator_array(indicator(name), window), equal_nan=True)


def test_peeking_at_a_forming_candle_shows_what_closing_it_would_and_changes_nothing() -> None:
    candles = recorded().candles(200)
    stream = IndicatorStream(indicator("RSI14"))
    for candle in candles[:-1]:
        stream.update(candle)
    before = stream.value
    peeked = stream.peek(candles[-1])
    assert stream.value == before
    assert peeked == stream.update(candles[-1])
    assert stream.previous == before


def test_warm_up_is_missing() -> None:
    candles = recorded().candles(15)
    stream = IndicatorStream(rsi(14))
    assert [stream.update(candle) for candle in candles[:14]] == [None] * 14
    assert stream.peek(candles[14]) is None
    assert stream.update(candles[14]) is not None
    assert stream.previous is None


def test_a_set_gives_value_and_predecessor_and_leaves_out_what_is_not_warm() -> None:
    values = IndicatorSet(["RSI7", "EMA50"])
    for candle in recorded().candles()[:30]:
        values.update(candle)
    batch = indicator_array(indicator("RSI7"), recorded())
    assert values.values() == {"RSI7": (batch[29], batch[28])}


def test_an_unknown_indicator_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="RSI99 is not known; there are RSI14"):
        indicator("RSI99")


def test_using_indicators_loads_neither_polars_nor_pandas() -> None:
    program = (
        "import sys, numpy as np\n"
        "from engine.market.candles import CandleSeries\n"
        "from engine.market.indicators import indicator, indicator_array\n"
        "ones = np.ones(50)\n"
        "indicator_array(indicator('MA20'), CandleSeries(ones, ones, ones, ones, ones, ones))\n"
        "assert 'talib' in sys.modules\n"
        "print([name for name in ('polars', 'pandas') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
