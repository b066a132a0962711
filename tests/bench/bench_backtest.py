"""Measures backtests beside the peers: five years of minutes, RSI(14) through 30 and 70, same trades.

Run: `python -m tests.bench.bench_backtest [FOLDER_OF_PEERS] [--years 5]`. The folder has a virtual
environment for each peer, named backtesting, vectorbt, jesse, freqtrade and nautilus_trader; one that
is missing is left out. Every decision of ours is made by the sandboxed class. Prints seconds (median of
five for ours), the ratio of each peer to ours, whether the trades are the same to the millisecond,
calls a second of a program that wakes every minute, memory, and how a sweep scales to two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from engine.backtesting import Backtest, json_of, run
from engine.model.backtest import BacktestPool, BacktestRequest, CandleFiles, PoolSignal

MINUTES_A_YEAR = 525_600
SEED = 20260101
START_MS = 1_577_836_800_000
PEERS = {
    "backtesting": ("run_backtesting_py.py", 10.0, "at least"),
    "vectorbt": ("run_vectorbt.py", 1 / 5, "at least"),
    "jesse": ("run_jesse.py", 30.0, "at least"),
    "freqtrade": ("run_freqtrade.py", 30.0, "at least"),
    "nautilus_trader": ("run_nautilus.py", 30.0, "at least"),
}
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
WATCHER = """
class Watcher:
    def should_trade(self, data):
        if (data.get_price("BTC") or 0) < 0:
            return Decision("buy", "BTC")
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
    """Write a geometric random walk of minutes (numpy PCG64, sigma 0.0006, small gaps, 0.1 tick)."""
    import polars as pl

    count = years * MINUTES_A_YEAR
    random = np.random.Generator(np.random.PCG64(SEED))
    steps = random.normal(0.0, 0.0006, (5 * MINUTES_A_YEAR, 4))[:count]
    close = 50_000.0 * np.exp(np.cumsum(steps[:, 0] - 0.0006**2 / 2))
    open_ = np.concatenate([[50_000.0], close[:-1]]) * (1 + steps[:, 1] * 0.05)
    high = np.maximum(open_, close) * (1 + np.abs(steps[:, 2]) * 0.5)
    low = np.minimum(open_, close) * (1 - np.abs(steps[:, 3]) * 0.5)
    columns = {name: np.round(column, 1) for name, column in (("open", open_), ("close", close))}
    columns["high"] = np.maximum(np.round(high, 1), np.maximum(columns["open"], columns["close"]))
    columns["low"] = np.minimum(np.round(low, 1), np.minimum(columns["open"], columns["close"]))
    frame = pl.DataFrame(
        {
            "t_ms": START_MS + np.arange(count, dtype=np.int64) * 60_000,
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
        cash=Decimal(1_000_000),
        taker_fee=Decimal("0.0005"),
    )


def main() -> None:
    """Measure ours, then each peer, on the same file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peers", nargs="?", type=Path)
    parser.add_argument("--years", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = write_candles(Path(name), options.years)
        ours = _ours(path, options.years)
        if options.peers is not None:
            _beside_peers(options.peers, path, ours)
        _every_minute(path)
        _sweep(Path(name))


def _ours(path: Path, years: int) -> tuple[float, list[tuple[int, int]], float]:
    seconds, finished = [], None
    for _ in range(5):
        finished = asyncio.run(run(request_for(path)))
        seconds.append(finished.result.run_s)
    assert isinstance(finished, Backtest)
    result = json_of(finished.result)
    median = statistics.median(seconds)
    times = [(trade.timestamp, trade.exit_timestamp or 0) for trade in result.trades]
    print(
        f"ours, {years} years: run {median:.3f} s (best {min(seconds):.3f}, limit 1.0), load"
        f" {result.load_s:.2f} s, {result.triggers:,} triggers, {result.total_trades:,} round trips,"
        f" final equity {result.final_equity:,.6f}"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    guest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"memory: {peak:.0f} MB here, {guest:.0f} MB in the largest child (limit 700 MB)")
    return median, times, result.final_equity


def _beside_peers(folder: Path, path: Path, ours: tuple[float, list[tuple[int, int]], float]) -> None:
    seconds, times, equity = ours
    for peer, (script, wanted, word) in PEERS.items():
        python = folder / peer / "bin" / "python"
        file = Path(__file__).parent / "backtest_peers" / script
        if not python.exists() or not file.exists():
            print(f"{peer:16} is not there")
            continue
        done = subprocess.run([python, file, path], capture_output=True, text=True, check=False, timeout=3600)
        try:
            said = json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            print(f"{peer:16} failed: {done.stderr.strip()[-300:]}")
            continue
        theirs = [tuple(pair) for pair in said["times"]]
        same = "the same trades" if theirs == times else f"{len(set(theirs) ^ set(times))} trades differ"
        print(
            f"{peer:16} {said['run_s']:8.3f} s  {said['run_s'] / seconds:7.2f}x ours ({word} {wanted:g}x)"
            f"  {said['trades']:,} round trips, {same}, final equity {said['final_equity']:,.6f}"
            f" ({said['final_equity'] - equity:+,.6f})"
        )


def _every_minute(path: Path) -> None:
    request = msgspec.structs.replace(request_for(path, WATCHER), pools=(), schedule_seconds=60)
    result = asyncio.run(run(request)).result
    print(
        f"a program that wakes every minute: {result.program_calls:,} calls in {result.run_s:.2f} s ="
        f" {result.program_calls / result.run_s:,.0f} calls/s (at least 150,000)"
    )


def _sweep(folder: Path) -> None:
    from engine.backtesting import parse_range, run_sweep
    from engine.model.backtest import SweepRequest

    path = write_candles(folder, 1)
    source = PROGRAM.replace("rsi < 30", "rsi < self.low").replace(
        "class Rsi:\n", "class Rsi:\n    def init(self, params):\n        self.low = params['low']\n\n"
    )
    taken = {}
    for workers in (1, 2):
        request = SweepRequest(
            request=request_for(path, source), ranges=(parse_range("low=20..29.9:0.1"),), workers=workers
        )
        started = time.perf_counter()
        result = run_sweep(request, folder)
        taken[workers] = time.perf_counter() - started
        failed = sum(bool(line.error) for line in result.lines)
        print(
            f"sweep of {len(result.lines)} runs over a year, {workers} workers: {taken[workers]:.1f} s, {failed} failed"
        )
    print(f"two cores are {taken[1] / taken[2]:.2f}x one (at least 1.8)")


if __name__ == "__main__":
    sys.exit(main())
