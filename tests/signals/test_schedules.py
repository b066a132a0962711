"""A trader wakes when its interval is over, counted from whatever woke it last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model.trigger import TriggerKind
from engine.signals.schedules import Schedule


def test_it_fires_once_per_interval() -> None:
    schedule = Schedule(300, last_ms=0)
    times = [now for now in range(0, 1_000_000, 1000) if schedule.fire(now)]
    assert times == [300_000, 600_000, 900_000]


def test_any_trigger_starts_the_interval_anew() -> None:
    schedule = Schedule(300, last_ms=0)
    schedule.reset(200_000)
    assert schedule.fire(300_000) is None
    assert schedule.due_ms == 500_000
    trigger = schedule.fire(500_000)
    assert trigger is not None
    assert (trigger.kind, trigger.symbol, trigger.ts_ms) == (TriggerKind.SCHEDULED, "", 500_000)
    assert trigger.detail == "every 300 s"


def test_a_trigger_from_before_does_not_turn_it_back() -> None:
    schedule = Schedule(300, last_ms=100_000)
    schedule.reset(50_000)
    assert schedule.last_ms == 100_000


def test_no_interval_means_never() -> None:
    schedule = Schedule(0, last_ms=0)
    assert schedule.due_ms is None
    assert schedule.fire(10**15) is None


def test_a_negative_interval_is_refused() -> None:
    with pytest.raises(InvalidInput, match="schedule_seconds: -1"):
        Schedule(-1, last_ms=0)


@given(
    interval=st.integers(1, 600),
    ticks=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=50).map(sorted),
    data=st.data(),
)
def test_a_restart_changes_nothing(interval: int, ticks: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(ticks)))
    whole, first = Schedule(interval, 0), Schedule(interval, 0)
    expected = [now for now in ticks if whole.fire(now)]
    before = [now for now in ticks[:cut] if first.fire(now)]
    second = Schedule(interval, first.last_ms)
    assert before + [now for now in ticks[cut:] if second.fire(now)] == expected
