"""What a program is told live is, bit for bit, what a backtest tells it of the same moment."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import ReplayClock
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.candles.series import CandleSeries
from engine.market.flow.series import FlowSeries
from engine.market.market_state import MarketState
from engine.market.periods import MINUTE_MS, Period
from engine.market.regime.classification import DEFAULT_THRESHOLDS
from engine.market.regime.live import Regimes
from engine.strategies.programs.batch import DataQuery
from engine.strategies.programs.data.live import LiveData
from tests.signals.market import flow_of, minutes_of, without_rows
from tests.strategies.programs.data.records import (
    FACTORS,
    SOL,
    GrowingRecord,
    altered_after,
    history_of,
    live_of,
    markets_at,
    queries,
    quote_at,
    seen,
)

WARM = 24_000
LIVE = 3_000


@cache
def recorded() -> CandleSeries:
    return minutes_of(SOL, WARM + LIVE)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_market_fed_minute_by_minute_tells_what_its_history_tells(seed: int) -> None:
    minutes, random = recorded(), np.random.default_rng(seed)
    asked_at = {0, *random.choice(LIVE, 12, replace=False).tolist()}
    asked = queries()
    clock = ReplayClock(int(minutes.open_ms[WARM]))
    market = MarketState(INSTRUMENTS, (), clock)
    market.warm_up(SOL, minutes.slice(0, WARM))
    regimes = Regimes(market, DEFAULT_THRESHOLDS)
    live = LiveData(market, lambda: FACTORS, regimes, {SOL: INSTRUMENTS[SOL]})
    told = []
    for number, minute in enumerate(minutes.slice(WARM).candles()):
        clock.set(minute.open_ms + MINUTE_MS)
        market.on_quote(quote_at(minute.close, clock.now_ms()))
        market.on_candle(SOL, minute)
        market.take_flow(clock.now_ms())
        if number % 7 == seed:
            live.keep_up()
        if number in asked_at:
            answers = [live.answer(query, clock.now_ms()) for query in asked]
            told.append((clock.now_ms(), answers))
    ts_ms = np.array([at for at, _ in told])
    history, markets = history_of(minutes), markets_at(minutes, ts_ms)
    for place, query in enumerate(asked):
        over_history = history.answer(query, ts_ms, markets)
        for trigger, (_, answers) in enumerate(told):
            expected = seen(over_history, trigger, len(ts_ms))
            assert seen(answers[place], 0, 1) == expected, (query, trigger)


def a_broken_record() -> tuple[CandleSeries, FlowSeries]:
    """Minutes and 15-second samples with holes, both beginning inside an hour."""
    holes = [*range(301, 312), 900, *range(2000, 2075), *range(4000, 4100)]
    minutes, flow = minutes_of(SOL, 5000, 37), flow_of(SOL, 5000, 37)
    sample_minutes = (flow.close_ms - 15_000) // MINUTE_MS * MINUTE_MS
    kept = ~np.isin(sample_minutes, minutes.open_ms[holes])
    samples = FlowSeries(*(getattr(flow, name)[kept] for name in flow.__struct_fields__))
    return without_rows(minutes, holes), samples


@given(st.lists(st.integers(0, 5000 * 4), min_size=1, max_size=4, unique=True))
@settings(max_examples=12)
def test_a_record_with_holes_and_full_flow_tells_the_same_live(quarters: list[int]) -> None:
    minutes, flow = a_broken_record()
    ts_ms = int(minutes.open_ms[0]) + np.sort(np.array(quarters)) * 15_000
    record, history = GrowingRecord(minutes, flow), history_of(minutes, flow)
    live, markets = live_of(record), markets_at(minutes, ts_ms)
    asked = queries((Period.M1, Period.M5, Period.H1, Period.D1))
    over_history = [history.answer(query, ts_ms, markets) for query in asked]
    for trigger, at in enumerate(ts_ms.tolist()):
        record.now_ms = at
        for query, answer in zip(asked, over_history, strict=True):
            told = seen(live.answer(query, at), 0, 1)
            assert told == seen(answer, trigger, len(ts_ms)), query


def test_an_answer_for_one_trigger_is_the_live_one_byte_for_byte() -> None:
    minutes, flow = a_broken_record()
    record, history = GrowingRecord(minutes, flow), history_of(minutes, flow)
    record.now_ms = int(minutes.open_ms[2500]) + 15_000
    live, now = live_of(record), np.array([record.now_ms])
    for query in queries((Period.M3, Period.M15)):
        assert history.answer(query, now, markets_at(minutes, now)) == live.answer(query, record.now_ms)


@given(
    at=st.integers(3000, 5000),
    row=st.integers(0, 900),
    factor=st.sampled_from([0.5, 0.99, 1.01, 3.0]),
)
@settings(max_examples=15)
def test_nothing_later_changes_an_answer(at: int, row: int, factor: float) -> None:
    minutes = minutes_of(SOL, 6000)
    ts_ms = int(minutes.open_ms[0]) + np.array([at - 1000, at]) * MINUTE_MS + 20_000
    changed = altered_after(minutes, int(ts_ms[-1]), row, factor)
    markets = markets_at(minutes, ts_ms)
    honest, cheated = history_of(minutes), history_of(changed)
    for query in queries((Period.M1, Period.M15, Period.H1, Period.H4)):
        assert honest.answer(query, ts_ms, markets) == cheated.answer(query, ts_ms, markets), query


@given(st.lists(st.integers(10, 5999), min_size=2, max_size=40), st.integers(1, 39))
@settings(max_examples=15)
def test_batches_tell_what_one_batch_tells(minutes_in: list[int], cut: int) -> None:
    minutes = minutes_of(SOL, 6000)
    ts_ms = int(minutes.open_ms[0]) + np.sort(np.array(minutes_in)) * MINUTE_MS
    cut = min(cut, len(ts_ms) - 1)
    history = history_of(minutes)
    for query in queries((Period.M1, Period.H1)):
        whole = history.answer(query, ts_ms, markets_at(minutes, ts_ms))
        expected = [seen(whole, trigger, len(ts_ms)) for trigger in range(len(ts_ms))]
        told = []
        for batch in (ts_ms[:cut], ts_ms[cut:]):
            part = history.answer(query, batch, markets_at(minutes, batch))
            told += [seen(part, trigger, len(batch)) for trigger in range(len(batch))]
        assert told == expected, query


def test_a_slice_holds_only_what_its_triggers_can_see() -> None:
    minutes = minutes_of(SOL, 6000)
    ts_ms = int(minutes.open_ms[0]) + np.arange(5000, 5010) * MINUTE_MS
    history = history_of(minutes)
    klines = history.answer(DataQuery("klines", SOL, period="1m", count=150), ts_ms)
    lines = history.answer(DataQuery("indicator", SOL, "RSI14", "1m"), ts_ms)
    assert len(klines.numbers["c"]) // 8 == 150 + 9
    assert len(lines.numbers["value"]) // 8 == 20 + 9
