"""Runs to measure: equity on a grid of bars, and trades with the results one wants."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.backtest.figures import RunFigures
from engine.backtest.metrics.daily import DAY_MS
from engine.market.periods import HOUR_MS
from engine.model.backtest import BacktestTrade, ExitReason

START_MS = 1_746_057_600_000
"""2025-05-01 00:00 UTC, a midnight."""


def figures_of(
    equity: ArrayLike,
    *,
    cash: float = 10_000.0,
    start_ms: int = START_MS,
    bar_ms: int = DAY_MS,
    close_ms: ArrayLike | None = None,
    benchmark: ArrayLike | None = None,
    exposed: ArrayLike | None = None,
    trades: Sequence[BacktestTrade] = (),
    turnover: str = "0",
    fees: str = "0",
    funding: str = "0",
) -> RunFigures:
    """A run of bars without a gap from `start_ms` on, unless `close_ms` says when they closed."""
    values = np.asarray(equity, dtype=np.float64)
    closes = start_ms + bar_ms * np.arange(1, len(values) + 1) if close_ms is None else np.asarray(close_ms)
    return RunFigures(
        start_ms=start_ms,
        cash=Decimal(str(cash)),
        close_ms=closes.astype(np.int64),
        equity=values,
        exposed=np.zeros(len(values), np.bool_) if exposed is None else np.asarray(exposed, np.bool_),
        benchmark=np.full(len(values), cash) if benchmark is None else np.asarray(benchmark, np.float64),
        benchmark_units=1.0,
        trades=tuple(trades),
        turnover=Decimal(turnover),
        fees=Decimal(fees),
        funding=Decimal(funding),
    )


def trade_of(
    pnl: float | str,
    number: int = 1,
    *,
    side: str = "long",
    fees: str = "1",
    is_open: bool = False,
    entry_ms: int | None = None,
    held_ms: int = HOUR_MS,
    reason: ExitReason = ExitReason.DECISION,
    words: str = "",
) -> BacktestTrade:
    """A trade that came to `pnl`; without `entry_ms` the n-th begins n days after the start."""
    entered = START_MS + number * DAY_MS if entry_ms is None else entry_ms
    made = Decimal(str(pnl))
    return BacktestTrade(
        number=number,
        symbol="BTC",
        side=side,
        quantity=Decimal("0.1"),
        leverage=2,
        entry_ms=entered,
        entry_price=Decimal(100_000),
        exit_ms=None if is_open else entered + held_ms,
        exit_price=None if is_open else Decimal(100_000) + made * 10,
        exit_reason=ExitReason.OPEN if is_open else reason,
        pnl=made,
        gross_pnl=made + Decimal(fees),
        fees=Decimal(fees),
        funding=Decimal(0),
        return_pct=float(made) / 10_000 * 100,
        mae_pct=0.25,
        mfe_pct=0.75,
        trigger_index=number,
        exit_trigger_index=None if is_open else number + 1,
        reason=words,
        pool_name="rsi",
        signals=("oversold",),
    )


def fat_tailed_returns(count: int, seed: int) -> NDArray[np.float64]:
    """Daily returns as markets have them: some days far larger than the rest."""
    return (0.0008 + 0.015 * np.random.default_rng(seed).standard_t(4, count)).clip(-0.6, None)
