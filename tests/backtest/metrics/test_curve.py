"""Equity thinned for a chart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.backtest.metrics import curve, measure
from engine.market.periods import MINUTE_MS
from tests.backtest.metrics.run_figures import START_MS, figures_of


def walk(bars: int, seed: int) -> NDArray[np.float64]:
    steps = np.random.default_rng(seed).normal(0, 0.01, bars)
    return np.asarray(10_000 * np.exp(steps.cumsum()))


@given(st.integers(1, 3_000), st.integers(6, 300), st.integers(0, 9))
def test_no_more_points_than_asked_for_and_no_extreme_lost(bars: int, most: int, seed: int) -> None:
    figures = figures_of(walk(bars, seed), bar_ms=MINUTE_MS)
    thinned = curve(figures, most)
    assert len(thinned.ts_ms) <= most
    assert list(thinned.ts_ms) == sorted(set(thinned.ts_ms))
    assert thinned.ts_ms[0] == START_MS
    assert thinned.ts_ms[-1] == figures.close_ms[-1]
    assert {figures.equity.min(), figures.equity.max(), figures.equity[-1]} <= set(thinned.equity)
    assert min(thinned.drawdown_pct) == pytest.approx(measure(figures)["max_drawdown_pct"])


def test_few_bars_are_all_kept() -> None:
    thinned = curve(figures_of([110, 99, 121], cash=100, benchmark=[101, 102, 103]))
    assert thinned.equity == (100, 110, 99, 121)
    assert thinned.drawdown_pct == pytest.approx((0, 0, -10, 0))
    assert thinned.benchmark == (100, 101, 102, 103)


def test_each_interval_keeps_its_lowest_and_highest_point() -> None:
    equity = walk(5_000, 3)
    kept = set(curve(figures_of(equity, bar_ms=MINUTE_MS), 203).equity)
    for start in range(0, 5_000, 50):
        assert {equity[start : start + 50].min(), equity[start : start + 50].max()} <= kept


def test_without_a_bar_there_is_the_cash() -> None:
    assert curve(figures_of([])).equity == (10_000,)
