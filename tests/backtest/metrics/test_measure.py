"""What holds of every metric, whatever the run."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.metrics import METRICS, Unit, measure
from engine.backtest.metrics.daily import DAY_MS
from engine.market.periods import MINUTE_MS
from tests.backtest.metrics.run_figures import START_MS, figures_of, trade_of
from tests.test_public_face import loaded_after

equities = st.lists(st.floats(50, 200), min_size=1, max_size=40)


def measured_run(
    equity: list[float], *, scale: float = 1.0, start_ms: int = START_MS, bar_ms: int = DAY_MS // 3
) -> dict[str, float | None]:
    values = scale * np.array(equity)
    trades = [
        trade_of(scale * (after - before), number, entry_ms=start_ms + number * bar_ms)
        for number, (before, after) in enumerate(pairwise(equity))
    ]
    return measure(
        figures_of(
            values,
            cash=100 * scale,
            start_ms=start_ms,
            bar_ms=bar_ms,
            benchmark=scale * np.linspace(101, 140, len(equity)),
            trades=trades,
        )
    )


def test_every_metric_is_measured_and_explained() -> None:
    assert list(measured_run([101, 99, 105])) == list(METRICS)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.meaning.endswith(".")
        assert metric.title
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
    assert "daily UTC equity returns" in METRICS["sharpe"].meaning
    assert "√365" in METRICS["sharpe"].meaning


@given(equities)
def test_values_are_finite_or_none(equity: list[float]) -> None:
    assert all(value is None or math.isfinite(value) for value in measured_run(equity).values())


@given(equities, st.sampled_from([0.5, 4, 1024]))
def test_ten_times_the_cash_changes_nothing_but_the_money(equity: list[float], scale: float) -> None:
    one, other = measured_run(equity), measured_run(equity, scale=scale)
    for name, metric in METRICS.items():
        value, scaled = one[name], other[name]
        if name == "average_trade_pct":  # made of the trades' own returns, which the test does not scale
            continue
        if metric.unit is Unit.MONEY and value is not None:
            value *= scale
        assert scaled == (value if value is None else pytest.approx(value, rel=1e-7, abs=1e-7)), name


@given(equities, st.integers(-1000, 1000))
def test_a_run_days_later_differs_only_in_its_dates(equity: list[float], days: int) -> None:
    one, other = measured_run(equity), measured_run(equity, start_ms=START_MS + days * DAY_MS)
    for name, metric in METRICS.items():
        value = one[name]
        if metric.unit is Unit.TIME and value is not None:
            value += days * DAY_MS
        assert other[name] == value, name


@given(st.integers(1, 40))
def test_flat_equity_has_no_risk_and_no_ratio(bars: int) -> None:
    measured = measured_run([100.0] * bars)
    for name in ("sharpe", "sortino", "calmar", "skew", "kurtosis", "tail_ratio", "sqn"):
        assert measured[name] is None, name
    for name in ("total_return_pct", "max_drawdown_pct", "ulcer_index"):
        assert measured[name] == 0, name


def test_the_same_return_every_day_has_no_sharpe_for_its_deviation_is_rounding() -> None:
    assert measure(figures_of(10_000 * 1.001 ** np.arange(1, 200)))["sharpe"] is None


def test_one_bar() -> None:
    measured = measured_run([110], bar_ms=MINUTE_MS)
    assert measured["total_return_pct"] == pytest.approx(10)
    assert measured["annualized_return_pct"] is None
    assert measured["sharpe"] is None
    assert measured["days"] == 1


def test_no_bar() -> None:
    measured = measure(figures_of([]))
    assert measured["total_return_pct"] == 0
    assert measured["exposure_pct"] is measured["best_day_pct"] is measured["value_at_risk_pct"] is None


def test_an_account_that_lost_everything() -> None:
    measured = measured_run([50, 0, 0])
    assert measured["total_return_pct"] == measured["annualized_return_pct"] == -100
    assert measured["max_drawdown_pct"] == -100


def test_exposure_is_the_share_of_bars() -> None:
    assert measure(figures_of([1, 1, 1, 1], exposed=[True, False, False, False]))["exposure_pct"] == 25


def test_growth_beyond_a_float_is_undefined() -> None:
    assert measure(figures_of([1e6], cash=1))["annualized_return_pct"] is None


def test_five_years_of_minutes_take_milliseconds() -> None:
    bars = 2_628_000
    rng = np.random.default_rng(7)
    equity = 1e6 * np.exp(rng.normal(0, 6e-4, bars).cumsum())
    trades = [trade_of(float(pnl), number) for number, pnl in enumerate(rng.normal(0, 9, 9_061).round(4))]
    figures = figures_of(equity, cash=1e6, bar_ms=MINUTE_MS, benchmark=equity, trades=trades)
    best = math.inf
    for _ in range(5):
        started = time.process_time()
        measure(figures)
        best = min(best, time.process_time() - started)
    assert best < 0.08, "28 ms on the machine this was written on"


def test_the_table_can_be_read_without_numpy() -> None:
    assert "numpy" not in loaded_after("import engine.backtest.metrics")
