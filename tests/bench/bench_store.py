"""How fast the store commits, how much it disturbs the event loop, how fast a desk comes back.

Run by hand: `python tests/bench/bench_store.py [DATABASE_URL]`. SQLite in a temporary folder
without a URL. One unit is an order with its fill: two rows in one durable transaction.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.model.account import EquityPoint
from engine.model.order import OrderStatus
from engine.store.changes import Change
from engine.store.store import Store
from tests.store.values import fill, order, trader

SECONDS = 5.0


def unit(number: int) -> tuple[Change, Change]:
    """Return one order and its fill."""
    return (
        order(f"order-{number:08}", OrderStatus.FILLED, created_ms=number),
        fill(f"trade-{number:08}", ts_ms=number),
    )


def percentiles(seconds: list[float]) -> str:
    """Return the median, the 99th percentile and the maximum in milliseconds."""
    ordered = sorted(seconds)
    picked = (ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])
    return "p50 {:.2f} · p99 {:.2f} · max {:.2f} ms".format(*(value * 1000 for value in picked))


def commit_with_in_flight(store: Store, in_flight: int, first: int) -> int:
    """Keep `in_flight` units waiting for `SECONDS`, print the rate and return the next free number."""
    waiting: deque[tuple[float, Future[None]]] = deque()
    latencies = []
    number = first
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        while len(waiting) < in_flight:
            waiting.append((time.perf_counter(), store.write(*unit(number))))
            number += 1
        submitted, written = waiting.popleft()
        written.result()
        latencies.append(time.perf_counter() - submitted)
    rate = len(latencies) / (time.perf_counter() - started)
    print(f"{in_flight:4} in flight: {rate:8,.0f} units/s, {percentiles(latencies)}")
    for _, written in waiting:
        written.result()
    return number


async def loop_lag(store: Store, units_per_second: int, first: int) -> int:
    """Journal at a steady rate and print how late a 1 ms timer of the same loop comes."""
    lags: list[float] = []
    latencies: list[float] = []
    ended = asyncio.Event()

    async def tick() -> None:
        while not ended.is_set():
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - due)

    async def journal(number: int) -> None:
        submitted = time.perf_counter()
        await store.journal(*unit(number))
        latencies.append(time.perf_counter() - submitted)

    ticking = asyncio.create_task(tick())
    number = first
    started = time.perf_counter()
    async with asyncio.TaskGroup() as journals:
        while (elapsed := time.perf_counter() - started) < SECONDS:
            while number - first < elapsed * units_per_second:
                journals.create_task(journal(number))
                number += 1
            await asyncio.sleep(0.002)
    ended.set()
    await ticking
    print(f"{units_per_second:5} units/s: loop lag {percentiles(lags)}")
    if latencies:
        print(f"               journal {percentiles(latencies)}")
    return number


def come_back(home: Path, url: str) -> None:
    """Print how long opening and restoring take beside what has been written."""
    timings = []
    for _ in range(10):
        started = time.perf_counter()
        store = Store.open(home, url)
        state = store.restore()
        timings.append(time.perf_counter() - started)
        store.close()
    points = sum(len(known.equity.ts_ms) for known in state.traders)
    print(f"open and restore: {percentiles(timings)} ({len(state.recent_orders)} orders, {points} points)")


def main() -> None:
    """Run every measurement on a fresh home."""
    url = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = Store.open(home, url)
        started = time.perf_counter()
        store.write(*(msgspec.structs.replace(trader(), trader_id=each) for each in (1, 2, 3))).result()
        print(f"first write, with imports and the schema: {(time.perf_counter() - started) * 1000:.0f} ms")
        number = 0
        for in_flight in (1, 10, 100):
            number = commit_with_in_flight(store, in_flight, number)
        for units_per_second in (0, 1_000):
            number = asyncio.run(loop_lag(store, units_per_second, number))
        for each in (1, 2, 3):
            points = (
                EquityPoint(each, minute * 60_000, Decimal(10_000 + minute)) for minute in range(36_000)
            )
            store.write(*points).result()
        store.close()
        print(f"{number:,} orders and fills, 108,000 equity points")
        come_back(home, url)


if __name__ == "__main__":
    main()
