"""Closed candles and the indicators over them are computed once and are the same for whoever asks."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest

from engine.market.candles.series import CandleSeries, aggregate, known_closed_ms
from engine.market.closed_candles import ClosedCandles
from engine.market.flow.series import FlowSeries
from engine.market.indicators import indicator, indicator_array
from engine.market.periods import MINUTE_MS, Period
from engine.signals.conditions.grammar import parse_condition
from engine.signals.history.condition_arrays import ConditionArrays
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory
from tests.signals.market import data_of, minutes_of, without_rows
from tests.strategies.programs.data.records import FACTORS, SOL, markets_at, queries

LINES = ("rsi14", "macd", "macd_hist", "boll_upper", "boll_lower", "adx(14)", "vwap")
CONDITIONS = ("rsi14 crosses below 45 on 15m", "price < boll_lower on 5m", "macd_hist > 0 on 1m")
PERIODS = (Period.M1, Period.M5, Period.M15, Period.H1)


@cache
def minutes(*, has_gaps: bool) -> CandleSeries:
    whole = minutes_of(SOL, 2500, 27)
    return without_rows(whole, [*range(300, 309), *range(1000, 1200), 1500]) if has_gaps else whole


@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("period", PERIODS)
def test_each_period_is_what_the_minutes_come_to(period: Period, has_gaps: bool) -> None:
    record = minutes(has_gaps=has_gaps)
    closed = ClosedCandles(record, Period.M1)
    candles = aggregate(record, period).closed
    found = closed.of(period)
    assert closed.of(period) is found
    assert list(found.candles.candles()) == list(candles.candles())
    assert found.known_ms.tolist() == known_closed_ms(candles, period, record).tolist()
    moments = record.open_ms[::7] + MINUTE_MS
    assert found.visible(moments).tolist() == [int((found.known_ms <= moment).sum()) for moment in moments]
    for name in LINES:
        for _ in range(2):
            line = closed.indicator(indicator(name), period)
            np.testing.assert_array_equal(line, indicator_array(indicator(name), candles))


@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("programs_ask_first", [False, True])
def test_shared_between_signals_and_programs_they_tell_what_they_tell_apart(
    has_gaps: bool, programs_ask_first: bool
) -> None:
    record = minutes(has_gaps=has_gaps)
    arrays, apart = ConditionArrays(data_of(record)), ConditionArrays(data_of(record))
    alone = SymbolHistory(record, FlowSeries.of_minutes(record), FACTORS, FundingHistory.none())
    sharing = HistoryData({SOL: msgspec.structs.replace(alone, closed=arrays.closed)})
    on_its_own = HistoryData({SOL: alone})
    moments = record.open_ms[5::97] + MINUTE_MS
    markets = markets_at(record, moments)

    def answers_agree() -> None:
        for query in queries(PERIODS):
            told = sharing.answer(query, moments, markets)
            assert told == on_its_own.answer(query, moments, markets), query

    def conditions_agree() -> None:
        for text in CONDITIONS:
            one, other = arrays.condition(parse_condition(text)), apart.condition(parse_condition(text))
            assert one.states.tolist() == other.states.tolist()
            assert one.event_rows.tolist() == other.event_rows.tolist()

    first, second = answers_agree, conditions_agree
    for check in (first, second) if programs_ask_first else (second, first):
        check()
