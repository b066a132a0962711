"""How fast the sandbox is: `python -m tests.bench.bench_sandbox`.

Prints, for this machine: the host's start with a cold and a warm cache, a new session, warm calls
from the engine's side with a small context and with three symbols of 100 candles, calls while
another program spins, and the memory of the host process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.errors import StrategyFailed
from engine.settings import SandboxSettings
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import Payload, payload_of
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.recorded import SYMBOLS, Recording

CALLS = 2000
SOURCE = stock_programs()["rsi_mean_reversion"]
SPIN = "class S:\n    def should_trade(self, data):\n        while True: pass\n"


async def timed(call: Callable[[], Awaitable[object]], calls: int) -> list[float]:
    """Return the sorted milliseconds of so many calls."""
    times = []
    for _ in range(calls):
        before = time.perf_counter()
        await call()
        times.append((time.perf_counter() - before) * 1000)
    return sorted(times)


def show(name: str, times: list[float]) -> None:
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{name:<46} p50 {p50:8.3f} ms   p99 {p99:8.3f} ms   n {len(times)}")


async def started(cache_dir: Path) -> tuple[SandboxHost, float]:
    before = time.perf_counter()
    host = SandboxHost(cache_dir)
    host.start()
    await host.ready()
    return host, (time.perf_counter() - before) * 1000


def memory_mb(host: SandboxHost) -> float:
    status = Path(f"/proc/{host.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


async def measure_calls(host: SandboxHost, name: str, payload: Payload) -> None:
    """Show the first call in a new session, and calls in one that is warm."""
    limits = SandboxLimits()
    size = len(payload.context) + sum(len(text) for text in payload.series.values())
    numbers = itertools.count()

    async def in_new_session() -> object:
        return await host.run(f"{name} {next(numbers)}", SOURCE, payload, limits)

    async def in_warm_session() -> object:
        return await host.run(name, SOURCE, payload, limits)

    show(f"first call in a new session, {size:,} bytes", await timed(in_new_session, 60))
    show(f"warm call, {size:,} bytes", await timed(in_warm_session, CALLS))


async def main() -> None:
    recording = Recording()
    with tempfile.TemporaryDirectory() as folder:
        cold, cold_ms = await started(Path(folder) / "cache")
        await cold.close()
        starts = []
        for _ in range(5):
            host, start_ms = await started(Path(folder) / "cache")
            starts.append(start_ms)
            await host.close()
        print(f"{'start, nothing unpacked yet':<46} {cold_ms:12.0f} ms")
        show("start, runtime unpacked", sorted(starts))
        host, _ = await started(Path(folder) / "cache")
        print(f"{'memory of the host, no program':<46} {memory_mb(host):12.0f} MB")

        whole = payload_of(recording.context(), {})
        small = Payload(whole.context, {})
        for name, payload in (("small", small), ("whole", whole)):
            await measure_calls(host, name, payload)
        print(f"{'memory of the host, 24 sessions':<46} {memory_mb(host):12.0f} MB")

        strategy = ProgramStrategy(host, "whole", SOURCE, {}, SandboxSettings())
        context = recording.context()
        show(
            f"context to validated decision, {len(SYMBOLS)} symbols",
            await timed(lambda: strategy.decide(context, lambda text: None), CALLS),
        )
        spinning = asyncio.create_task(host.run("spin", SPIN, whole, SandboxLimits(seconds=2)))
        await asyncio.sleep(0.1)
        show(
            "the same beside a spinning program",
            await timed(lambda: strategy.decide(context, lambda text: None), 500),
        )
        with contextlib.suppress(StrategyFailed):
            await spinning
        await host.close()


if __name__ == "__main__":
    asyncio.run(main())
