"""How fast the recorded market loads and plays, and what it costs; run by hand.

    .venv/bin/python tests/bench/bench_replay.py

Prints the time to load the shipped candles, quotes a second from both tapes, the event loop's lag
while playing at 600 market seconds a second, and the memory in use.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import islice

import numpy as np

from engine.clock import ReplayClock
from engine.market.replay.candle_tape import CandleTape
from engine.market.replay.player import ReplayPlayer
from engine.market.replay.raw_frames import RawTape
from engine.market.replay.tape import Tape
from engine.model.candle import Candle
from engine.model.quote import BookSnapshot, Quote
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE, load_all_candles

LAG_PROBE_SECONDS = 0.001
PLAY_SECONDS = 10.0


def rss_mb() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def timed[Result](label: str, work: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = work()
    print(f"{label:<44}{(time.perf_counter() - began) * 1000:10.1f} ms   rss {rss_mb():6.1f} MB")
    return result


class CountingSink:
    def __init__(self) -> None:
        self.quotes = 0

    def on_quote(self, quote: Quote) -> None:
        self.quotes += 1

    def on_book(self, snapshot: BookSnapshot) -> None: ...

    def on_candle(self, symbol: str, candle: Candle) -> None: ...

    def on_book_lost(self, symbol: str) -> None:
        """Count nothing."""

    def on_moment_start(self, ts_ms: int) -> None:
        """Count nothing."""

    def on_moment_end(self) -> None:
        """Count nothing."""

    def on_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> None: ...

    def on_trade(self, trade: Trade) -> None: ...

    def on_open_interest(self, symbol: str, notional: Decimal, ts_ms: int) -> None: ...

    def on_funding_rate(self, symbol: str, rate: Decimal, ts_ms: int) -> None: ...


def count_quotes(tape: Tape, moments: int) -> None:
    began = time.perf_counter()
    quotes = sum(
        isinstance(event, Quote)
        for moment in islice(tape.moments(tape.start_ms), moments)
        for event in moment.events
    )
    seconds = time.perf_counter() - began
    each = f"{seconds / quotes * 1e6:.2f} µs each"
    print(f"{tape.source + ' tape':<44}{quotes / seconds:10,.0f} quotes/s ({each})")


async def play(tape: Tape, speed: float) -> None:
    clock, sink = ReplayClock(tape.start_ms), CountingSink()
    player = ReplayPlayer(tape, clock, sink, speed)
    task = asyncio.create_task(player.run())
    lags, cpu_began, began = [], time.process_time(), time.perf_counter()
    while (now := time.perf_counter()) - began < PLAY_SECONDS and not task.done():
        await asyncio.sleep(LAG_PROBE_SECONDS)
        lags.append((time.perf_counter() - now - LAG_PROBE_SECONDS) * 1000)
    seconds = time.perf_counter() - began
    cpu = (time.process_time() - cpu_began) / seconds
    reached = (player.position_ms - tape.start_ms) / 1000 / seconds
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    p50, p99 = np.percentile(lags, [50, 99])
    print(
        f"{tape.source} at {speed:g}×: reached {reached:.0f}×, {sink.quotes / seconds:,.0f} quotes/s, "
        f"CPU {cpu:.0%} (probe included), loop lag p50 {p50:.2f} p99 {p99:.2f} max {max(lags):.2f} ms"
    )


def main() -> None:
    recordings = timed("load the candles of three symbols", load_all_candles)
    candles = timed("make the candle tape", lambda: CandleTape(recordings))
    raw = timed("open the raw tape", lambda: RawTape(RAW_SAMPLE))
    count_quotes(candles, 100_000)
    count_quotes(raw, 1_000_000)
    gc.collect()
    print(f"{'memory after that':<44}{rss_mb():10.1f} MB")
    asyncio.run(play(candles, 600))
    asyncio.run(play(raw, 60))
    print(f"{'memory at the end':<44}{rss_mb():10.1f} MB")


if __name__ == "__main__":
    main()
