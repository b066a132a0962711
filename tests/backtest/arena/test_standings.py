"""The ranking: by total return, with drawdown and Sharpe ratio of the equity curve."""

from __future__ import annotations

import math
from array import array
from decimal import Decimal

import pytest

from engine.backtest.arena.standings import Contender, standings
from engine.model.decision import DecisionStatus
from engine.model.order import Side
from tests.backtest.arena.made_facts import book_of, decision, fill, order

DAY_MS = 86_400_000


def _contender(trader_id: int, name: str, curve: list[float]) -> Contender:
    return Contender(
        trader_id=trader_id,
        name=name,
        strategy="default",
        model="model-a",
        initial_capital=Decimal(1000),
        equity=Decimal(str(curve[-1])) if curve else Decimal(1000),
        fees=Decimal(3),
        curve_ms=array("q", [DAY_MS * number + 1 for number in range(len(curve))]),
        curve=array("d", curve),
    )


def test_traders_are_ranked_by_total_return() -> None:
    found = standings(
        [
            _contender(1, "Down", [1000.0, 900.0]),
            _contender(2, "Up", [1000.0, 1200.0, 1080.0]),
            _contender(3, "Asleep", []),
            _contender(4, "Also asleep", []),
        ],
        book_of(
            decision("d1", ("buy", "BTC"), trader_id=2, tokens=10, cost_usd="0.5"),
            decision("d2", trader_id=2, status=DecisionStatus.REFUSED),
            decision("d3", trader_id=2, status=DecisionStatus.FAILED, tokens=5),
            order("a", Side.BUY, "d1", trader=2),
            fill("1", "a", Side.BUY, "1", "100", trader=2),
            fill("2", "b", Side.SELL, "1", "101", trader=2, at=1),
        ),
    )
    assert [(row.rank, row.name) for row in found] == [
        (1, "Up"),
        (2, "Also asleep"),
        (3, "Asleep"),
        (4, "Down"),
    ]
    up = found[0]
    assert up.return_pct == pytest.approx(8.0)
    assert up.max_drawdown_pct == pytest.approx(-10.0)
    # Returns of the days: 0, +20 % and -10 %.
    assert up.sharpe == pytest.approx((0.1 / 3) / math.sqrt(0.07 / 3) * math.sqrt(365))
    assert (up.trades, up.win_rate, up.decisions, up.refused, up.failed) == (1, 1.0, 3, 1, 1)
    assert (up.tokens, up.cost_usd) == (15, Decimal("0.5"))
    assert (found[2].sharpe, found[2].win_rate, found[2].max_drawdown_pct) == (None, None, 0.0)
