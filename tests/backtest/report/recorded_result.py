"""A result to show: moving averages crossing on the shipped candles, traded without an engine."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np

from engine.backtest.figures import RunFigures
from engine.backtest.honesty import run_warnings
from engine.backtest.metrics import curve, measure, monthly
from engine.backtest.report import PriceChart, price_chart
from engine.market.candles.series import CandleSeries
from engine.market.periods import MINUTE_MS
from engine.model.backtest import BacktestPool as Pool
from engine.model.backtest import (
    BacktestRequest,
    BacktestResult,
    BacktestStatus,
    BacktestTrade,
    ExitReason,
    PoolSignal,
)
from tests.candle_rows import recorded

CASH = 10_000.0
FEE = 0.0005
RULES = (
    "Fill: at the next available price after the trigger.",
    "All: the fee is reserved when a size is all there is.",
    "Open position: valued at the last mark.",
    "Lots: sizes are rounded down to the lot.",
)


@cache
def recorded_result(hours: int = 12, *, name: str = "moving averages cross") -> BacktestResult:
    """Long above the average of so many hours, short below it, always with half the equity."""
    candles = recorded()
    figures = _figures(candles, hours * 60)
    metrics = measure(figures)
    return BacktestResult(
        request=BacktestRequest(
            source="",
            name=name,
            params={"hours": hours, "share": 0.5},
            pools=(Pool(name="cross", signals=(PoolSignal("up", "close crosses_above sma_720"),)),),
            cash=Decimal("10000"),
        ),
        status=BacktestStatus.COMPLETED,
        start_ms=figures.start_ms,
        end_ms=int(figures.close_ms[-1]),
        bars=len(candles),
        triggers=len(figures.trades),
        signal_triggers=len(figures.trades),
        scheduled_triggers=0,
        program_calls=len(figures.trades),
        final_equity=Decimal(str(round(float(figures.equity[-1]), 6))),
        total_pnl=Decimal(str(round(float(figures.equity[-1]) - CASH, 6))),
        fees=figures.fees,
        funding=figures.funding,
        metrics=metrics,
        trades=figures.trades,
        curve=curve(figures),
        monthly=monthly(figures),
        rules=RULES,
        warnings=run_warnings(figures, metrics),
        load_s=0.21,
        run_s=0.034,
        result_hash="5d41402abc4b2a76b9719d911017c592",
    )


def recorded_price() -> PriceChart:
    """The price that result is of."""
    candles = recorded()
    return price_chart("BTC", candles.open_ms, candles.open, candles.high, candles.low, candles.close)


def _figures(candles: CandleSeries, minutes: int) -> RunFigures:
    close = candles.close
    average = np.convolve(close, np.full(minutes, 1 / minutes), "valid")
    side = np.concatenate((np.zeros(minutes - 1), np.sign(close[minutes - 1 :] - average)))
    held = np.repeat(side[:: 60 * 4], 60 * 4)[: len(close)]
    turns = [*(np.flatnonzero(np.diff(held)) + 1).tolist(), len(close) - 1]
    equity = np.full(len(close), CASH)
    cash, turnover, trades = CASH, 0.0, []
    for number, (begin, end) in enumerate(pairwise(turns), start=1):
        sign, entry, exit_ = held[begin], candles.open[begin], candles.open[end]
        quantity = round(cash / 2 / entry, 5)
        is_open = end == len(close) - 1
        fees = quantity * entry * FEE + (0 if is_open else quantity * exit_ * FEE)
        gross = sign * quantity * ((close[-1] if is_open else exit_) - entry)
        equity[begin:end] = cash - quantity * entry * FEE + sign * quantity * (close[begin:end] - entry)
        span = slice(begin, end)
        low, high = (candles.low[span].min() / entry - 1), (candles.high[span].max() / entry - 1)
        trades.append(
            BacktestTrade(
                number=number,
                symbol="BTC",
                side="long" if sign > 0 else "short",
                quantity=Decimal(str(quantity)),
                leverage=1,
                entry_ms=int(candles.open_ms[begin]),
                entry_price=Decimal(str(entry)),
                exit_ms=None if is_open else int(candles.open_ms[end]),
                exit_price=None if is_open else Decimal(str(exit_)),
                exit_reason=ExitReason.OPEN if is_open else ExitReason.REVERSAL,
                pnl=Decimal(str(round(gross - fees, 6))),
                gross_pnl=Decimal(str(round(gross, 6))),
                fees=Decimal(str(round(fees, 6))),
                funding=Decimal(0),
                return_pct=float((gross - fees) / (quantity * entry) * 100),
                mae_pct=float(100 * (-low if sign > 0 else high)),
                mfe_pct=float(100 * (high if sign > 0 else -low)),
                trigger_index=number,
                exit_trigger_index=None if is_open else number + 1,
                reason="close is above its average" if sign > 0 else "close is below its average",
                pool_name="cross",
                signals=("up",),
            )
        )
        cash += gross - fees
        turnover += quantity * (entry + (0 if is_open else exit_))
        equity[end:] = cash
    return RunFigures(
        start_ms=int(candles.open_ms[0]),
        cash=Decimal(str(CASH)),
        close_ms=candles.open_ms + MINUTE_MS,
        equity=equity,
        exposed=held != 0,
        benchmark=close,
        benchmark_units=CASH / float(candles.open[0]),
        trades=tuple(trades),
        turnover=Decimal(str(turnover)),
        fees=sum((trade.fees for trade in trades), Decimal(0)),
        funding=Decimal(0),
    )
