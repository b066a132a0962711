"""The async queues between the engine and everything that reads it.

A `Bus` carries two kinds of news. *Edges* are lossless and in order, up to a bound: a reader
that falls further behind is told so by `Lagged` and starts again from a snapshot. *Levels* are
latest-wins per key: an unread value is replaced, so they can never build up. Publishing takes a
lock for a few instructions and never waits for a reader; reader and writer may live on different
threads and event loops.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Hashable, Iterable
from typing import Any

import msgspec

from engine.errors import Lagged
from engine.model.event import EDGE_TOPICS, Edge, Topic
from engine.secrecy.redaction import redact_value

LevelKey = tuple[Topic, Hashable]

_LEVELS_ABOUT_MODELS = frozenset({Topic.MODELS, Topic.PROMPT_BACKTESTS})
"""Levels that say what a server answered; the others hold figures, and change by the thousand."""


class Batch(msgspec.Struct, frozen=True):
    """What a reader takes at one go: all edges since the last time, and the changed levels."""

    edges: tuple[Edge, ...]
    levels: dict[LevelKey, Any]


class Subscription:
    """One reader's queue; iterate it, or `drain()` it from a paint tick.

    `async for batch in subscription` waits until there is something and yields a `Batch`. Both
    forms raise `Lagged` once when edges were dropped; the queue is empty then, and the next read
    goes on from that moment.
    """

    def __init__(self, bus: Bus, topics: frozenset[Topic], bound: int) -> None:
        self._bus = bus
        self._topics = topics
        self._bound = bound
        self._lock = threading.Lock()
        self._edges: deque[Edge] = deque()
        self._levels: dict[LevelKey, Any] = {}
        self._dropped = 0
        self._closed = False
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None

    @property
    def backlog(self) -> int:
        """How many edges wait to be read."""
        return len(self._edges)

    def wants(self, topic: Topic) -> bool:
        """Tell whether this reader subscribed to `topic`."""
        return topic in self._topics

    def drain(self) -> Batch:
        """Take everything that waits, which may be nothing; raise `Lagged` if edges were dropped."""
        with self._lock:
            edges, self._edges = self._edges, deque()
            levels, self._levels = self._levels, {}
            dropped, self._dropped = self._dropped, 0
        if dropped:
            raise Lagged(f"{dropped} events were dropped; read a snapshot and go on", dropped=str(dropped))
        return Batch(tuple(edges), levels)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Batch:
        await self._wait()
        batch = self.drain()
        if not batch.edges and not batch.levels:
            raise StopAsyncIteration
        return batch

    def close(self) -> None:
        """Stop receiving; a waiting reader's iteration ends."""
        self._bus.remove(self)
        with self._lock:
            self._closed = True
            waiter, self._waiter = self._waiter, None
        _wake(waiter)

    def put_edge(self, event: Edge) -> None:
        """Append an edge; past the bound the whole backlog is dropped and the reader will be told."""
        with self._lock:
            if len(self._edges) >= self._bound:
                self._dropped += len(self._edges)
                self._edges.clear()
            if self._dropped:
                self._dropped += 1
            else:
                self._edges.append(event)
            waiter, self._waiter = self._waiter, None
        _wake(waiter)

    def put_level(self, key: LevelKey, value: Any) -> None:
        """Replace the unread value of `key`."""
        with self._lock:
            self._levels[key] = value
            waiter, self._waiter = self._waiter, None
        _wake(waiter)

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._edges or self._levels or self._dropped or self._closed:
                return
            future: asyncio.Future[None] = loop.create_future()
            self._waiter = (loop, future)
        await future


class Bus:
    """Where the engine publishes; each subscription gets what it asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        """Open a queue for `topics` that holds at most `bound` unread edges."""
        subscription = Subscription(self, frozenset(topics), bound)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """Stop delivering to `subscription`."""
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    def publish_edge(self, topic: Topic, event: Edge) -> None:
        """Deliver an event that every reader of `topic` must see, in order, without any secret."""
        assert topic in EDGE_TOPICS
        event = redact_value(event)
        for subscription in self._subscriptions:
            if subscription.wants(topic):
                subscription.put_edge(event)

    def publish_level(self, topic: Topic, key: Hashable, value: Any) -> None:
        """Deliver the present value of `key`, replacing one not read yet."""
        if topic in _LEVELS_ABOUT_MODELS:
            value = redact_value(value)
        for subscription in self._subscriptions:
            if subscription.wants(topic):
                subscription.put_level((topic, key), value)

    def close(self) -> None:
        """End every subscription."""
        for subscription in self._subscriptions:
            subscription.close()


def _wake(waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None) -> None:
    if waiter is None:
        return
    loop, future = waiter
    if not loop.is_closed():
        loop.call_soon_threadsafe(_finish, future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
