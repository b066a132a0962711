"""Previews and analyses of recorded history, checked against the values themselves."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.market.candles.series import aggregate
from engine.market.indicators import indicator, indicator_array
from engine.market.periods import MINUTE_MS, Period
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool
from engine.signals.conditions.grammar import parse_condition
from engine.signals.history.condition_arrays import ConditionArrays
from engine.signals.history.metric_analysis import PERCENTS, analyze_metric
from engine.signals.history.previews import preview_condition, preview_pool, signal_now
from tests.signals.market import data_of, flow_of, minutes_of

BTC = data_of(minutes_of("BTC", 20_000))
SOL = data_of(minutes_of(count=3000), flow_of(count=3000))
BELOW_30 = "rsi14 crosses below 30 on 15m"


def test_a_preview_fires_where_the_chart_crosses() -> None:
    series = aggregate(BTC.minutes, Period.M15).closed
    rsi = indicator_array(indicator("RSI14"), series)
    rows = np.flatnonzero((rsi[:-1] >= 30) & (rsi[1:] < 30)) + 1
    preview = preview_condition(BELOW_30, "BTC", BTC)
    assert [fire.ts_ms for fire in preview.fires] == (series.open_ms[rows] + 15 * MINUTE_MS).tolist()
    assert [fire.price for fire in preview.fires] == series.close[rows].tolist()
    assert [fire.signals[0].value for fire in preview.fires] == rsi[rows].tolist()
    assert len(preview.fires) == 7
    assert (preview.symbol, preview.checkpoints) == ("BTC", 20_000)
    first_known = np.flatnonzero(~np.isnan(rsi))[0] + 1
    known_ms = int(series.open_ms[first_known]) + 15 * MINUTE_MS
    assert preview.unknown == (known_ms - int(BTC.flow.close_ms[0])) // MINUTE_MS
    assert preview.why_unknown == f"{BELOW_30} has no value at {preview.unknown} of 20000 checkpoints"


def test_a_range_shows_the_fires_in_it() -> None:
    fires = preview_condition(BELOW_30, "BTC", BTC).fires
    inside = fires[2:6]
    preview = preview_condition(BELOW_30, "BTC", BTC, inside[0].ts_ms, inside[-1].ts_ms)
    assert preview.fires == inside
    assert (preview.start_ms, preview.end_ms) == (inside[0].ts_ms, inside[-1].ts_ms)
    assert (preview.unknown, preview.why_unknown) == (0, "")


def test_a_range_without_history_is_empty() -> None:
    preview = preview_condition(BELOW_30, "BTC", BTC, 2**60, 2**61)
    assert (preview.checkpoints, preview.fires, preview.why_unknown) == (0, (), "")
    assert preview_condition(BELOW_30, "BTC", data_of(BTC.minutes.slice(0, 0))).fires == ()


def test_a_preview_says_what_the_feed_does_not_tell() -> None:
    signal = SignalDefinition(signal_id=3, name="whales", condition="cvd > 1000000 on 5m")
    pool = SignalPool(pool_id=0, name="new", signal_ids=(3,), logic=PoolLogic.AND)
    preview = preview_pool(pool, {3: signal}, "BTC", BTC)
    assert preview.unknown == preview.checkpoints == 20_000
    assert preview.why_unknown == "whales needs trades, this feed has only candles"


def test_a_signal_now_is_its_value_at_the_end_of_history() -> None:
    signal = SignalDefinition(signal_id=3, name="cvd", condition="cvd > 1000000 on 15m")
    state = signal_now(signal, "SOL", SOL)
    found = ConditionArrays(SOL).condition(parse_condition(signal.condition))
    assert state.value == found.value_at(len(found.states) - 1)
    assert state.met is bool(found.states[-1] == 1)
    assert state.distance == 1_000_000 - state.value
    assert state.as_of_ms == SOL.flow.close_ms[-1]


@pytest.mark.parametrize(("name", "period"), [("rsi", Period.M15), ("cvd", Period.M5), ("volume", Period.M1)])
def test_an_analysis_describes_the_values(name: str, period: Period) -> None:
    analysis = analyze_metric(name, "SOL", period, SOL)
    arrays = ConditionArrays(SOL)
    states = arrays.condition(parse_condition(f"{analysis.metric} > 0 on {period}"))
    assert analysis.samples > 0
    assert len(states.states) == len(SOL.flow)
    percentiles = dict(analysis.percentiles)
    assert tuple(percentiles) == PERCENTS
    assert list(percentiles.values()) == sorted(percentiles.values())
    assert analysis.lowest is not None
    assert analysis.highest is not None
    assert analysis.lowest <= percentiles[1] <= percentiles[99] <= analysis.highest


def test_suggested_thresholds_are_met_as_often_as_they_say() -> None:
    analysis = analyze_metric("price_change", "SOL", Period.M15, SOL)
    assert len(analysis.suggestions) == 8
    states = ConditionArrays(SOL)
    for text, share in analysis.suggestions:
        met = np.count_nonzero(states.condition(parse_condition(text)).states == 1)
        assert met / analysis.samples == pytest.approx(share)
    assert any(text.startswith("abs ") for text, _ in analysis.suggestions)


def test_an_analysis_begins_where_it_is_asked_to() -> None:
    since_ms = int(SOL.minutes.open_ms[-100])
    assert analyze_metric("rsi14", "SOL", Period.M1, SOL, since_ms).samples == 101
    assert analyze_metric("price_change", "SOL", Period.M1, SOL, since_ms).samples == 401
    assert analyze_metric("cvd", "BTC", Period.M1, BTC).percentiles == ()


@pytest.mark.parametrize(
    ("name", "period", "says"),
    [("whales", Period.M5, "whales"), ("macd_events", Period.M5, "no value"), ("cvd", Period.W1, "windows")],
)
def test_what_cannot_be_analyzed_is_refused(name: str, period: Period, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        analyze_metric(name, "SOL", period, SOL)
