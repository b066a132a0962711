"""Conditions over arrays: values of many checkpoints at once, and records of longer candles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles.series import aggregate
from engine.market.flow.series import FlowSeries
from engine.market.periods import Period
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.metric_names import built_in_factors
from engine.signals.conditions.rules import UNKNOWN
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from tests.signals.market import data_of, flow_of, minutes_of

ALIGNED = 27
"""The recorded minute that opens a full hour."""
CANDLES = minutes_of("SOL", 6000, ALIGNED)
TEXTS = (
    "rsi14 crosses below 30 on 15m",
    "abs macd_hist > 0.05 on 5m",
    "volume > 2x average on 30m",
    "price < boll_lower on 1h",
    "factor:roc10 > 0.001 on 15m",
    "pattern doji on 5m",
)


@given(st.sampled_from((*TEXTS, "cvd > 300000 on 15m", "taker any 1.5 volume 1000 on 5m")), st.data())
@settings(max_examples=40)
def test_values_of_many_checkpoints_are_the_value_of_each(text: str, data: st.DataObject) -> None:
    states = ConditionArrays(data_of(CANDLES, flow_of("SOL", 6000, ALIGNED))).condition(parse_condition(text))
    rows = np.array(data.draw(st.lists(st.integers(0, len(states.states) - 1), max_size=30)), dtype=np.intp)
    values = states.values_at(rows).tolist()
    assert [value.hex() for value in values] == [states.value_at(row).hex() for row in rows.tolist()]


def test_before_the_first_candle_there_is_no_value() -> None:
    states = ConditionArrays(data_of(CANDLES)).condition(parse_condition("price > 1 on 1h"))
    assert states.states[58] == UNKNOWN
    assert math.isnan(states.value_at(58))
    assert states.value_at(59) == CANDLES.close[59]


@pytest.mark.parametrize("base", [Period.M5, Period.M15])
@pytest.mark.parametrize("text", [*TEXTS, "price_change > 0.2 on 1h", "volatility > 0.5 on 4h"])
def test_a_record_of_longer_candles_decides_at_its_closes_what_minutes_decide(
    base: Period, text: str
) -> None:
    condition = parse_condition(text)
    fine = ConditionArrays(data_of(CANDLES)).condition(condition)
    longer = aggregate(CANDLES, base).closed
    coarse = ConditionArrays(SignalData.of_minutes(longer, built_in_factors(), base)).condition(condition)
    every = base.length_ms // Period.M1.length_ms
    rows = np.arange(every - 1, len(CANDLES), every)
    if not condition.period.is_made_of(base):
        assert (coarse.states == UNKNOWN).all()
        assert np.isnan(coarse.values_at(np.arange(len(longer)))).all()
        return
    assert coarse.states.tolist() == fine.states[rows].tolist()
    # Volumes are added up in another order, which may round otherwise.
    found, expected = coarse.values_at(np.arange(len(longer))), fine.values_at(rows)
    assert np.allclose(found, expected, rtol=1e-12, atol=0.0, equal_nan=True)


def test_a_flow_window_shorter_than_a_candle_is_missing() -> None:
    longer = aggregate(CANDLES, Period.M15).closed
    data = SignalData(longer, FlowSeries.of_minutes(longer, Period.M15), built_in_factors(), Period.M15)
    states = ConditionArrays(data).condition(parse_condition("volatility > 0 on 5m"))
    assert (states.states == UNKNOWN).all()
