"""Which equity points make the daily series, by months too."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backtest.metrics import measure, monthly
from engine.backtest.metrics.daily import DAY_MS, daily_rows
from engine.backtest.metrics.measured import MeasuredRun
from engine.market.periods import HOUR_MS, MINUTE_MS
from tests.backtest.metrics.run_figures import START_MS, figures_of


def test_a_bar_that_closes_at_midnight_is_the_last_of_the_day_before() -> None:
    hours = figures_of(np.arange(1, 73), bar_ms=HOUR_MS, cash=1)
    assert MeasuredRun(hours).daily_equity.tolist() == [1, 24, 48, 72]


def test_the_first_day_is_against_the_cash_and_the_last_may_be_a_part() -> None:
    run = MeasuredRun(figures_of([110, 121, 133.1], cash=100, bar_ms=16 * HOUR_MS))
    assert run.daily_equity.tolist() == [100, 110, 133.1]
    assert run.daily_returns == pytest.approx([0.1, 0.21])


def test_a_start_within_a_day_has_that_day_for_its_first() -> None:
    start = START_MS + 18 * HOUR_MS
    run = MeasuredRun(figures_of([101, 102], cash=100, start_ms=start, bar_ms=6 * HOUR_MS))
    assert run.daily_equity.tolist() == [100, 101, 102]


def test_days_without_a_bar_keep_the_equity_before_them() -> None:
    closes = [START_MS + DAY_MS, START_MS + 4 * DAY_MS]
    run = MeasuredRun(figures_of([110, 99], cash=100, close_ms=closes))
    assert run.daily_equity.tolist() == [100, 110, 110, 110, 99]
    late = MeasuredRun(figures_of([110], cash=100, close_ms=[START_MS + 3 * DAY_MS]))
    assert late.daily_equity.tolist() == [100, 100, 100, 110]


def test_a_weekly_candle_counts_as_the_seven_days_it_took() -> None:
    weekly = np.array([103.0, 101.0, 106.0, 104.0])
    carried = np.full(28, 100.0)
    for week, value in enumerate(weekly, start=1):
        carried[7 * week - 1 :] = value
    by_week = measure(figures_of(weekly, cash=100, bar_ms=7 * DAY_MS))
    by_day = measure(figures_of(carried, cash=100))
    assert by_week["days"] == 28
    assert by_week["sharpe"] == by_day["sharpe"] is not None


def test_an_account_that_is_gone_returns_nothing_more() -> None:
    run = MeasuredRun(figures_of([50, 0, 0, -3], cash=100))
    assert run.daily_returns.tolist() == [-0.5, -1, 0, 0]


def test_rows_are_found_among_minutes_with_holes() -> None:
    closes = START_MS + MINUTE_MS * np.array([1, 2, 1439, 1440, 1441, 2880 * 2])
    assert daily_rows(START_MS, closes.astype(np.int64)).tolist() == [3, 4, 4, 5]


def test_months_end_at_their_last_bar() -> None:
    days_of_may_and_june = figures_of(np.linspace(101, 161, 61), cash=100)
    may, june = monthly(days_of_may_and_june)
    assert (may.year, may.month, june.year, june.month) == (2025, 5, 2025, 6)
    assert may.return_pct == pytest.approx(31)
    assert june.return_pct == pytest.approx((161 / 131 - 1) * 100)


def test_a_month_without_a_bar_returned_nothing() -> None:
    closes = [START_MS + 5 * DAY_MS, START_MS + 70 * DAY_MS]
    returned = monthly(figures_of([90, 99], cash=100, close_ms=closes))
    assert [(row.year, row.month, round(row.return_pct, 9)) for row in returned] == [
        (2025, 5, -10),
        (2025, 6, 0),
        (2025, 7, 10),
    ]


def test_months_compound_to_the_total_return() -> None:
    rng = np.random.default_rng(5)
    run = figures_of(10_000 * np.exp(rng.normal(0, 0.02, 800).cumsum()))
    growth = np.prod([1 + month.return_pct / 100 for month in monthly(run)])
    assert (growth - 1) * 100 == pytest.approx(measure(run)["total_return_pct"])
