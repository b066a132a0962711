"""The formulas that empyrical also has, to 1e-6 on the same daily returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backtest.metrics import measure
from tests.backtest.metrics.run_figures import fat_tailed_returns, figures_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    empyrical: Any = import_module("empyrical")
stats: Any = import_module("scipy.stats")

YEAR = 365
CASH = 10_000.0
Theirs = Callable[[NDArray[np.float64], NDArray[np.float64]], float]

THEIRS: dict[str, Theirs] = {
    "total_return_pct": lambda ours, _: empyrical.cum_returns_final(ours) * 100,
    "annualized_return_pct": lambda ours, _: empyrical.annual_return(ours, annualization=YEAR) * 100,
    "sharpe": lambda ours, _: empyrical.sharpe_ratio(ours, annualization=YEAR),
    "sortino": lambda ours, _: empyrical.sortino_ratio(ours, annualization=YEAR),
    "calmar": lambda ours, _: empyrical.calmar_ratio(ours, annualization=YEAR),
    "volatility_pct": lambda ours, _: empyrical.annual_volatility(ours, annualization=YEAR) * 100,
    "max_drawdown_pct": lambda ours, _: empyrical.max_drawdown(ours) * 100,
    "tail_ratio": lambda ours, _: empyrical.tail_ratio(ours),
    "value_at_risk_pct": lambda ours, _: empyrical.value_at_risk(ours, cutoff=0.05) * 100,
    "beta": lambda ours, market: empyrical.beta(ours, market),
    "alpha_pct": lambda ours, market: empyrical.alpha(ours, market, annualization=YEAR) * 100,
    "buy_and_hold_return_pct": lambda _, market: empyrical.cum_returns_final(market) * 100,
    "skew": lambda ours, _: stats.skew(ours),
    "kurtosis": lambda ours, _: stats.kurtosis(ours),
}


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize(("days", "seed"), [(2, 1), (51, 2), (365, 3), (1826, 4)])
def test_the_same_to_a_millionth(name: str, days: int, seed: int) -> None:
    ours = fat_tailed_returns(days, seed)
    market = 0.4 * ours + fat_tailed_returns(days, seed + 100)
    figures = figures_of(CASH * (1 + ours).cumprod(), benchmark=CASH * (1 + market).cumprod())
    expected = THEIRS[name](ours, market)
    measured = measure(figures)[name]
    if measured is None:
        assert days == 2, "only so few days may leave a metric undefined"
        return
    assert measured == pytest.approx(expected, rel=1e-6, abs=1e-9)
