"""Figures of trades, by their plain definitions."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.metrics import measure
from engine.market.periods import HOUR_MS
from tests.backtest.metrics.run_figures import figures_of, trade_of

RESULTS = [120.5, -40.25, 60, -80, 0, 15.75]


def measured_trades(*results: float) -> dict[str, float | None]:
    trades = [trade_of(pnl, number) for number, pnl in enumerate(results, start=1)]
    return measure(figures_of([10_000], trades=trades))


def test_counts_averages_and_extremes() -> None:
    measured = measured_trades(*RESULTS)
    assert {name: measured[name] for name in ("total_trades", "winning_trades", "losing_trades")} == {
        "total_trades": 6,
        "winning_trades": 3,
        "losing_trades": 2,
    }
    assert measured["win_rate"] == 0.5
    assert measured["profit_factor"] == pytest.approx(196.25 / 120.25)
    assert measured["expectancy"] == pytest.approx(statistics.mean(RESULTS))
    assert measured["average_trade_pct"] == pytest.approx(statistics.mean(RESULTS) / 100)
    assert measured["avg_win"] == pytest.approx(196.25 / 3)
    assert measured["avg_loss"] == pytest.approx(-120.25 / 2)
    assert measured["largest_win"] == 120.5
    assert measured["largest_loss"] == -80
    assert measured["payoff_ratio"] == pytest.approx((196.25 / 3) / (120.25 / 2))
    expected_sqn = math.sqrt(6) * statistics.mean(RESULTS) / statistics.stdev(RESULTS)
    assert measured["sqn"] == pytest.approx(expected_sqn)
    assert measured["average_mae_pct"] == 0.25
    assert measured["average_mfe_pct"] == 0.75
    assert measured["average_holding_ms"] == HOUR_MS


def test_a_trade_that_is_still_open_is_counted_and_judged_by_nothing() -> None:
    trades = [trade_of(10, 1), trade_of(-5, 2), trade_of(1_000, 3, is_open=True)]
    measured = measure(figures_of([10_000], trades=trades))
    assert measured["total_trades"] == 3
    assert measured["open_trades"] == 1
    assert measured["win_rate"] == 0.5
    assert measured["profit_factor"] == 2
    assert measured["largest_win"] == 10


def test_without_a_loss_the_profit_factor_is_undefined() -> None:
    measured = measured_trades(5, 7)
    assert measured["profit_factor"] is measured["payoff_ratio"] is measured["avg_loss"] is None
    assert measured["largest_loss"] is None


def test_without_a_trade_what_is_made_of_trades_is_undefined_or_nothing() -> None:
    measured = measured_trades()
    undefined = ("win_rate", "profit_factor", "expectancy", "sqn", "avg_win", "average_holding_ms")
    assert [measured[name] for name in undefined] == [None] * len(undefined)
    assert [measured[name] for name in ("total_trades", "long_pnl", "max_consecutive_wins")] == [0, 0, 0]


def test_equal_trades_have_no_system_quality_number() -> None:
    assert measured_trades(0.1, 0.1, 0.1)["sqn"] is None
    assert measured_trades(3)["sqn"] is None


def test_sides_are_told_apart() -> None:
    trades = [trade_of(10, 1), trade_of(-4, 2, side="short"), trade_of(6, 3, side="short")]
    measured = measure(figures_of([10_000], trades=trades))
    assert (measured["long_trades"], measured["short_trades"]) == (1, 2)
    assert (measured["long_pnl"], measured["short_pnl"]) == (10, 2)
    assert (measured["long_win_rate"], measured["short_win_rate"]) == (1, 0.5)


def test_rows_of_wins_and_losses_follow_the_order_of_closing() -> None:
    hours = [0, 10, 3, 4]
    trades = [
        trade_of(pnl, number, held_ms=(100 - 24 * number + hour) * HOUR_MS)
        for number, (pnl, hour) in enumerate(zip([1, -1, 1, 1], hours, strict=True), start=1)
    ]
    measured = measure(figures_of([10_000], trades=trades))
    assert measured["max_consecutive_wins"] == 3


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=30))
def test_longest_rows_by_counting(results: list[int]) -> None:
    measured = measured_trades(*results)
    for sign, name in ((1, "max_consecutive_wins"), (-1, "max_consecutive_losses")):
        row = longest = 0
        for result in results:
            row = row + 1 if result == sign else 0
            longest = max(longest, row)
        assert measured[name] == longest


def test_costs() -> None:
    measured = measure(figures_of([10_000], turnover="25000", fees="12.5", funding="-3"))
    assert measured["turnover"] == 2.5
    assert measured["fees"] == 12.5
    assert measured["funding"] == -3
