"""Pools over real markets: as they come, across any restart, through changes and silent feeds."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput, NotFound
from engine.market.factors.library import FactorLibrary
from engine.market.periods import Period
from engine.model.factor import FactorCategory, FactorDefinition
from engine.model.signal import FiredSignal, PoolEdge, PoolFire, PoolLogic, SignalDefinition, SignalPool
from engine.signals.conditions.grammar import parse_condition
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.signals.history.pool_history import PoolHistory, pool_history
from engine.signals.history.previews import preview_pool
from engine.signals.live.evaluator import SignalEvaluator
from tests.signals.market import Checkpoint, checkpoints_of, data_of, flow_of, minutes_of, run, until

CHECKPOINTS = 6000
TEXTS = (
    "rsi14 crosses below 40 on 5m",
    "price < ma20 on 15m",
    "cvd > 0 on 15m",
    "volume > 1.5x average on 1m",
    "macd golden_cross or death_cross on 3m",
    "abs price_change > 0.1 on 5m",
    "factor:roc10 > 0 on 5m",
    "depth_ratio crosses above 1 on 5m",
)
SIGNALS = {
    number: SignalDefinition(signal_id=number, name=f"s{number}", condition=text)
    for number, text in enumerate(TEXTS, 1)
}
pools = st.builds(
    SignalPool,
    pool_id=st.just(1),
    name=st.just("p"),
    signal_ids=st.lists(st.sampled_from(sorted(SIGNALS)), min_size=1, max_size=4, unique=True).map(tuple),
    logic=st.sampled_from(list(PoolLogic)),
    cooldown_seconds=st.sampled_from([0, 0, 60, 600, 7200]),
)
cuts = st.integers(0, CHECKPOINTS)


@cache
def market() -> SignalData:
    return data_of(minutes_of(count=CHECKPOINTS // 4), flow_of(count=CHECKPOINTS // 4))


@cache
def checkpoints() -> tuple[Checkpoint, ...]:
    return tuple(checkpoints_of(market()))


class Market:
    """Where an evaluator finds the history up to the checkpoint that has been reached."""

    def __init__(self, reached: int = 0) -> None:
        self.reached = reached

    def __call__(self, symbol: str) -> SignalData:
        return until(market(), self.reached)


def pool_of(*signal_ids: int, logic: PoolLogic = PoolLogic.AND, cooldown_seconds: int = 0) -> SignalPool:
    return SignalPool(
        pool_id=1, name="p", signal_ids=signal_ids, logic=logic, cooldown_seconds=cooldown_seconds
    )


def evaluator_of(*pools: SignalPool, reached: int = 0, edges: tuple[PoolEdge, ...] = ()) -> SignalEvaluator:
    evaluator = SignalEvaluator(["SOL"], Market(reached), edges)
    evaluator.load(SIGNALS.values(), pools)
    return evaluator


def times_of(fires: list[PoolFire]) -> list[int]:
    return [fire.ts_ms for fire in fires]


@settings(max_examples=40, deadline=None)
@given(pool=pools, cut=cuts)
def test_live_fires_are_those_of_the_preview(pool: SignalPool, cut: int) -> None:
    fires = run(evaluator_of(pool, reached=cut), "SOL", checkpoints()[cut:])
    start_ms = int(market().flow.close_ms[cut]) if cut < CHECKPOINTS else 2**62
    preview = preview_pool(pool, SIGNALS, "SOL", market(), start_ms)
    assert [(fire.ts_ms, fire.signals) for fire in fires] == [
        (fire.ts_ms, fire.signals) for fire in preview.fires
    ]
    assert preview.checkpoints == CHECKPOINTS - cut


@settings(max_examples=40, deadline=None)
@given(pool=pools, cut=cuts, shown_again=st.integers(0, 30), keeps_all=st.booleans())
def test_a_restart_neither_refires_nor_loses_a_fire(
    pool: SignalPool, cut: int, shown_again: int, keeps_all: bool
) -> None:
    whole = run(evaluator_of(pool), "SOL", checkpoints())
    first = evaluator_of(pool)
    before, kept = [], {}
    for checkpoint in checkpoints()[:cut]:
        before += run(first, "SOL", [checkpoint])
        kept.update({(edge.pool_id, edge.symbol): edge for edge in first.take_changed_edges()})
    edges = first.edges() if keeps_all else tuple(kept.values())
    second = evaluator_of(pool, reached=cut, edges=edges or first.edges())
    after = run(second, "SOL", checkpoints()[cut - min(cut, shown_again) * keeps_all :])
    assert before + after == whole


def test_a_fire_tells_who_fired_and_on_which_values() -> None:
    pool = pool_of(1, 2, logic=PoolLogic.OR)
    fires = run(evaluator_of(pool), "SOL", checkpoints())
    assert len(fires) > 10
    arrays = ConditionArrays(market())
    for fire in fires:
        row = int((fire.ts_ms - market().flow.close_ms[0]) // 15_000)
        met = [
            FiredSignal(number, f"s{number}", TEXTS[number - 1], states.value_at(row))
            for number in (1, 2)
            if (states := arrays.condition(parse_condition(TEXTS[number - 1]))).states[row] == 1
        ]
        assert (fire.fire_id, fire.pool_id, fire.pool_name, fire.symbol) == (0, 1, "p", "SOL")
        assert list(fire.signals) == met


def test_disabled_members_are_left_out_and_a_pool_without_any_is_unknown() -> None:
    off = {key: msgspec.structs.replace(signal, enabled=key != 3) for key, signal in SIGNALS.items()}
    evaluator = SignalEvaluator(["SOL"], Market())
    evaluator.load(off.values(), [pool_of(2, 3), msgspec.structs.replace(pool_of(3), pool_id=2)])
    fires = run(evaluator, "SOL", checkpoints())
    alone = run(evaluator_of(pool_of(2)), "SOL", checkpoints())
    assert [fire.signals for fire in fires] == [fire.signals for fire in alone]
    _, empty = evaluator.pool_states()
    assert (empty.met, empty.why_unknown) == (None, "none of its signals is enabled")


def test_a_disabled_pool_does_not_fire() -> None:
    pool = msgspec.structs.replace(pool_of(2), enabled=False)
    assert run(evaluator_of(pool), "SOL", checkpoints()) == []


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, CHECKPOINTS), pool=pools)
def test_a_pool_added_while_running_fires_as_if_the_desk_had_begun_there(cut: int, pool: SignalPool) -> None:
    market_until = Market()
    running = SignalEvaluator(["SOL"], market_until)
    running.load(SIGNALS.values(), [msgspec.structs.replace(pool_of(1, 2, 3), pool_id=9)])
    run(running, "SOL", checkpoints()[:cut])
    market_until.reached = cut
    running.put_pool(pool)
    fires = run(running, "SOL", checkpoints()[cut:])
    expected = run(evaluator_of(pool, reached=cut), "SOL", checkpoints()[cut:])
    assert [fire for fire in fires if fire.pool_id == 1] == expected


def test_an_event_from_before_a_pool_was_added_does_not_fire_it() -> None:
    row = int(pool_history_of(pool_of(1)).fires[0])
    later = row + 3  # within the five minutes in which the crossing holds
    evaluator = evaluator_of(pool_of(1), reached=later)
    assert evaluator.pool_states()[0].met is True
    assert run(evaluator, "SOL", checkpoints()[later : row + 20]) == []


def test_a_changed_signal_is_watched_anew_and_the_pool_keeps_its_edge() -> None:
    market_until = Market()
    evaluator = SignalEvaluator(["SOL"], market_until)
    evaluator.load(SIGNALS.values(), [pool_of(2)])
    run(evaluator, "SOL", checkpoints()[:3000])
    edges, market_until.reached = evaluator.edges(), 3000
    evaluator.put_signal(msgspec.structs.replace(SIGNALS[2], condition="price > ma20 on 15m"))
    assert evaluator.edges() == edges
    assert evaluator.periods == {Period.M15}
    fires = run(evaluator, "SOL", checkpoints()[3000:])
    assert fires
    assert {signal.condition for fire in fires for signal in fire.signals} == {"price > ma20 on 15m"}


def test_a_change_makes_no_news_of_an_event_that_is_over() -> None:
    row = int(pool_history_of(pool_of(1)).fires[0])
    later = row + 3  # within the five minutes in which the crossing holds
    never = msgspec.structs.replace(SIGNALS[1], condition="price < 0.000001 on 5m")
    market_until = Market()
    evaluator = SignalEvaluator(["SOL"], market_until)
    evaluator.load([never], [pool_of(1)])
    run(evaluator, "SOL", checkpoints()[:later])
    market_until.reached = later
    evaluator.put_signal(SIGNALS[1])
    assert [edge.met for edge in evaluator.take_changed_edges()] == [True]
    assert run(evaluator, "SOL", checkpoints()[later : row + 20]) == []


def test_a_pool_that_is_enabled_again_makes_no_news_of_an_event_that_is_over() -> None:
    row = int(pool_history_of(pool_of(1)).fires[0])
    evaluator = evaluator_of(pool_of(1))
    run(evaluator, "SOL", checkpoints()[: row - 1])
    evaluator.put_pool(msgspec.structs.replace(pool_of(1), enabled=False))
    run(evaluator, "SOL", checkpoints()[row - 1 : row + 3])
    evaluator.put_pool(pool_of(1))
    assert run(evaluator, "SOL", checkpoints()[row + 3 : row + 20]) == []


def test_removing_a_pool_ends_it() -> None:
    evaluator = evaluator_of(pool_of(2))
    evaluator.remove_pool(1)
    assert run(evaluator, "SOL", checkpoints()) == []
    assert (evaluator.pool_states(), evaluator.signal_states(), evaluator.edges()) == ((), (), ())
    evaluator.remove_signal(2)


@settings(max_examples=20, deadline=None)
@given(start=cuts, length=st.integers(0, 400))
def test_a_suspended_symbol_goes_on_from_what_was_last_known(start: int, length: int) -> None:
    """A level that held before and holds after does not fire; the same as if all had been unknown."""
    pool = pool_of(2)
    evaluator = evaluator_of(pool)
    rows = checkpoints()
    fires = run(evaluator, "SOL", rows[:start])
    evaluator.suspend("SOL")
    assert evaluator.pool_states()[0].is_suspended
    assert run(evaluator, "SOL", rows[start : start + length]) == []
    evaluator.resume("SOL")
    fires += run(evaluator, "SOL", rows[start + length :])
    states = pool_history_of(pool).states.tolist()
    expected, last = [], None
    for row, state in enumerate(states):
        if start <= row < start + length or state == -1:
            continue
        if state == 1 and last != 1:
            expected.append(int(market().flow.close_ms[row]))
        last = state
    assert times_of(fires) == expected


def test_after_a_reset_a_pool_that_is_met_fires_anew() -> None:
    evaluator = evaluator_of(pool_of(2, cooldown_seconds=10**6))
    row = int(pool_history_of(pool_of(2)).fires[0])
    assert len(run(evaluator, "SOL", checkpoints()[: row + 1])) == 1
    evaluator.reset(7)
    assert run(evaluator, "SOL", checkpoints()[row + 1 : row + 2]) == []
    evaluator.reset(1)
    assert len(run(evaluator, "SOL", checkpoints()[row + 2 : row + 3])) == 1
    assert evaluator.pool_states()[0].fires == 2


def test_states_tell_value_target_and_distance() -> None:
    evaluator = evaluator_of(pool_of(1, 2, 3, 6))
    run(evaluator, "SOL", checkpoints())
    arrays = ConditionArrays(market())
    for state, text in zip(evaluator.signal_states(), (TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[5]), strict=True):
        found = arrays.condition(parse_condition(text))
        assert (state.symbol, state.value) == ("SOL", found.value_at(CHECKPOINTS - 1))
        assert state.met is bool(found.states[-1] == 1)
        assert state.target is not None
        assert state.distance is None or (state.distance <= 0) is state.met
    level = evaluator.signal_states()[2]
    assert level.value is not None
    assert (level.target, level.distance) == (0.0, -level.value)


def test_states_say_in_words_what_is_missing() -> None:
    data = until(market(), 56)
    candles_only = data_of(data.minutes)
    evaluator = SignalEvaluator(["SOL"], lambda symbol: candles_only)
    texts = {
        "rsi14 > 50 on 1m": "needs 1 more 1m candle",
        "adx(14) > 25 on 5m": "needs 26 more 5m candles",
        "rsi14 crosses above 50 on 1m": "needs 2 more 1m candles",
        "volume > 2x average on 1m": "needs 7 more 1m candles",
        "cvd > 0 on 5m": "needs trades, this feed has only candles",
        "depth_ratio > 1 on 5m": "needs the order book, this feed has only candles",
        "oi_delta > 1 on 5m": "needs open interest, which the feed does not tell for this whole window",
    }
    signals = [
        SignalDefinition(signal_id=number, name=f"s{number}", condition=text)
        for number, text in enumerate(texts, 1)
    ]
    pool = msgspec.structs.replace(pool_of(1), signal_ids=tuple(range(1, len(signals) + 1)))
    evaluator.load(signals, [pool])
    assert len(candles_only.minutes) == 14
    assert [state.why_unknown for state in evaluator.signal_states()] == list(texts.values())
    assert evaluator.pool_states()[0].why_unknown == "s1 needs 1 more 1m candle"


def test_pools_of_every_symbol_and_of_one() -> None:
    evaluator = SignalEvaluator(["SOL", "BTC"], Market())
    everywhere = pool_of(2)
    here = msgspec.structs.replace(everywhere, pool_id=2, symbols=("BTC",))
    evaluator.load(SIGNALS.values(), [everywhere, here])
    assert [(state.symbol, state.pool_id) for state in evaluator.pool_states()] == [
        ("SOL", 1),
        ("BTC", 1),
        ("BTC", 2),
    ]


@pytest.mark.parametrize(
    ("signal", "pool", "error", "says"),
    [
        (
            msgspec.structs.replace(SIGNALS[1], condition="rsi14 > 150 on 1h"),
            pool_of(1),
            InvalidInput,
            "0 to 100",
        ),
        (SIGNALS[1], msgspec.structs.replace(pool_of(1), symbols=("XYZ",)), InvalidInput, "XYZ"),
        (SIGNALS[1], pool_of(1, 77), NotFound, "77"),
    ],
)
def test_what_cannot_be_watched_is_refused_and_nothing_changes(
    signal: SignalDefinition, pool: SignalPool, error: type[Exception], says: str
) -> None:
    evaluator = evaluator_of(pool_of(1))
    states = evaluator.pool_states()
    with pytest.raises(error, match=says):
        evaluator.load([signal], [pool])
    assert evaluator.pool_states() == states


def test_a_changed_factor_is_computed_anew_and_a_missing_one_is_refused() -> None:
    def library(expression: str) -> FactorLibrary:
        definition = FactorDefinition(
            name="mine", category=FactorCategory.CUSTOM, expression=expression, meaning="a test"
        )
        return FactorLibrary([definition])

    libraries = [library("close / open")]
    signal = SignalDefinition(signal_id=1, name="mine", condition="factor:mine > 0 on 5m")
    data = until(market(), 3000)
    evaluator = SignalEvaluator(
        ["SOL"],
        lambda symbol: SignalData(data.minutes, data.flow, libraries[-1]),
        factors=libraries[-1],
    )
    evaluator.load([signal], [pool_of(1)])
    before = evaluator.signal_states()[0].value
    libraries.append(library("close / open * 2"))
    evaluator.use_factors(libraries[-1])
    assert before is not None
    assert evaluator.signal_states()[0].value == 2 * before
    with pytest.raises(InvalidInput, match="factor:mine"):
        evaluator.use_factors(FactorLibrary())
    assert evaluator.signal_states()[0].value == 2 * before


def test_a_signal_that_a_pool_has_cannot_be_removed() -> None:
    with pytest.raises(NotFound, match="signal 1"):
        evaluator_of(pool_of(1)).remove_signal(1)


def pool_history_of(pool: SignalPool) -> PoolHistory:
    conditions = [parse_condition(SIGNALS[signal_id].condition) for signal_id in pool.signal_ids]
    return pool_history(conditions, pool.logic, ConditionArrays(market()))
