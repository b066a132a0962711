"""A clock for tests of what waits between two attempts."""

from __future__ import annotations

from engine.clock import VirtualClock


class NotedSleeps(VirtualClock):
    """A clock whose sleepers wake at once, and that remembers how long they meant to sleep."""

    def __init__(self, start_ms: int) -> None:
        super().__init__(start_ms)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
