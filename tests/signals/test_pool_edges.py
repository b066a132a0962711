"""A pool fires where it comes to be met: one checkpoint at a time as over all of them at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.signal import PoolEdge, PoolLogic
from engine.signals.conditions.rules import MET, NOT_MET, UNKNOWN, join
from engine.signals.pool_edges import NEVER_MS, EdgeDetector, EdgeStart, fire_rows

STEP_MS = 15_000
NEW = PoolEdge(pool_id=1, symbol="BTC", met=None, as_of_ms=NEVER_MS)
standings = st.lists(st.tuples(st.sampled_from([UNKNOWN, NOT_MET, MET]), st.booleans()), max_size=80)


def fires(states: list[int], events: tuple[int, ...] = (), cooldown_ms: int = 0) -> list[int]:
    detector = EdgeDetector(NEW)
    return [
        row
        for row, state in enumerate(states)
        if detector.observe((row + 1) * STEP_MS, state, row in events, cooldown_ms)
    ]


@pytest.mark.parametrize(
    ("states", "at"),
    [
        ([NOT_MET, MET, MET, NOT_MET, MET], [1, 4]),
        ([MET, MET], [0]),
        ([UNKNOWN, MET], [1]),
        ([MET, UNKNOWN, MET], [0]),
        ([NOT_MET, UNKNOWN, MET], [2]),
        ([MET, UNKNOWN, NOT_MET, UNKNOWN, MET], [0, 4]),
        ([UNKNOWN, UNKNOWN], []),
    ],
)
def test_it_fires_from_not_met_to_met_and_unknown_changes_nothing(states: list[int], at: list[int]) -> None:
    assert fires(states) == at


def test_an_event_fires_again_without_the_pool_being_unmet_in_between() -> None:
    assert fires([NOT_MET, MET, MET, MET], events=(1, 3)) == [1, 3]
    assert fires([NOT_MET, NOT_MET, UNKNOWN], events=(1, 2)) == []


def test_cooldown_silences_fires_while_the_state_moves_on() -> None:
    states = [MET, NOT_MET, MET, MET, NOT_MET, MET]
    assert fires(states, cooldown_ms=3 * STEP_MS) == [0, 5]
    assert fires(states, cooldown_ms=2 * STEP_MS) == [0, 2, 5]


def test_a_checkpoint_is_never_evaluated_twice() -> None:
    detector = EdgeDetector(NEW)
    assert detector.observe(STEP_MS, MET, False, 0)
    assert not detector.observe(STEP_MS, NOT_MET, False, 0)
    assert not detector.observe(STEP_MS - 1, NOT_MET, False, 0)
    assert detector.edge() == PoolEdge(pool_id=1, symbol="BTC", met=True, as_of_ms=STEP_MS, fired_ms=STEP_MS)


def test_after_a_reset_what_is_met_fires_anew_but_not_what_has_been_evaluated() -> None:
    detector = EdgeDetector(NEW)
    assert detector.observe(STEP_MS, MET, False, 10**9)
    detector.reset()
    assert not detector.observe(STEP_MS, MET, False, 10**9)
    assert detector.observe(2 * STEP_MS, MET, False, 10**9)


@given(standings, st.integers(0, 12), st.sampled_from([None, True, False]))
def test_both_forms_fire_at_the_same_checkpoints(
    standing: list[tuple[int, bool]], cooldown: int, met: bool | None
) -> None:
    states = [state for state, _ in standing]
    times_ms = [(row + 1) * STEP_MS for row in range(len(standing))]
    detector = EdgeDetector(PoolEdge(pool_id=1, symbol="BTC", met=met, as_of_ms=0, fired_ms=0))
    one_by_one = [
        row
        for row, (state, event) in enumerate(standing)
        if detector.observe(times_ms[row], state, event, cooldown * STEP_MS)
    ]
    at_once = fire_rows(
        np.array(times_ms, dtype=np.int64),
        np.array(states, dtype=np.int8),
        np.flatnonzero([event for _, event in standing]),
        cooldown * STEP_MS,
        EdgeStart(met=met, fired_ms=0),
    )
    assert at_once.tolist() == one_by_one


@given(standings, st.data())
def test_a_restart_changes_nothing(standing: list[tuple[int, bool]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(standing)))
    whole, first = EdgeDetector(NEW), EdgeDetector(NEW)
    rows = [((row + 1) * STEP_MS, *each) for row, each in enumerate(standing)]
    expected = [whole.observe(*row, 2 * STEP_MS) for row in rows]
    before = [first.observe(*row, 2 * STEP_MS) for row in rows[:cut]]
    second = EdgeDetector(first.edge())
    again = [second.observe(*row, 2 * STEP_MS) for row in rows[:cut]]
    assert not any(again)
    assert before + [second.observe(*row, 2 * STEP_MS) for row in rows[cut:]] == expected


def test_all_is_unknown_if_any_member_is_and_any_only_if_every_member_is() -> None:
    every, some = join(PoolLogic.AND), join(PoolLogic.OR)
    assert (every([MET, MET]), every([MET, NOT_MET]), every([NOT_MET, UNKNOWN])) == (MET, NOT_MET, UNKNOWN)
    assert (some([MET, UNKNOWN]), some([NOT_MET, UNKNOWN]), some([UNKNOWN, UNKNOWN])) == (
        MET,
        NOT_MET,
        UNKNOWN,
    )
