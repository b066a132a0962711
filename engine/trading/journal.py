"""How trading writes: everything one market moment causes is one unit, with the moment's time.

A restart goes on after the last stored market time, so what a moment did to any trader must be
stored together with that time or not at all. Between moments every write is a unit of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from typing import Protocol

from engine.clock import Clock
from engine.errors import StoreFailed
from engine.store.changes import Change, Setting

MARKET_TIME_KEY = "market_time_ms"
WRITTEN_SECONDS = 5.0
"""How long a look at the store waits for what has just happened to be there."""


class ChangeWriter(Protocol):
    """The part of the store that trading writes through."""

    def write(self, *changes: Change) -> Future[None]:
        """Queue one unit of changes; never blocks."""
        ...

    async def journal(self, *changes: Change) -> None:
        """Return when one unit of changes is durable; raise `StoreFailed` if it cannot be."""
        ...


class DeskJournal:
    """Writes for all traders of the desk, in the order things happened."""

    def __init__(self, store: ChangeWriter, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._moment: list[Change] | None = None
        self._last_write: Future[None] | None = None

    def begin_moment(self) -> None:
        """Hold back what is written until `end_moment`."""
        self._moment = []

    def end_moment(self) -> None:
        """Write what the moment caused as one unit."""
        moment, self._moment = self._moment, None
        if moment:
            self._submit(moment)

    def write(self, *changes: Change) -> None:
        """Store what has happened without waiting; the store keeps it until the disk takes it.

        Without changes, it stores how far the market has come.
        """
        if self._moment is None:
            self._submit(list(changes))
        else:
            self._moment += changes

    async def journal(self, *changes: Change) -> None:
        """Return when changes are durable; raise `StoreFailed`, and forget them, if they cannot be."""
        await self._store.journal(*changes, self._market_time())

    async def written(self, timeout_seconds: float | None = None) -> None:
        """Return when everything written so far is durable, has failed, or the time is over."""
        if self._last_write is None:
            return
        durable = asyncio.wrap_future(self._last_write)
        with contextlib.suppress(StoreFailed, TimeoutError):
            await asyncio.wait_for(asyncio.shield(durable), timeout_seconds)

    def _submit(self, changes: list[Change]) -> None:
        self._last_write = self._store.write(*changes, self._market_time())

    def _market_time(self) -> Setting:
        return Setting(key=MARKET_TIME_KEY, value=str(self._clock.now_ms()))
