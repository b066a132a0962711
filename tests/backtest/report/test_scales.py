"""Axes: round values, even times, short labels."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.report.scales import compact_text, time_ticks, value_scale, value_ticks

values = st.floats(-1e9, 1e9, allow_nan=False)


@given(values, values, st.integers(2, 10))
def test_ticks_lie_within_the_scale_and_are_not_too_many(one: float, other: float, count: int) -> None:
    scale = value_scale(min(one, other), max(one, other), 300, 0)
    ticks = value_ticks(scale, count)
    assert ticks == sorted(ticks)
    rounding = 1e-9 * (scale.high - scale.low)
    assert all(scale.low - rounding <= tick <= scale.high + rounding for tick in ticks)
    assert 1 <= len(ticks) <= 3 * count + 6


@given(st.floats(1, 100), st.floats(30, 1e7))
def test_a_logarithmic_scale_makes_equal_factors_equally_high(low: float, ratio: float) -> None:
    scale = value_scale(low, low * ratio, 300, 0)
    assert scale.is_log
    middle = low * ratio**0.5
    assert scale(low) - scale(middle) == pytest.approx(scale(middle) - scale(low * ratio))
    assert value_ticks(scale)


def test_losses_to_nothing_are_not_logarithmic() -> None:
    assert not value_scale(0, 1_000, 300, 0).is_log
    assert not value_scale(-100, 0, 300, 0, may_log=False).is_log


@given(st.integers(0, 2_000_000_000), st.integers(1, 700_000_000), st.integers(2, 12))
def test_times_are_few_and_within(start_s: int, span_s: int, count: int) -> None:
    ticks = time_ticks(start_s * 1000, (start_s + span_s) * 1000, count)
    assert all(start_s * 1000 <= at <= (start_s + span_s) * 1000 for at, _ in ticks)
    assert len(ticks) <= count + 1


def test_times_are_even_on_the_calendar() -> None:
    start, end = (int(datetime(year, 2, 3, tzinfo=UTC).timestamp()) * 1000 for year in (2021, 2026))
    assert [label for _, label in time_ticks(start, end)] == ["2022", "2023", "2024", "2025", "2026"]
    day = int(datetime(2025, 5, 1, 9, 20, tzinfo=UTC).timestamp()) * 1000
    assert [label for _, label in time_ticks(day, day + 5 * 3_600_000, 6)] == [
        "10:00",
        "11:00",
        "12:00",
        "13:00",
        "14:00",
    ]


@pytest.mark.parametrize(
    ("value", "step", "largest", "text"),
    [
        (950, 50, 950, "950"),
        (9_000, 1_000, 11_000, "9k"),
        (12_500, 2_500, 20_000, "12.5k"),
        (1_250_000, 250_000, 2_000_000, "1.25M"),
        (0, 5_000, 20_000, "0k"),
        (0.00025, 0.00005, 0.0004, "0.00025"),
        (12_345, 0, 0, "12.3k"),
        (0, 0, 0, "0"),
        (-3.5, 0.5, 4, "-3.5"),
    ],
)
def test_short_labels(value: float, step: float, largest: float, text: str) -> None:
    assert compact_text(value, step, largest) == text
