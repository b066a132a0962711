"""Traders side by side, ranked by total return.

Return is equity over the initial capital; drawdown and Sharpe ratio are those of backtests, over the
trader's equity curve: per cent, 0 or less, and of daily UTC returns times the square root of 365.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.backtest.arena.book import ArenaBook
from engine.backtest.arena.lots import ZERO
from engine.model.arena import Standing
from engine.model.decision import DecisionStatus


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A trader as it stands now; its equity curve are times in UTC ms and equities, oldest first."""

    trader_id: int
    name: str
    strategy: str
    model: str
    initial_capital: Decimal
    equity: Decimal
    fees: Decimal
    curve_ms: array[int]
    curve: array[float]


class _Tally(msgspec.Struct):
    trades: int = 0
    wins: int = 0
    decisions: int = 0
    refused: int = 0
    failed: int = 0
    tokens: int = 0
    cost_usd: Decimal = ZERO


def standings(contenders: Iterable[Contender], book: ArenaBook) -> tuple[Standing, ...]:
    """Return the traders by total return, best first; equal ones by name."""
    tallies = _tallies(book)
    placed = sorted(
        ((_return_pct(each), each) for each in contenders), key=lambda pair: (-pair[0], pair[1].name)
    )
    return tuple(
        _standing(rank, return_pct, each, tallies.get(each.trader_id, _Tally()))
        for rank, (return_pct, each) in enumerate(placed, start=1)
    )


def _tallies(book: ArenaBook) -> dict[int, _Tally]:
    found: defaultdict[int, _Tally] = defaultdict(_Tally)
    for decision in book.decisions.values():
        tally = found[decision.trader_id]
        tally.decisions += 1
        tally.refused += decision.status is DecisionStatus.REFUSED
        tally.failed += decision.status is DecisionStatus.FAILED
        tally.tokens += decision.tokens
        tally.cost_usd += decision.cost_usd
    for entry in book.entries():
        if entry.closed_ms:
            tally = found[entry.trader_id]
            tally.trades += 1
            tally.wins += entry.pnl > 0
    return dict(found)


def _return_pct(contender: Contender) -> float:
    return float(contender.equity / contender.initial_capital - 1) * 100


def _standing(rank: int, return_pct: float, contender: Contender, tally: _Tally) -> Standing:
    drawdown_pct, sharpe = _curve_figures(contender)
    return Standing(
        rank=rank,
        trader_id=contender.trader_id,
        name=contender.name,
        strategy=contender.strategy,
        model=contender.model,
        equity=contender.equity,
        return_pct=return_pct,
        max_drawdown_pct=drawdown_pct,
        sharpe=sharpe,
        trades=tally.trades,
        win_rate=tally.wins / tally.trades if tally.trades else None,
        fees=contender.fees,
        decisions=tally.decisions,
        refused=tally.refused,
        failed=tally.failed,
        tokens=tally.tokens,
        cost_usd=tally.cost_usd,
    )


def _curve_figures(contender: Contender) -> tuple[float, float | None]:
    """Return the deepest drawdown in per cent, and the Sharpe ratio, None where there is none."""
    if not contender.curve:
        return 0.0, None
    import numpy as np

    from engine.backtest.metrics.daily import daily_rows, returns_of, values_at
    from engine.backtest.metrics.drawdowns import measure_drawdowns
    from engine.backtest.metrics.returns import sharpe_ratio

    times = np.array(contender.curve_ms, dtype=np.int64)
    values = np.array(contender.curve, dtype=np.float64)
    cash, start_ms = float(contender.initial_capital), int(times[0])
    daily = values_at(cash, values, daily_rows(start_ms, times))
    drawdowns = measure_drawdowns(cash, start_ms, times, values)
    return drawdowns.deepest_pct, sharpe_ratio(returns_of(daily))
