"""Who may ask a model now: places on the whole desk, on each connection and for each trader."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a call needs a place on; trader 0 is the desk itself, which has no bound of its own."""

    connection_id: int
    connection_limit: int
    trader_id: int = 0
    trader_limit: int = 1


class Places:
    """Calls under way, and those that wait, in the order they came.

    A place is given to the first in the queue whose connection and trader have one free, so that a full
    connection holds up nobody else's.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all = 0
        self._of_connection: Counter[int] = Counter()
        self._of_trader: Counter[int] = Counter()
        self._queue: list[tuple[Claim, asyncio.Future[None]]] = []

    def running(self, connection_id: int) -> int:
        """Return how many calls of a connection are under way."""
        return self._of_connection[connection_id]

    def waiting(self, connection_id: int) -> int:
        """Return how many calls of a connection wait for a place."""
        return sum(claim.connection_id == connection_id for claim, _ in self._queue)

    @contextlib.asynccontextmanager
    async def held(self, claim: Claim) -> AsyncIterator[None]:
        """Wait for a place and hold it; a cancelled wait leaves the queue."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((claim, turn))
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(claim)
            else:
                self._queue.remove((claim, turn))
            raise
        try:
            yield
        finally:
            self._give_back(claim)

    def _give_back(self, claim: Claim) -> None:
        self._take(claim, -1)
        self._admit()

    def _admit(self) -> None:
        left: list[tuple[Claim, asyncio.Future[None]]] = []
        for claim, turn in self._queue:
            if turn.cancelled() or not self._has_room(claim):
                left.append((claim, turn))
            else:
                self._take(claim, 1)
                turn.set_result(None)
        self._queue = left

    def _has_room(self, claim: Claim) -> bool:
        return (
            self._all < self._most
            and self._of_connection[claim.connection_id] < claim.connection_limit
            and (not claim.trader_id or self._of_trader[claim.trader_id] < claim.trader_limit)
        )

    def _take(self, claim: Claim, places: int) -> None:
        self._all += places
        self._of_connection[claim.connection_id] += places
        self._of_trader[claim.trader_id] += places
