"""From the trigger of a sandboxed program to its order filled and durable, limit p99 10 ms.

`uv run python -m tests.bench.bench_tick_to_order`: a real store, the real sandbox and the paper
exchange; the program buys when flat and closes when not.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from engine.model.event import DecisionEvent, Topic
from engine.model.trigger import Trigger, TriggerKind
from engine.settings import SandboxSettings
from engine.strategies.programs.batch import Answer
from engine.strategies.programs.host import SandboxHost
from engine.strategies.programs.strategy import ProgramStrategy
from tests.trading.one_trader import START_MS, OneTrader

ROUNDS = 500
LIMIT_MS = 10.0
PROGRAM = """
class BuyAndClose:
    def should_trade(self, data):
        price = data.get_price("BTC")
        if "BTC" in data.positions:
            return Decision("close", "BTC", target_portion_of_balance=1.0, min_price=price * 0.999)
        return Decision("buy", "BTC", target_portion_of_balance=0.1, leverage=2, max_price=price * 1.001)
"""


async def measure(home: Path) -> list[float]:
    """Return the milliseconds of each round, without the first few."""
    one = OneTrader(home)
    host = SandboxHost()
    host.start()
    await host.ready()
    strategy = ProgramStrategy(host, "bench", PROGRAM, {}, SandboxSettings(), lambda query, now_ms: Answer())
    one.decider.attach(strategy)
    news = one.bus.subscribe([Topic.DECISIONS])
    running = asyncio.create_task(one.decider.run())
    taken: list[float] = []
    for _ in range(ROUNDS):
        asked = time.perf_counter()
        one.decider.wake(Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=START_MS))
        while True:
            batch = await anext(news)
            last = batch.edges[-1]
            if isinstance(last, DecisionEvent) and last.record.outcome:
                break
        taken.append((time.perf_counter() - asked) * 1000)
        # The order-rate limit counts a minute's entries.
        await one.clock.advance(60)
        one.quote("BTC", one.market.quote("BTC").mark)
    running.cancel()
    await host.close()
    one.store.close()
    return sorted(taken[20:])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(measure(Path(folder) / "home"))
    p50, p99 = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    print(
        f"trigger to filled order, {len(taken)} rounds: p50 {p50:.2f} ms,"
        f" p99 {p99:.2f} ms / {LIMIT_MS:.0f} ms limit = {p99 / LIMIT_MS:.2f}"
    )


if __name__ == "__main__":
    main()
