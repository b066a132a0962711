"""The yardstick in our engine, in a process of its own: `python -m tests.bench.backtest_peers.ours`.

The arguments are the file of candles and the number of runs (1). Prints one JSON object with what the
peers print, the seconds of every run, those of what comes before a run (candles read, the sandbox
started), and the peak memory of this process and of the sandbox's.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path

import msgspec

from engine.backtesting import json_of, run
from tests.bench.backtest_peers.yardstick import request_for


class OurRuns(msgspec.Struct, frozen=True):
    """What some runs of the yardstick came to; `times` and `prices` are of closed round trips."""

    seconds: tuple[float, ...]
    load_s: tuple[float, ...]
    triggers: int
    times: tuple[tuple[int, int], ...]
    prices: tuple[tuple[float, float], ...]
    final_equity: float
    memory_mb: float
    sandbox_mb: float


def main() -> None:
    """Run it so many times and print what came out."""
    path, runs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds, loads = [], []
    for _ in range(runs):
        started = time.perf_counter()
        result = asyncio.run(run(request_for(path))).result
        seconds.append(result.run_s)
        loads.append(time.perf_counter() - started - result.run_s)
    told = json_of(result)
    closed = [trade for trade in told.trades if trade.exit_timestamp is not None]
    runs_told = OurRuns(
        seconds=tuple(seconds),
        load_s=tuple(loads),
        triggers=result.triggers,
        times=tuple((trade.timestamp, trade.exit_timestamp or 0) for trade in closed),
        prices=tuple((trade.entry_price, trade.exit_price or 0.0) for trade in closed),
        final_equity=told.final_equity,
        memory_mb=_peak_mb(),
        sandbox_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )
    print(msgspec.json.encode(runs_told).decode())


def _peak_mb() -> float:
    """Return this program's own peak; what `getrusage` says includes the process that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


if __name__ == "__main__":
    main()
