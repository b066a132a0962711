"""Names of indicators: the table's, the general form, and what a wrong one is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DeskError, InvalidInput, NotFound
from engine.market.candles.series import CandleSeries, series_of
from engine.market.indicators import (
    INDICATOR_INFOS,
    INDICATORS,
    indicator,
    indicator_array,
    indicator_infos,
    indicator_lines,
    rsi,
)
from engine.model.chart import ChartPlace
from engine.samples import load_candles


def minutes() -> CandleSeries:
    return series_of(load_candles("BTC")).slice(0, 500)


def test_the_table_holds_the_fourteen_indicators_and_their_lines() -> None:
    assert list(INDICATOR_INFOS) == [
        *("RSI14", "RSI7", "MA5", "MA10", "MA20", "EMA20", "EMA50", "EMA100"),
        *("MACD", "BOLL", "ATR14", "VWAP", "STOCH", "OBV"),
    ]
    assert [line for info in indicator_infos() for line in info.outputs] == list(INDICATORS)
    assert INDICATORS["RSI14"] == rsi(14)
    assert all(info.meaning and info.label for info in indicator_infos())
    assert {info.name for info in indicator_infos() if info.place is ChartPlace.PRICE} == {
        *("MA5", "MA10", "MA20", "EMA20", "EMA50", "EMA100", "BOLL", "VWAP")
    }


@pytest.mark.parametrize(
    ("general", "named"),
    [
        ("rsi(14)", "RSI14"),
        ("sma(5)", "MA5"),
        ("BBANDS(20, 2).upperband", "BOLL_UPPER"),
        ("bbands(timeperiod=20).lowerband", "BOLL_LOWER"),
        ("stoch(fastk_period=14).slowd", "STOCH_D"),
        ("macd().macdhist", "macd_hist"),
        ("macd(12, signalperiod=9).macd", "MACD"),
        ("obv()", "obv"),
        ("vwap()", "VWAP"),
        ("atr", "ATR14"),
    ],
)
def test_the_general_form_gives_what_the_name_gives(general: str, named: str) -> None:
    one, other = (indicator_array(indicator(name), minutes()) for name in (general, named))
    assert np.array_equal(one, other, equal_nan=True)


def test_an_indicator_of_several_lines_is_expanded_under_one_group() -> None:
    assert [line.name for line in indicator_lines("boll")] == ["BOLL_UPPER", "BOLL_MIDDLE", "BOLL_LOWER"]
    assert {line.group for line in indicator_lines("MACD")} == {"MACD"}
    assert [line.name for line in indicator_lines("aroon(25)")] == [
        "aroon(25).aroondown",
        "aroon(25).aroonup",
    ]
    assert [line.name for line in indicator_lines("BOLL_LOWER")] == ["BOLL_LOWER"]
    places = {line.name: line.place for line in indicator_lines("supertrend")}
    assert places == {"supertrend.supertrend": ChartPlace.PRICE, "supertrend.trend": ChartPlace.BELOW}


@pytest.mark.parametrize("name", ["adx(14)", "bbands(20,2.5).upperband", "stoch(slowd_period=5).slowd"])
def test_a_name_of_the_general_form_reads_back_as_itself(name: str) -> None:
    assert indicator(name).name == name
    assert indicator(f" {name.upper()} ") == indicator(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("RSI99", r"RSI99 is not known; nearest: RSI.*there are RSI14, RSI7"),
        ("adxx(14)", r"adxx\(14\) is not known; nearest: ADX"),
    ],
)
def test_an_unknown_indicator_is_refused_with_the_nearest_names(name: str, message: str) -> None:
    with pytest.raises(NotFound, match=message) as caught:
        indicator(name)
    assert caught.value.details["field"] == "indicator"
    assert caught.value.details["value"] == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("boll", "pick one of BOLL_UPPER, BOLL_MIDDLE, BOLL_LOWER"),
        ("bbands(20)", r"pick one of bbands\(20\).upperband"),
        ("adx(1)", "adx timeperiod: 1 is not allowed; allowed is 2 to 100000"),
        ("adx(99999999999)", "allowed is 2 to 100000"),
        ("adx(2.5)", "adx timeperiod: 2.5 is not allowed; allowed is a whole number"),
        ("adx(x)", "adx timeperiod: x is not allowed; allowed is a number"),
        ("adx(nan)", "allowed is a number"),
        ("adx(14,)", "adx takes timeperiod=14"),
        ("adx(14, 3)", "adx takes timeperiod=14"),
        ("adx(length=3)", "there is no parameter length; adx takes timeperiod=14"),
        ("adx(14, timeperiod=15)", "timeperiod is given twice"),
        ("macd(fastperiod=3, 9).macd", "9 needs a name"),
        ("obv(3)", "obv takes no parameters"),
        ("adx(14).upper", "adx gives real"),
        ("bbands(20, 2, 2, 99).upperband", "bbands matype: 99 is not allowed; allowed is 0 to 13"),
        ("mama(1).mama", "mama fastlimit: 1.0 is not allowed; allowed is 0.01 to 0.99"),
        ("percentile(30, -1)", "percentile percentile: -1.0 is not allowed; allowed is 0 to 100"),
        ("mavp", "it needs periods, which candles do not have"),
        ("adx(14", "write a name such as"),
        ("__import__('os')", "write a name such as"),
        ("", "write a name such as"),
        ("a" * 10_000, "write a name such as"),
    ],
)
def test_a_wrong_parameter_or_output_is_refused_with_what_is_allowed(name: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        indicator(name)


@given(st.text(alphabet="adxrsi_(14),.= e-", max_size=24))
def test_any_text_is_an_indicator_or_a_clear_error(text: str) -> None:
    problem = refusal(text)
    assert problem is None or (problem.details["field"] and problem.details["allowed"])


def refusal(text: str) -> DeskError | None:
    try:
        indicator(text)
    except DeskError as error:
        return error
    return None
