"""Signals on recorded candles: one at a time as over the whole, across any restart."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candle_builder import CandleBuilder, PeriodCandle
from engine.market.candles import CandleSeries, aggregate, series_of
from engine.market.indicators import indicator_array, rsi
from engine.market.periods import Period
from engine.model.candle import Candle
from engine.model.trigger import Trigger, TriggerKind
from engine.samples import load_candles
from engine.signals.conditions import Direction, RsiCrossing, parse_condition
from engine.signals.evaluator import SignalEvaluator

BELOW_30 = parse_condition("rsi14 crosses below 30 on 15m")
ABOVE_70 = parse_condition("rsi14 crosses above 70 on 15m")


@cache
def recorded(symbol: str = "SOL", period: Period = Period.M15) -> CandleSeries:
    return aggregate(series_of(load_candles(symbol)), period).closed


def run(evaluator: SignalEvaluator, candles: tuple[Candle, ...]) -> list[Trigger]:
    return [
        trigger
        for candle in candles
        for trigger in evaluator.on_candle("SOL", PeriodCandle(Period.M15, candle))
    ]


def watching(*conditions: RsiCrossing, history: tuple[Candle, ...] = ()) -> SignalEvaluator:
    evaluator = SignalEvaluator()
    for condition in conditions:
        evaluator.watch("SOL", condition, history)
    return evaluator


@pytest.mark.parametrize("condition", [BELOW_30, ABOVE_70], ids=str)
def test_it_fires_exactly_where_the_arrays_cross(condition: RsiCrossing) -> None:
    series = recorded()
    values = indicator_array(rsi(14), series)
    if condition.direction is Direction.BELOW:
        crossed = (values[:-1] >= condition.level) & (values[1:] < condition.level)
    else:
        crossed = (values[:-1] <= condition.level) & (values[1:] > condition.level)
    expected = series.open_ms[1:][crossed] + Period.M15.length_ms
    triggers = run(watching(condition), series.candles())
    assert [trigger.ts_ms for trigger in triggers] == expected.tolist()
    assert len(triggers) > 50


def test_a_trigger_says_what_fired_and_by_how_much() -> None:
    first = run(watching(BELOW_30), recorded().candles())[0]
    assert first.kind is TriggerKind.SIGNAL
    assert first.symbol == "SOL"
    assert first.signal == "rsi14 crosses below 30 on 15m"
    at = int(np.searchsorted(recorded().open_ms, first.ts_ms)) - 1
    values = indicator_array(rsi(14), recorded())
    assert first.detail == f"RSI14 {values[at - 1]:.2f} → {values[at]:.2f} on 15m"


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 4000), shown_again=st.integers(0, 50))
def test_a_restart_neither_refires_nor_loses_an_edge(cut: int, shown_again: int) -> None:
    candles = recorded().candles()[:4000]
    whole = run(watching(BELOW_30, ABOVE_70), candles)
    before = run(watching(BELOW_30, ABOVE_70), candles[:cut])
    restarted = watching(BELOW_30, ABOVE_70, history=candles[:cut])
    after = run(restarted, candles[max(0, cut - shown_again) :])
    assert before + after == whole


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1600, 4000))
def test_the_kept_history_is_enough_to_restart_from(cut: int) -> None:
    candles = recorded().candles()[:4000]
    whole = run(watching(BELOW_30, ABOVE_70), candles)
    restarted = watching(BELOW_30, ABOVE_70, history=candles[cut - 1500 : cut])
    closes_ms = candles[cut - 1].open_ms + Period.M15.length_ms
    assert run(restarted, candles[cut:]) == [t for t in whole if t.ts_ms > closes_ms]


@settings(max_examples=30, deadline=None)
@given(row=st.integers(1, 999), price=st.floats(50, 500))
def test_changing_a_future_candle_changes_no_earlier_trigger(row: int, price: float) -> None:
    candles = list(recorded().candles()[:1000])
    seen = run(watching(BELOW_30), tuple(candles))
    opens_ms = candles[row].open_ms
    candles[row] = Candle(opens_ms, price, price, price, price, 1.0)
    changed = run(watching(BELOW_30), tuple(candles))
    assert [t for t in changed if t.ts_ms <= opens_ms] == [t for t in seen if t.ts_ms <= opens_ms]


def test_it_works_from_minutes_through_a_builder() -> None:
    builder, evaluator = CandleBuilder([Period.M15]), watching(BELOW_30)
    minutes = series_of(load_candles("SOL")).slice(0, 20_000)
    triggers = [
        trigger
        for minute in minutes.candles()
        for closed in builder.add_minute(minute)
        for trigger in evaluator.on_candle("SOL", closed)
    ]
    closed = aggregate(minutes, Period.M15).closed.candles()
    assert triggers == run(watching(BELOW_30), closed)


def test_watching_twice_changes_nothing_and_unwatching_ends_it() -> None:
    candles = recorded().candles()[:1000]
    evaluator = watching(BELOW_30, BELOW_30)
    assert list(evaluator.watched) == [("SOL", BELOW_30)]
    assert run(evaluator, candles) == run(watching(BELOW_30), candles)
    evaluator.unwatch("SOL", BELOW_30)
    assert len(evaluator.watched) == 0
    assert run(evaluator, recorded().candles()[1000:]) == []


def test_other_symbols_and_periods_are_not_looked_at() -> None:
    evaluator = watching(BELOW_30)
    for candle in recorded().candles():
        assert evaluator.on_candle("BTC", PeriodCandle(Period.M15, candle)) == ()
        assert evaluator.on_candle("SOL", PeriodCandle(Period.H1, candle)) == ()
