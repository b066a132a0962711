"""The asset curve: bounded memory, thinning that keeps the extremes, sums at every time."""

from __future__ import annotations

from array import array
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.trading.equity import MAX_SAMPLES, EquityHistory, summed, thin

CURVES = st.lists(st.floats(0, 1e6), min_size=1, max_size=500)


def history_of(values: list[float], start: int = 0, step: int = 1000) -> EquityHistory:
    history = EquityHistory(1)
    history.load(array("q", range(start, start + step * len(values), step)), array("d", values))
    return history


@given(CURVES, st.integers(4, 100))
def test_thinning_keeps_ends_and_extremes_within_the_bound(values: list[float], bound: int) -> None:
    times = array("q", range(len(values)))
    points = thin(times, array("d", values), bound)
    assert len(points) <= max(bound, 4)
    assert points == sorted(points)
    assert points[0] == (0, values[0])
    assert points[-1] == (len(values) - 1, values[-1])
    assert max(value for _, value in points) == max(values)
    assert min(value for _, value in points) == min(values)


def test_memory_stays_bounded_and_the_recent_half_stays_whole() -> None:
    history = EquityHistory(1)
    for minute in range(MAX_SAMPLES * 3):
        history.append(minute, Decimal(minute))
    assert len(history) <= MAX_SAMPLES
    times, _ = history.since(MAX_SAMPLES * 3 - 1000)
    assert list(times) == list(range(MAX_SAMPLES * 3 - 1000, MAX_SAMPLES * 3))


def test_a_sample_that_is_not_later_is_ignored() -> None:
    history = history_of([1.0, 2.0])
    assert not history.append(1000, Decimal(9))
    assert history.append(1001, Decimal(3))
    assert history.at_or_before(1000) == 2.0
    assert history.at_or_before(-1) is None


def test_recent_values_are_evenly_spaced_and_end_at_the_last() -> None:
    assert history_of([1.0, 2.0, 3.0, 4.0, 5.0]).recent(3, 2000) == (1.0, 3.0, 5.0)


@given(CURVES, CURVES)
def test_the_sum_of_curves_ends_at_the_sum_of_their_ends(one: list[float], other: list[float]) -> None:
    times, values = summed([history_of(one), history_of(other, start=500)], 0)
    assert list(times) == sorted(set(times))
    assert values[-1] == one[-1] + other[-1]
