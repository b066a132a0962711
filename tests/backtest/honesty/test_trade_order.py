"""The luck of order: shuffled and resampled trades."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.honesty import trade_order_luck
from engine.backtest.honesty.trade_order import account_growth
from engine.errors import InvalidInput
from engine.model.backtest import BacktestTrade
from tests.backtest.metrics.run_figures import trade_of

CASH = 1_000.0


def trades_of(*results: float) -> list[BacktestTrade]:
    return [trade_of(pnl, number) for number, pnl in enumerate(results, start=1)]


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    trades = trades_of(*np.random.default_rng(2).normal(2, 30, 60).round(2).tolist())
    assert trade_order_luck(trades, CASH, seed=1) == trade_order_luck(trades, CASH, seed=1)
    assert trade_order_luck(trades, CASH, seed=1) != trade_order_luck(trades, CASH, seed=2)


def test_two_trades_have_two_orders() -> None:
    luck = trade_order_luck(trades_of(-500, 500), CASH, orders=400)
    assert luck is not None
    # The second trade doubles what is left of the first, whichever comes first: -50 % in any order.
    assert luck.drawdown_pct.p5 == pytest.approx(-50)
    assert luck.drawdown_pct.p95 == pytest.approx(-50)
    assert luck.resampled_equity.p5 == pytest.approx(250)
    assert luck.resampled_equity.p95 == pytest.approx(4_000)
    assert luck.loss_share == pytest.approx(0.25, abs=0.08)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=20))
def test_growth_of_trades_after_each_other_compounds_to_what_was_made(results: list[float]) -> None:
    growth = account_growth(trades_of(*results), 10_000)
    assert 10_000 * float(growth.prod()) == pytest.approx(10_000 + sum(results))


def test_trades_at_the_same_time_are_each_on_the_account_they_began_with() -> None:
    together = [trade_of(100, 1, entry_ms=0), trade_of(-50, 2, entry_ms=0)]
    assert account_growth(together, CASH) == pytest.approx([1.1, 0.95])


def test_ruin_is_ruin_in_every_order() -> None:
    luck = trade_order_luck(trades_of(50, -1_050, 10), CASH, orders=50)
    assert luck is not None
    assert luck.drawdown_pct.p95 == -100
    assert luck.resampled_equity.p5 == 0


def test_percentiles_rise_and_drawdowns_are_losses() -> None:
    luck = trade_order_luck(trades_of(*[20, -15] * 40), CASH, orders=300)
    assert luck is not None
    for spread in (luck.drawdown_pct, luck.resampled_drawdown_pct, luck.resampled_equity):
        assert spread.p5 <= spread.p25 <= spread.p50 <= spread.p75 <= spread.p95
    assert luck.drawdown_pct.p95 <= 0


def test_one_closed_trade_has_no_order() -> None:
    assert trade_order_luck([*trades_of(5), trade_of(9, 2, is_open=True)], CASH) is None


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="cash"):
        trade_order_luck(trades_of(1, 2), 0)
    with pytest.raises(InvalidInput, match="orders"):
        trade_order_luck(trades_of(1, 2), CASH, orders=0)
