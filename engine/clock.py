"""Clocks: the only module that asks what time it is.

*Market time* stamps quotes, orders and equity; in a replay it is the recording's time.
*Monotonic time* measures ages and durations on the machine, whatever the market's time does.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol

DAY_MS = 86_400_000
"""How long a UTC day is."""


class Clock(Protocol):
    """What the desk needs to know of time."""

    def now_ms(self) -> int:
        """Return the market time as UTC milliseconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` on the monotonic clock."""
        ...


class WallClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Return the machine's UTC time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)


class ReplayClock(WallClock):
    """Market time set by a recording; durations still run on the machine's clock."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Return the time of the last event of the recording."""
        return self._now_ms

    def set(self, now_ms: int) -> None:
        """Move market time to `now_ms`; an earlier time is ignored, so it never goes back."""
        self._now_ms = max(self._now_ms, now_ms)


class VirtualClock:
    """A clock that only moves when told to; sleepers wake in the order of their times."""

    def __init__(self, start_ms: int = 0) -> None:
        self._start_ms = start_ms
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """Return the start time plus all that was advanced."""
        return self._start_ms + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced by `seconds`."""
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking every sleeper on the way at its own time."""
        target = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            self._elapsed, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)
            await _let_everything_run()
        self._elapsed = target
        await _let_everything_run()


async def _let_everything_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
