"""The yardstick of backtests: candles from a random walk, and RSI(14) through 30 and 70 as our program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from engine.model.backtest import BacktestPool, BacktestRequest, CandleFiles, PoolSignal
from tests.bench.backtest_peers.four_rules import CASH, FEE, MINUTE_MS

MINUTES_A_YEAR = 525_600
LONGEST_YEARS = 5
SEED = 20260101
START_MS = 1_577_836_800_000
PROGRAM = """
class Rsi:
    def should_trade(self, data):
        rsi = data.get_indicator("BTC", "RSI14", "1m").get("value")
        price = data.get_price("BTC")
        held = "BTC" in data.positions
        if rsi is not None and rsi < 30 and not held:
            return Decision("buy", "BTC", target_portion_of_balance=1.0, leverage=1, max_price=price)
        if rsi is not None and rsi > 70 and held:
            return Decision("close", "BTC", target_portion_of_balance=1.0, min_price=price)
        return Decision("hold")
"""
POOL = BacktestPool(
    name="rsi",
    signals=(
        PoolSignal("low", "rsi14 crosses below 30 on 1m"),
        PoolSignal("high", "rsi14 crosses above 70 on 1m"),
    ),
)


def write_candles(folder: Path, years: int) -> Path:
    """Write a geometric random walk of minutes (numpy PCG64, sigma 0.0006, small gaps, 0.1 tick).

    Fewer years are the beginning of more.
    """
    count = years * MINUTES_A_YEAR
    random = np.random.Generator(np.random.PCG64(SEED))
    steps = random.normal(0.0, 0.0006, (LONGEST_YEARS * MINUTES_A_YEAR, 4))[:count]
    close = 50_000.0 * np.exp(np.cumsum(steps[:, 0] - 0.0006**2 / 2))
    open_ = np.concatenate([[50_000.0], close[:-1]]) * (1 + steps[:, 1] * 0.05)
    high = np.maximum(open_, close) * (1 + np.abs(steps[:, 2]) * 0.5)
    low = np.minimum(open_, close) * (1 - np.abs(steps[:, 3]) * 0.5)
    columns = {name: np.round(column, 1) for name, column in (("open", open_), ("close", close))}
    columns["high"] = np.maximum(np.round(high, 1), np.maximum(columns["open"], columns["close"]))
    columns["low"] = np.minimum(np.round(low, 1), np.minimum(columns["open"], columns["close"]))
    frame = pl.DataFrame(
        {
            "t_ms": START_MS + np.arange(count, dtype=np.int64) * MINUTE_MS,
            **{name: columns[name] for name in ("open", "high", "low", "close")},
            "volume": np.ones(count),
        }
    )
    path = folder / f"btc-{years}y.parquet"
    frame.write_parquet(path)
    return path


def request_for(path: Path, source: str = PROGRAM) -> BacktestRequest:
    """Return the yardstick as a request."""
    return BacktestRequest(
        source=source,
        pools=(POOL,),
        history=CandleFiles((("BTC", str(path)),)),
        cash=CASH,
        taker_fee=FEE,
    )
