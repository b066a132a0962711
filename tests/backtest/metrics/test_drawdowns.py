"""Drawdowns, their dates, and how long they lasted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.metrics import curve, drawdowns, measure
from engine.backtest.metrics.daily import DAY_MS
from tests.backtest.metrics.run_figures import START_MS, figures_of


def day(number: int) -> int:
    return START_MS + number * DAY_MS


def test_the_deepest_drawdown_and_its_dates() -> None:
    measured = measure(figures_of([110, 120, 90, 100, 120, 130, 125], cash=100))
    assert measured["max_drawdown_pct"] == pytest.approx(-25)
    assert measured["max_drawdown"] == -30
    assert measured["max_drawdown_start_ms"] == day(2)
    assert measured["max_drawdown_end_ms"] == day(3)
    assert measured["max_drawdown_recovery_ms"] == day(5)
    assert measured["max_drawdown_duration_ms"] == 3 * DAY_MS


def test_a_loss_from_the_first_bar_on_is_below_the_cash() -> None:
    measured = measure(figures_of([80, 90], cash=100))
    assert measured["max_drawdown_pct"] == pytest.approx(-20)
    assert measured["max_drawdown_start_ms"] == START_MS
    assert measured["max_drawdown_recovery_ms"] is None
    assert measured["max_drawdown_duration_ms"] == 2 * DAY_MS


def test_per_cent_and_money_each_have_their_own_worst() -> None:
    measured = measure(figures_of([50, 200, 1000, 800], cash=100))
    assert measured["max_drawdown_pct"] == pytest.approx(-50)
    assert measured["max_drawdown"] == -200


def test_a_drawdown_begins_at_the_last_time_at_its_peak() -> None:
    measured = measure(figures_of([110, 110, 99, 110], cash=100))
    assert measured["max_drawdown_start_ms"] == day(2)
    assert measured["longest_drawdown_ms"] == 2 * DAY_MS


def test_the_longest_drawdown_need_not_be_the_deepest() -> None:
    measured = measure(figures_of([50, 100, 99, 99, 99, 99, 101], cash=100))
    assert measured["max_drawdown_duration_ms"] == 2 * DAY_MS
    assert measured["longest_drawdown_ms"] == 5 * DAY_MS


def test_a_longest_drawdown_that_is_not_over_lasts_to_the_last_bar() -> None:
    assert measure(figures_of([110, 105], cash=100))["longest_drawdown_ms"] == DAY_MS
    assert measure(figures_of([90, 80, 95], cash=100))["longest_drawdown_ms"] == 3 * DAY_MS


@pytest.mark.parametrize("equity", [[100, 100, 100], [101, 102, 102], []])
def test_without_a_fall_there_is_no_drawdown(equity: list[float]) -> None:
    measured = measure(figures_of(equity, cash=100))
    assert (measured["max_drawdown_pct"], measured["max_drawdown"]) == (0, 0)
    assert measured["max_drawdown_start_ms"] is measured["max_drawdown_end_ms"] is None
    assert measured["longest_drawdown_ms"] == 0


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_equal_to_the_definition_bar_by_bar(equity: list[int]) -> None:
    measured = measure(figures_of(equity, cash=30))
    peak, peak_ms, was_below, deepest, longest = 30, START_MS, False, 0.0, 0
    for number, value in enumerate(equity, start=1):
        if value < peak or was_below:
            longest = max(longest, day(number) - peak_ms)
        was_below = value < peak
        deepest = min(deepest, (value / peak - 1) * 100)
        if not was_below:
            peak, peak_ms = value, day(number)
    assert measured["max_drawdown_pct"] == pytest.approx(deepest)
    assert measured["longest_drawdown_ms"] == longest
    start, end = measured["max_drawdown_start_ms"], measured["max_drawdown_end_ms"]
    if start is not None and end is not None:
        values = {START_MS: 30, **{day(number): value for number, value in enumerate(equity, start=1)}}
        assert (values[int(end)] / values[int(start)] - 1) * 100 == pytest.approx(deepest)
        assert all(values[at] < values[int(start)] for at in values if start < at <= end)


@given(st.lists(st.integers(-20, 60), min_size=1, max_size=60), st.integers(1, 20))
def test_the_size_of_the_blocks_changes_nothing(equity: list[int], block: int) -> None:
    figures = figures_of(equity, cash=30)
    whole, thinned = measure(figures), curve(figures, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawdowns, "BLOCK", block)
        assert (measure(figures), curve(figures, 10)) == (whole, thinned)


def test_an_account_below_zero_has_lost_more_than_everything() -> None:
    measured = measure(figures_of([100, -50, 20], cash=100))
    assert measured["max_drawdown_pct"] == pytest.approx(-150)
    assert measured["max_drawdown"] == -150
    assert min(curve(figures_of([100, -50, 20], cash=100)).drawdown_pct) == pytest.approx(-150)


def test_ulcer_index_is_the_root_mean_square_of_daily_drawdowns() -> None:
    equity = np.array([110, 99, 88, 120, 90], dtype=np.float64)
    drawdowns = np.array([0, -10, -20, 0, -25])
    measured = measure(figures_of(equity, cash=100))["ulcer_index"]
    assert measured == pytest.approx(np.sqrt((drawdowns**2).mean()))
