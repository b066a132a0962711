"""A few works at a time, the others in the order they came."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

type Work = Callable[[], Coroutine[Any, Any, None]]


class RunQueue:
    """Carries works out, at most `places` at once; each is known by its run's id.

    Belongs to one event loop. A work tells by itself how it went and must raise nothing.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: OrderedDict[str, Work] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}

    def add(self, run_id: str, work: Work) -> None:
        """Begin a work as soon as there is a place."""
        self._waiting[run_id] = work
        self._fill_places()

    def holds(self, run_id: str) -> bool:
        """Tell whether a work waits or runs."""
        return run_id in self._waiting or run_id in self._running

    async def stop(self, run_id: str) -> None:
        """Take a work out: one that waits never begins, one that runs is cancelled and waited for."""
        self._waiting.pop(run_id, None)
        task = self._running.get(run_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """Stop everything."""
        self._waiting.clear()
        for run_id in list(self._running):
            await self.stop(run_id)

    def _fill_places(self) -> None:
        while self._waiting and len(self._running) < self._places:
            run_id, work = self._waiting.popitem(last=False)
            task = asyncio.create_task(work(), name=f"backtest {run_id}")
            self._running[run_id] = task
            task.add_done_callback(partial(self._ended, run_id))

    def _ended(self, run_id: str, _task: asyncio.Task[None]) -> None:
        del self._running[run_id]
        self._fill_places()
