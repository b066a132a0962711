"""Measures backtests beside the peers: minutes of candles, RSI(14) through 30 and 70, the same trades.

Run: `python -m tests.bench.bench_backtest [FOLDER_OF_PEERS] [--years 5] [--peer-years 1]`. The folder has
a virtual environment for each peer, named as in `backtest_peers.peer`; one that is missing or fails is
reported and left out. The slow ones (jesse, freqtrade, nautilus_trader) run over `--peer-years` and are
compared with ours over as many. Every decision of ours is made by the sandboxed class. Prints seconds
(ours: the median of five runs in one fresh process, reading candles and starting the sandbox apart;
memory: of a fresh process with one run), the ratio of each peer to ours, whether the trades are the same,
why the equity is not, to the cent, calls a second of a program that wakes every minute, and how a sweep
scales to two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import polars as pl

from engine.backtesting import parse_range, run, run_sweep
from engine.model.backtest import SweepRequest
from tests.bench.backtest_peers.comparison import check_ours, compare
from tests.bench.backtest_peers.four_rules import Crossings
from tests.bench.backtest_peers.ours import OurRuns
from tests.bench.backtest_peers.peer import PEERS, PeerFailed, run_peer
from tests.bench.backtest_peers.yardstick import LONGEST_YEARS, PROGRAM, request_for, write_candles

RUNS = 5
REPOSITORY = Path(__file__).parents[2]
WATCHER = """
class Watcher:
    def should_trade(self, data):
        if (data.get_price("BTC") or 0) < 0:
            return Decision("buy", "BTC")
        return Decision("hold")
"""


class Measured(msgspec.Struct, frozen=True):
    """Ours over some years, and what the peers are compared on."""

    candles: Path
    crossings: Crossings
    runs: OurRuns
    seconds: float


def main() -> None:
    """Measure ours, then each peer, on the same files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peers", nargs="?", type=Path)
    parser.add_argument("--years", type=int, default=LONGEST_YEARS)
    parser.add_argument("--peer-years", type=int, default=1)
    parser.add_argument("--only-peers", action="store_true", help="leave the other measurements out")
    options = parser.parse_args()
    print(
        f"load of the machine before: {os.getloadavg()[0]:.1f} (figures of a busy one mean little)",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = {options.years: _measure_ours(folder, options.years)}
        if options.peers is not None:
            if options.peer_years not in measured:
                measured[options.peer_years] = _measure_ours(folder, options.peer_years)
            _beside_peers(options.peers, measured[options.years], measured[options.peer_years])
        if not options.only_peers:
            _every_minute(measured[options.years].candles)
            _sweep(folder)


def _measure_ours(folder: Path, years: int) -> Measured:
    path = write_candles(folder, years)
    alone, runs = _run_ours(path, 1), _run_ours(path, RUNS)
    seconds = statistics.median(runs.seconds)
    crossings = Crossings(pl.read_parquet(path))
    print(
        f"ours, {years} years: run {seconds:.3f} s (median of {RUNS}, best {min(runs.seconds):.3f},"
        f" first {runs.seconds[0]:.3f}; limit 1.0 for five years), load"
        f" {statistics.median(runs.load_s):.2f} s (candles read, sandbox started),"
        f" {runs.triggers:,} triggers, {len(runs.times):,} closed round trips,"
        f" final equity {runs.final_equity:,.6f}"
    )
    print(
        f"    memory at its peak: {alone.memory_mb:.0f} MB here and {alone.sandbox_mb:.0f} MB in the sandbox,"
        f" {alone.memory_mb + alone.sandbox_mb:.0f} MB together (limit 700 MB)"
    )
    print(f"    {check_ours(runs, crossings)}", flush=True)
    return Measured(path, crossings, runs, seconds)


def _run_ours(path: Path, runs: int) -> OurRuns:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.backtest_peers.ours", path, str(runs)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=OurRuns)


def _beside_peers(folder: Path, usual: Measured, slow: Measured) -> None:
    for peer in PEERS:
        ours = slow if peer.is_slow else usual
        try:
            theirs = run_peer(peer, folder, ours.candles)
        except PeerFailed as failure:
            print(f"{peer.name:16} NOT MEASURED: {failure}", flush=True)
            continue
        print("\n".join(compare(peer, theirs, ours.runs, ours.seconds, ours.crossings)), flush=True)


def _every_minute(path: Path) -> None:
    request = msgspec.structs.replace(request_for(path, WATCHER), pools=(), schedule_seconds=60)
    result = asyncio.run(run(request)).result
    print(
        f"a program that wakes every minute: {result.program_calls:,} calls in {result.run_s:.2f} s ="
        f" {result.program_calls / result.run_s:,.0f} calls/s (at least 150,000)",
        flush=True,
    )


def _sweep(folder: Path) -> None:
    path = write_candles(folder, 1)
    source = PROGRAM.replace("rsi < 30", "rsi < self.low").replace(
        "class Rsi:\n", "class Rsi:\n    def init(self, params):\n        self.low = params['low']\n\n"
    )
    taken = {}
    for workers in (1, 2):
        request = SweepRequest(
            request=request_for(path, source), ranges=(parse_range("low=20..29.9:0.1"),), workers=workers
        )
        os.sched_setaffinity(0, set(range(workers)))  # its processes stay on as many cores
        started = time.perf_counter()
        result = run_sweep(request, folder)
        taken[workers] = time.perf_counter() - started
        failed = sum(bool(line.error) for line in result.lines)
        print(
            f"sweep of {len(result.lines)} runs over a year, {workers} workers: {taken[workers]:.1f} s,"
            f" {failed} failed"
        )
    print(f"two cores are {taken[1] / taken[2]:.2f}x one (at least 1.8)")


if __name__ == "__main__":
    main()
