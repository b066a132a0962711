"""A condition stands alike at every checkpoint whether it is computed at once or as the market moves."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles.series import CandleSeries
from engine.market.flow.accumulator import FlowAccumulator
from engine.market.flow.series import FlowSeries
from engine.market.replay.raw_frames import RawTape
from engine.market.replay.tape import CandleUpdate
from engine.model.quote import BookSnapshot
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE
from engine.signals.conditions.condition import uses_flow
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.rules import MET, NOT_MET, UNKNOWN, rule_of
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.signals.live.conditions import LiveConditions
from tests.signals.market import Checkpoint, checkpoints_of, data_of, flow_of, minutes_of, until, without_rows

CANDLE_CONDITIONS = (
    "price > 145 on 1m",
    "rsi14 crosses below 30 on 15m",
    "rsi14 crosses above 70 on 5m",
    "abs macd_hist > 0.05 on 5m",
    "volume > 2x average on 5m",
    "volume crosses above 1.5x average on 3m",
    "atr14 < 1x average on 15m",
    "ema20 crosses above ema50 on 5m",
    "price < boll_lower on 15m",
    "price > vwap on 30m",
    "adx(14) > 25 on 15m",
    "rsi14 >= factor:rsi14 on 5m",
    "factor:roc10 > 0.001 on 15m",
    "factor:roc10 crosses below 0 on 5m",
    "price == 146.35 on 1m",
    "price != ma5 on 1m",
    "macd golden_cross or histogram_positive on 5m",
    "macd macd_below_zero or death_cross on 15m",
    "pattern engulfing bullish on 15m",
    "pattern doji on 5m",
    "obv crosses above 1x average on 1h",
)
FLOW_CONDITIONS = (
    "cvd > 300000 on 15m",
    "cvd crosses below 0 on 5m",
    "abs cvd <= 100000 on 1h",
    "taker_ratio > 1.5 on 1m",
    "oi_delta < -0.1 on 5m",
    "oi crosses above 0 on 15m",
    "funding > 0 on 1h",
    "funding_level >= 0.01 on 1h",
    "depth_ratio > 1 on 1m",
    "order_imbalance < 0 on 5m",
    "abs price_change > 0.2 on 15m",
    "price_change > 0.1 on 3m",
    "volatility crosses above 0.3 on 15m",
    "buy_volume > sell_volume on 5m",
    "taker buy 1.5 volume 100000 on 5m",
    "taker sell 2 on 15m",
    "taker any 3 volume 50000 on 1m",
)


ALWAYS_MET = ("rsi14 >= factor:rsi14 on 5m",)


def standing_live(data: SignalData, text: str, history: int = 0) -> list[tuple[int, bool]]:
    """State and event at each checkpoint after `history` of them, which are only warmed up on."""
    condition = parse_condition(text)
    live = LiveConditions()
    live.watch([condition], ConditionArrays(until(data, history)))
    found = []
    for closed, sample in all_checkpoints(data)[history:]:
        for candle in closed:
            live.on_candle(candle)
        live.on_flow(sample)
        found.append((live[condition].state, live[condition].has_event))
        live.end_checkpoint()
    return found


def standing_at_once(data: SignalData, text: str) -> list[tuple[int, bool]]:
    found = ConditionArrays(data).condition(parse_condition(text))
    events = np.zeros(len(found.states), dtype=bool)
    events[found.event_rows] = True
    return list(zip(found.states.tolist(), events.tolist(), strict=True))


_known: dict[int, tuple[SignalData, list[Checkpoint]]] = {}


def all_checkpoints(data: SignalData) -> list[Checkpoint]:
    if id(data) not in _known:
        _known[id(data)] = data, list(checkpoints_of(data))
    return _known[id(data)][1]


@cache
def with_flow() -> SignalData:
    return data_of(minutes_of(count=4000), flow_of(count=4000))


@cache
def candles_only() -> SignalData:
    return data_of(minutes_of("BTC", 4000))


@pytest.mark.parametrize("text", CANDLE_CONDITIONS + FLOW_CONDITIONS)
def test_both_forms_agree_at_every_checkpoint(text: str) -> None:
    live = standing_live(with_flow(), text)
    assert live == standing_at_once(with_flow(), text)
    assert {state for state, _ in live} >= ({MET} if text in ALWAYS_MET else {MET, NOT_MET})


@pytest.mark.parametrize("text", [*CANDLE_CONDITIONS, "price_change > 0.1 on 15m", "cvd > 0 on 5m"])
def test_both_forms_agree_where_the_feed_has_only_candles(text: str) -> None:
    assert standing_live(candles_only(), text) == standing_at_once(candles_only(), text)


@settings(max_examples=25, deadline=None)
@given(
    text=st.sampled_from(CANDLE_CONDITIONS),
    holes=st.lists(st.tuples(st.integers(1, 1490), st.integers(1, 40)), max_size=6),
)
def test_both_forms_agree_where_minutes_are_missing(text: str, holes: list[tuple[int, int]]) -> None:
    rows = {row for start, length in holes for row in range(start, min(start + length, 1499))}
    data = data_of(without_rows(minutes_of(count=1500), sorted(rows)))
    assert standing_live(data, text) == standing_at_once(data, text)


@settings(max_examples=15, deadline=None)
@given(
    text=st.sampled_from(CANDLE_CONDITIONS),
    holes=st.lists(st.tuples(st.integers(1, 990), st.integers(1, 40)), min_size=1, max_size=4),
)
def test_both_forms_agree_where_samples_come_while_minutes_are_missing(
    text: str, holes: list[tuple[int, int]]
) -> None:
    """A candle whose last minute is missing is known with the first minute after the hole."""
    rows = {row for start, length in holes for row in range(start, min(start + length, 999))}
    data = data_of(without_rows(minutes_of(count=1000), sorted(rows)), flow_of(count=1000))
    assert standing_live(data, text) == standing_at_once(data, text)


@pytest.mark.parametrize("text", [*CANDLE_CONDITIONS, *FLOW_CONDITIONS])
def test_both_forms_compare_the_same_numbers_to_the_last_bit(text: str) -> None:
    data, condition = with_flow(), parse_condition(text)
    arrays, live, rule = ConditionArrays(data), LiveConditions(), rule_of(condition)
    live.watch([condition], ConditionArrays(until(data, 0)))
    columns = [arrays.values(operand, condition.period) for operand in rule.operands]
    row = -1
    for closed, sample in all_checkpoints(data)[:6000]:
        for candle in closed:
            live.on_candle(candle)
            row += candle.period is condition.period and not uses_flow(condition)
        live.on_flow(sample)
        row += uses_flow(condition)
        state = live[condition].signal_state(1, "SOL")
        now = [float(column[row]) if row >= 0 else math.nan for column in columns]
        if any(math.isnan(value) for value in now):
            assert state.value is None
        else:
            assert (state.value, state.target) == (rule.value(now), rule.target(now))


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(CANDLE_CONDITIONS + FLOW_CONDITIONS), history=st.integers(0, 15_900))
def test_starting_from_history_changes_nothing(text: str, history: int) -> None:
    later = standing_live(with_flow(), text, history)
    assert later == standing_at_once(with_flow(), text)[history:]


@pytest.mark.parametrize("text", ["cvd > 0 on 15m", "taker any 1.5 on 5m", "depth_ratio > 1 on 1m"])
def test_what_the_feed_does_not_tell_is_unknown(text: str) -> None:
    assert {state for state, _ in standing_live(candles_only(), text)} == {UNKNOWN}


def test_a_level_holds_between_closes_and_an_event_until_the_next_one() -> None:
    data = with_flow()
    states = ConditionArrays(data).condition(parse_condition("rsi14 crosses below 30 on 15m"))
    events = states.event_rows
    assert len(events) == 4
    samples = 15 * 4
    for row in events[events + samples < len(states.states)].tolist():
        assert data.flow.close_ms[row] % (15 * 60_000) == 0
        assert set(states.states[row : row + samples].tolist()) == {MET}
        assert states.states[row - 1] in (NOT_MET, MET)
    assert np.count_nonzero(states.states == MET) <= len(events) * samples


def test_nothing_is_known_before_the_warm_up_is_over() -> None:
    minutes: CandleSeries = minutes_of("BTC", 4000)
    states = ConditionArrays(data_of(minutes)).condition(parse_condition("rsi14 > 50 on 1m")).states
    assert set(states[:14].tolist()) == {UNKNOWN}
    assert UNKNOWN not in states[14:].tolist()


@settings(max_examples=20, deadline=None)
@given(text=st.sampled_from(CANDLE_CONDITIONS), row=st.integers(1, 1499), factor=st.floats(0.5, 2))
def test_a_future_candle_changes_nothing_before_it(text: str, row: int, factor: float) -> None:
    minutes = minutes_of(count=1500)
    changed = CandleSeries(
        minutes.open_ms,
        *(
            np.where(np.arange(1500) >= row, column * factor, column)
            for column in (minutes.open, minutes.high, minutes.low, minutes.close, minutes.volume)
        ),
    )
    before = standing_at_once(data_of(minutes), text)[:row]
    assert standing_at_once(data_of(changed), text)[:row] == before


@cache
def recorded_trades() -> SignalData:
    """Six minutes of the recorded exchange: its trades, its book and the minutes they make."""
    flow, minutes = FlowAccumulator(), []
    tape = RawTape(RAW_SAMPLE)
    for moment in tape.moments(tape.start_ms):
        for event in moment.events:
            if isinstance(event, Trade):
                flow.on_trade(event, moment.ts_ms)
            elif isinstance(event, BookSnapshot):
                flow.on_book(event, moment.ts_ms)
            elif isinstance(event, CandleUpdate) and event.candle.closed:
                minutes.append(event.candle)
        flow.close_until(moment.ts_ms)
    return data_of(CandleSeries.of(minutes), FlowSeries.of(flow.take_closed()))


@pytest.mark.parametrize("text", FLOW_CONDITIONS)
def test_both_forms_agree_on_recorded_trades(text: str) -> None:
    data = recorded_trades()
    assert standing_live(data, text) == standing_at_once(data, text)
    assert len(data.flow) > 20


def test_recorded_takers_decide_what_needs_trades() -> None:
    data = recorded_trades()
    rising = standing_at_once(data, "buy_volume > sell_volume on 1m")
    assert {state for state, _ in rising} == {MET, NOT_MET, UNKNOWN}
    assert {state for state, _ in standing_at_once(data, "depth_ratio > 0 on 1m")} == {MET}
