"""Probabilistic and deflated Sharpe ratios, against the papers' own numbers."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.honesty import (
    deflated_sharpe,
    deflated_sharpe_of_best,
    expected_highest_sharpe,
    probabilistic_sharpe,
)
from engine.backtest.metrics import measure
from tests.backtest.metrics.run_figures import fat_tailed_returns, figures_of

PAPER_DAYS = 250
"""The paper's example annualises with 250 days."""


def test_the_example_of_the_deflated_sharpe_paper() -> None:
    sharpe, variance = 2.5 / math.sqrt(PAPER_DAYS), 0.5 / PAPER_DAYS
    assert expected_highest_sharpe(100, variance) == pytest.approx(0.1132, abs=5e-5)
    probability = deflated_sharpe(sharpe, 1250, -3, 10 - 3, 100, variance)
    assert probability == pytest.approx(0.9004, abs=5e-5)


def test_for_normal_returns_the_probabilistic_ratio_is_a_normal_test() -> None:
    probability = probabilistic_sharpe(0.1, 101, 0, 0)
    assert probability == pytest.approx(NormalDist().cdf(0.1 * 10 / math.sqrt(1 + 0.5 * 0.01)))


def test_expected_highest_of_worthless_tries_is_what_drawing_gives() -> None:
    drawn = np.random.default_rng(1).normal(0, 0.3, (20_000, 40)).max(axis=1).mean()
    assert expected_highest_sharpe(40, 0.09) == pytest.approx(drawn, rel=0.02)


@given(st.floats(-0.3, 0.3), st.integers(2, 3000), st.floats(-2, 2), st.floats(0, 30), st.integers(2, 1000))
def test_more_tries_never_make_a_result_more_likely(
    sharpe: float, days: int, skew: float, kurtosis: float, trials: int
) -> None:
    once = deflated_sharpe(sharpe, days, skew, kurtosis, 1, 0.01)
    often = deflated_sharpe(sharpe, days, skew, kurtosis, trials, 0.01)
    if once is None or often is None:
        assert once is often
        return
    assert 0 <= often <= once <= 1
    assert once == probabilistic_sharpe(sharpe, days, skew, kurtosis)


def test_undefined_for_one_observation() -> None:
    assert probabilistic_sharpe(0.1, 1, 0, 0) is None
    assert probabilistic_sharpe(1, 100, 5, 0) is None


def test_the_best_of_a_sweep_of_noise_is_no_discovery() -> None:
    runs = [
        measure(figures_of(10_000 * (1 + fat_tailed_returns(365, seed) - 0.0008).cumprod()))
        for seed in range(200)
    ]
    sharpes = [run["sharpe"] for run in runs]
    best = max(runs, key=lambda run: run["sharpe"] or -math.inf)
    alone = deflated_sharpe_of_best(best, [best["sharpe"]])
    of_many = deflated_sharpe_of_best(best, sharpes)
    assert alone is not None
    assert of_many is not None
    assert alone > 0.95
    assert of_many < 0.9


def test_a_best_run_without_figures_has_none() -> None:
    assert deflated_sharpe_of_best({"sharpe": 1.0, "days": 10.0, "skew": None}, [1.0]) is None
