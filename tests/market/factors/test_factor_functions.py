"""The language's functions: right by an independent reading, missing where they have no answer."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.market.candles.series import CandleSeries
from engine.market.factors.formulas import FORMULAS, Formula, vocabulary
from engine.market.factors.functions import FUNCTIONS, Function
from engine.market.factors.library import FactorLibrary
from engine.market.periods import DAY_MS, MINUTE_MS, Period
from engine.model.factor import FactorCategory, FactorDefinition
from tests.market.factors.factor_markets import assert_same_bits, recorded, streamed, with_holes

SERIES_ARGUMENTS = ("returns", "volume - delay(volume, 2)", "open - close")


def library_of(expression: str) -> FactorLibrary:
    return FactorLibrary(
        [FactorDefinition(name="mine", category=FactorCategory.CUSTOM, expression=expression, meaning="mine")]
    )


def array_of(expression: str, series: CandleSeries) -> NDArray[np.float64]:
    return library_of(expression).array("mine", series)


def written(word: Function | Formula, length: int = 7) -> str:
    if isinstance(word, Formula) and word.is_column:
        return word.name
    arguments = [*SERIES_ARGUMENTS[: len(word.series)]]
    arguments += [str(min(length + number, each.most)) for number, each in enumerate(word.windows)]
    return f"{word.name}({', '.join(arguments)})"


WORDS: tuple[Function | Formula, ...] = (*FUNCTIONS.values(), *FORMULAS.values())
EVERY_WORD = [written(word) for word in WORDS]


@pytest.mark.parametrize("expression", EVERY_WORD)
def test_both_forms_give_the_same_bits_also_around_missing_values(expression: str) -> None:
    library = library_of(expression)
    for series in (recorded().slice(300, 900), with_holes(recorded().slice(300, 1500), seed=1)):
        values = library.array("mine", series)
        assert not np.isinf(values).any()
        assert np.isfinite(values).any()
        assert_same_bits(values, streamed(library.stream("mine"), series))


@pytest.mark.parametrize("expression", EVERY_WORD)
def test_a_stream_opened_with_history_goes_on_as_if_it_had_seen_it(expression: str) -> None:
    library = library_of(expression)
    series = with_holes(recorded().slice(1300, 1700), seed=2)
    values = library.array("mine", series)
    for cut in (0, 1, 2, 5, 8, 9, 40, 150, 151, 152, 153, 250):
        stream = library.stream("mine", series.slice(0, cut))
        before = [None if math.isnan(value) else value for value in [math.nan, math.nan, *values[:cut]]]
        assert [stream.previous, stream.value] == before[-2:]
        assert_same_bits(values[cut:], streamed(stream, series.slice(cut)))


REFERENCES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "product": math.prod,
    "sma": statistics.fmean,
    "std": statistics.pstdev,
    "var": statistics.pvariance,
    "max": max,
    "min": min,
    "avgdev": lambda window: statistics.fmean(abs(x - statistics.fmean(window)) for x in window),
    "skew": lambda window: moment(window, 3),
    "kurt": lambda window: moment(window, 4) - 3,
    "argmax": lambda window: window[::-1].index(max(window)),
    "argmin": lambda window: window[::-1].index(min(window)),
    "ts_rank": lambda window: statistics.fmean(
        [(x < window[-1]) + 0.5 * (x == window[-1]) for x in window[:-1]]
    ),
    "wma": lambda window: sum(x * weight for weight, x in enumerate(window, 1)) / 45,
    "linreg_slope": lambda window: statistics.linear_regression(range(9), window).slope,
    "linreg_intercept": lambda window: statistics.linear_regression(range(9), window).intercept,
    "zscore": lambda window: (window[-1] - statistics.fmean(window)) / statistics.pstdev(window),
}


def moment(window: list[float], order: int) -> float:
    mean, deviation = statistics.fmean(window), statistics.pstdev(window)
    return statistics.fmean([((x - mean) / deviation) ** order for x in window])


@pytest.mark.parametrize("name", REFERENCES)
def test_functions_of_a_window_against_a_slow_reading(name: str) -> None:
    series = recorded().slice(0, 300)
    found = array_of(f"{name}(close / 100000, 9)", series)
    windows = np.lib.stride_tricks.sliding_window_view(series.close / 100000, 9).tolist()
    assert np.isnan(found[:8]).all()
    np.testing.assert_allclose(
        found[8:], [REFERENCES[name](window) for window in windows], rtol=1e-5, atol=1e-9
    )


def test_functions_of_two_series_against_a_slow_reading() -> None:
    series = recorded().slice(0, 200)
    closes = np.lib.stride_tricks.sliding_window_view(series.close, 9)
    volumes = np.lib.stride_tricks.sliding_window_view(series.volume, 9)
    pairs = list(zip(closes, volumes, strict=True))
    covariances = [np.cov(close, volume, bias=True)[0, 1] for close, volume in pairs]
    np.testing.assert_allclose(array_of("cov(close, volume, 9)", series)[8:], covariances)
    correlations = [np.corrcoef(close, volume)[0, 1] for close, volume in pairs]
    np.testing.assert_allclose(array_of("corr(close, volume, 9)", series)[8:], correlations)
    slopes = [statistics.linear_regression(volume, close).slope for close, volume in pairs]
    np.testing.assert_allclose(array_of("beta(close, volume, 9)", series)[8:], slopes)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("1 < 2", 1.0),
        ("2 <= 1", 0.0),
        ("3 > 2", 1.0),
        ("2 >= 2", 1.0),
        ("sign(0 - 3)", -1.0),
        ("sign(0)", 0.0),
        ("abs(-3)", 3.0),
        ("max2(1, 2)", 2.0),
        ("min2(1, 2)", 1.0),
        ("clip(7, 0, 5)", 5.0),
        ("clip(-7, 0, 5)", 0.0),
        ("where(0, 1, 2)", 2.0),
        ("where(1, 1, log(0))", 1.0),
        ("power(3, 4)", 81.0),
        ("sqrt(16)", 4.0),
        ("log(1)", 0.0),
        ("exp(0)", 1.0),
        ("tanh(0)", 0.0),
        ("1 / 0", None),
        ("0 / 0", None),
        ("log(0)", None),
        ("log(0 - 1)", None),
        ("sqrt(0 - 1)", None),
        ("exp(10000)", None),
        ("power(power(999999999999, 8), 8)", None),
        ("1 / 0 < 2", None),
        ("where(1 / 0, 1, 2)", None),
        ("max2(1 / 0, 2)", None),
        ("min2(2, 1 / 0)", None),
        ("clip(1, 1 / 0, 2)", None),
        ("sign(1 / 0)", None),
        ("1 / (1 / 0)", None),
    ],
)
def test_one_value_at_a_time(expression: str, wanted: float | None) -> None:
    series = recorded().slice(0, 3)
    library = library_of(expression)
    value = library.array("mine", series)[-1]
    assert (None if np.isnan(value) else value) == wanted
    assert library.stream("mine").update(series.candle(0)) == wanted


STANDING_STILL = [
    "rsi(close, 5)",
    "cmo(close, 5)",
    "zscore(close, 5)",
    "corr(close, open, 5)",
    "skew(close, 5)",
    "kurt(close, 5)",
    "efficiency(close, 5)",
    "stoch(5)",
    "willr(5)",
    "cci(5)",
    "mfi(5)",
    "cmf(5)",
    "adx(5)",
    "plus_di(5)",
    "ultosc(3, 4, 5)",
    "vwma(close, 5)",
    "vwap",
    "roc(volume, 2)",
]


@pytest.mark.parametrize("price", [0.1, 1 / 3, 64_123.7])
@pytest.mark.parametrize("expression", STANDING_STILL)
def test_a_market_that_stands_still_has_no_answer_rather_than_a_number(expression: str, price: float) -> None:
    rows = 60
    prices = np.full(rows, price)
    series = CandleSeries(
        np.arange(rows, dtype=np.int64) * MINUTE_MS, prices, prices, prices, prices, np.zeros(rows)
    )
    library = library_of(expression)
    assert np.isnan(library.array("mine", series)).all()
    assert np.isnan(streamed(library.stream("mine"), series)).all()


def test_a_day_sum_begins_at_midnight_and_is_missing_for_a_day_that_is_not_whole() -> None:
    hours = recorded("ETH", Period.H1).slice(0, 24 * 6)
    series = with_holes(hours, seed=0, share=0.0)
    series.volume[60] = np.nan
    found = array_of("day_sum(volume)", series)
    days = series.open_ms // DAY_MS
    assert series.open_ms[0] % DAY_MS != 0
    for row in range(len(series)):
        today = series.volume[: row + 1][days[: row + 1] == days[row]]
        if days[row] == days[0] or np.isnan(today).any():
            assert np.isnan(found[row])
        else:
            assert found[row] == pytest.approx(today.sum(), rel=1e-12)


def test_volume_weighted_price_is_the_indicators_once_a_whole_day_is_known() -> None:
    from engine.market.indicators import indicator, indicator_array

    series = recorded().slice(0, 4000)
    found = array_of("vwap", series)
    known = ~np.isnan(found)
    assert known.sum() > 3000
    np.testing.assert_allclose(found[known], indicator_array(indicator("VWAP"), series)[known], rtol=1e-12)


@given(st.lists(st.sampled_from([0.0, -0.0, 1e-320, -1.5, 3.0, 1e200, math.nan]), min_size=1, max_size=40))
def test_both_forms_agree_on_extreme_values(volumes: list[float]) -> None:
    rows = len(volumes)
    candles = recorded().slice(0, rows)
    series = CandleSeries(
        candles.open_ms, candles.open, candles.high, candles.low, candles.close, np.array(volumes)
    )
    for expression in (
        "sum(volume, 3) / volume",
        "kurt(volume, 4)",
        "corr(volume, delay(volume, 1), 3)",
        "ts_rank(volume, 5)",
        "argmax(volume, 4) - argmin(volume, 4)",
        "std(1 / volume, 3)",
        "ema(where(volume > 1, volume, 0 / 0), 2)",
        "log(volume) + sqrt(volume) * volume",
    ):
        library = library_of(expression)
        values = library.array("mine", series)
        assert not np.isinf(values).any()
        assert_same_bits(values, streamed(library.stream("mine"), series))


def test_the_vocabulary_names_every_word_once_with_a_meaning() -> None:
    words = vocabulary()
    names = [word.written.partition("(")[0] for word in words]
    assert len(set(names)) == len(names) == 5 + len(FORMULAS) + len(FUNCTIONS)
    assert all(word.meaning for word in words)
    assert {"ema(x, n)", "atr(n)", "obv()", "returns", "volume"} <= {word.written for word in words}
