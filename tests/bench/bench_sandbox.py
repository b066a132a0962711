"""How fast the sandbox is: `python -m tests.bench.bench_sandbox`.

Prints, for this machine: the host's start with a cold and a warm cache, a new session, warm calls
from the engine's side without data and with three symbols of indicators, calls while another program
spins, a batch of 70,000 triggers and one of as many holds, and the memory of the host process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import numpy as np

from engine.errors import StrategyFailed
from engine.settings import SandboxSettings
from engine.strategies.programs.batch import (
    Answer,
    BatchRequest,
    ConfirmedBooks,
    DataQuery,
    MarketColumns,
    TriggerColumns,
)
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.strategy import ProgramStrategy
from tests.strategies.programs.conftest import one
from tests.strategies.programs.recorded import SYMBOLS, Recording

CALLS = 2000
TRIGGERS = 70_000
HOLD = """
class Holder:
    def should_trade(self, data):
        return Decision("hold")
"""
RSI = """
class Rsi:
    def should_trade(self, data):
        rsi = data.get_indicator("BTC", "RSI14", "1m")["value"]
        price = data.get_price("BTC")
        if "BTC" in data.positions:
            if rsi > 70:
                return Decision("close", "BTC", 1.0, min_price=price * 0.99)
        elif rsi < 30:
            return Decision("buy", "BTC", 1.0, leverage=1, max_price=price * 1.01)
        return Decision("hold")
"""
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


async def measure_calls(host: SandboxHost, name: str, request: BatchRequest) -> None:
    """Show the first call in a new session, and calls in one that is warm."""
    numbers = itertools.count()

    async def in_new_session() -> object:
        session = f"{name} {next(numbers)}"
        return await host.run_batch(msgspec.structs.replace(request, session=session), SandboxLimits())

    async def in_warm_session() -> object:
        return await host.run_batch(request, SandboxLimits())

    show(f"first call in a new session, {name}", await timed(in_new_session, 60))
    show(f"warm call, {name}", await timed(in_warm_session, CALLS))


async def measure_batch(host: SandboxHost, name: str, source: str) -> None:
    """Show the best of five batches of many triggers, of which every fourth changes the position."""
    rsi = np.where(np.arange(TRIGGERS) % 8 < 4, 25.0, 75.0)
    prices = (100.0 + np.arange(TRIGGERS) % 50).tobytes()
    answer = Answer(numbers={"value": rsi.tobytes()}, visible=np.arange(1, TRIGGERS + 1).tobytes())
    with tempfile.TemporaryDirectory() as folder:
        request = BatchRequest(
            session=name,
            source=source,
            params={},
            trader_id=1,
            environment="testnet",
            trading_mode="backtest",
            max_leverage=5,
            default_leverage=1,
            period="1m",
            symbols=("BTC",),
            triggers=TriggerColumns(ts_ms=(np.arange(TRIGGERS) * 60_000).tobytes()),
            markets={"BTC": MarketColumns(mark=prices, bid=prices, ask=prices, tick_size=0.1)},
            answers={DataQuery("indicator", "BTC", "RSI14", "1m"): answer},
            books=ConfirmedBooks(cash="10000", used_margin="0"),
            volume=folder,
        )
        limits = SandboxLimits(memory_mb=512)
        times, guest = [], []
        for _ in range(5):
            before = time.perf_counter()
            reply = await host.run_batch(request, limits)
            times.append(time.perf_counter() - before)
            guest.append(reply.guest_us / 1e6)
            assert reply.decided == TRIGGERS
    print(
        f"{name:<46} {min(times):8.3f} s, {min(guest):.3f} s in the guest, {len(reply.decisions):,} orders,"
        f" {TRIGGERS / min(times):,.0f} calls/s"
    )


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

        context = recording.context()
        await measure_calls(host, "no data", one(context, HOLD, session="warm"))
        print(f"{'memory of the host, 24 sessions':<46} {memory_mb(host):12.0f} MB")

        strategy = ProgramStrategy(host, "whole", SOURCE, {}, SandboxSettings(), recording.answerer(context))
        show(
            f"context to validated decision, {len(SYMBOLS)} symbols",
            await timed(lambda: strategy.decide(context, lambda text: None), CALLS),
        )
        spinning = asyncio.create_task(host.run_batch(one(context, SPIN), SandboxLimits(seconds=2)))
        await asyncio.sleep(0.1)
        show(
            "the same beside a spinning program",
            await timed(lambda: strategy.decide(context, lambda text: None), 500),
        )
        with contextlib.suppress(StrategyFailed):
            await spinning
        await measure_batch(host, "RSI at every trigger", RSI)
        await measure_batch(host, "a hold at every trigger", HOLD)
        print(f"{'memory of the host, after the batches':<46} {memory_mb(host):12.0f} MB")
        await host.close()


if __name__ == "__main__":
    asyncio.run(main())
