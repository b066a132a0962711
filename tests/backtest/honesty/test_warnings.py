"""The warnings: each appears when it must, and only then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from engine.backtest.figures import RunFigures
from engine.backtest.honesty import LookAheadFinding, run_warnings, sweep_warnings
from engine.backtest.metrics import measure
from engine.model.backtest import BacktestTrade, ExitReason, WalkForwardStep
from tests.backtest.metrics.run_figures import START_MS, figures_of, trade_of

DAYS = 200
STEADY = 10_000 * (1 + np.random.default_rng(3).normal(0.004, 0.01, DAYS)).cumprod()
TRADES = [trade_of(20 if number % 3 else -15, number) for number in range(60)]
LIQUIDATED = trade_of(-5, 61, reason=ExitReason.LIQUIDATION)


def warnings_of(figures: RunFigures, finding: LookAheadFinding | None = None) -> str:
    return "\n".join(run_warnings(figures, measure(figures), finding))


def steady_run(
    *,
    trades: Sequence[BacktestTrade] = TRADES,
    exposed: ArrayLike = 1,
    fees: str = "0",
    funding: str = "0",
) -> RunFigures:
    held = np.broadcast_to(exposed, DAYS)
    return figures_of(STEADY, trades=trades, exposed=held, fees=fees, funding=funding)


def test_a_steady_profit_of_many_trades_has_no_warning() -> None:
    assert warnings_of(steady_run()) == ""
    assert warnings_of(steady_run(), LookAheadFinding(cuts=(1, 2))) == ""


@pytest.mark.parametrize(
    ("figures", "tells"),
    [
        (steady_run(trades=()), "No trade was made."),
        (steady_run(trades=TRADES[:29]), "Only 29 closed trades"),
        (steady_run(trades=TRADES[:1]), "Only 1 closed trade:"),
        (steady_run(trades=[*TRADES, trade_of(9_000, 61)]), "One trade, number 61, made 9"),
        (
            steady_run(trades=[*TRADES, trade_of(-5, 61, reason=ExitReason.LIQUIDATION)]),
            "1 position liquidated",
        ),
        (steady_run(fees="560"), "Fees and funding of 560.00 are larger than the gross profit of 560.00"),
        (steady_run(funding="-900"), "Fees and funding of 900.00"),
        (steady_run(exposed=np.arange(DAYS) < 1), "held for 0.5 % of the time"),
    ],
)
def test_one_thing_wrong_is_one_warning(figures: RunFigures, tells: str) -> None:
    told = warnings_of(figures)
    assert tells in told
    assert "\n" not in told


def test_most_profit_from_one_day() -> None:
    equity = STEADY.copy()
    equity[100:] += 20_000
    assert "One day made" in warnings_of(figures_of(equity, trades=TRADES, exposed=np.ones(DAYS)))


def test_a_sharpe_ratio_of_few_days_is_doubted() -> None:
    short = figures_of([10_100, 10_050, 10_200, 10_120], trades=TRADES, exposed=np.ones(4))
    assert "is above 0 with a probability of only" in warnings_of(short)


def test_knowing_the_future_comes_first() -> None:
    finding = LookAheadFinding(cuts=(START_MS,), cut_ms=START_MS, difference="operation became buy")
    told = run_warnings(steady_run(trades=()), {}, finding)
    assert (
        told[0]
        == "The run knew the future: with everything after 2025-05-01 00:00 changed, operation became buy."
    )


def step(train: float | None, test: float | None) -> WalkForwardStep:
    return WalkForwardStep(
        train_start_ms=0,
        train_end_ms=1,
        test_end_ms=2,
        params={},
        train={"sharpe": train},
        test={"sharpe": test},
    )


def test_a_sweep_is_warned_of_when_luck_explains_it() -> None:
    assert sweep_warnings(100, 0.99, "sharpe") == ()
    assert sweep_warnings(1, 0.2, "sharpe") == ()
    (told,) = sweep_warnings(100, 0.62, "sharpe")
    assert "the best of 100 runs" in told
    assert "only 62 %" in told


def test_a_sweep_is_warned_of_when_the_next_part_disagrees() -> None:
    assert sweep_warnings(9, None, "sharpe", [step(2, 1.5), step(1, 1.2), step(None, 3)]) == ()
    (told,) = sweep_warnings(9, None, "sharpe", [step(2, 0.5), step(3, -1)])
    assert "sharpe is 2.50 on the training parts and -0.25" in told
