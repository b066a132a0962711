"""Where one trader's news go: numbered, published to the streams and written to the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from engine.clock import Clock
from engine.errors import StoreFailed
from engine.exchanges.base import BalanceReason, BalanceReport
from engine.model.event import Alert, Edge, Severity, Topic
from engine.store.changes import Change, Setting
from engine.streams import Bus

MARKET_TIME_KEY = "market_time_ms"


class ChangeWriter(Protocol):
    """The part of the store that trading writes through."""

    def write(self, *changes: Change) -> Future[None]:
        """Queue one unit of changes; never blocks."""
        ...

    async def journal(self, *changes: Change) -> None:
        """Return when one unit of changes is durable; raise `StoreFailed` if it cannot be."""
        ...


class TraderLedger:
    """Numbers one trader's edges and stores its changes together with the market time."""

    def __init__(self, trader_id: int, seq: int, bus: Bus, store: ChangeWriter, clock: Clock) -> None:
        self.trader_id = trader_id
        self.seq = seq
        self._bus = bus
        self._store = store
        self._clock = clock
        self._last_write: Future[None] | None = None

    def publish(self, topic: Topic, build: Callable[[int], Edge]) -> None:
        """Give the next edge its number and send it to every reader."""
        self.seq += 1
        self._bus.publish_edge(topic, build(self.seq))

    def write(self, *changes: Change) -> None:
        """Store changes as one unit without waiting."""
        self._last_write = self._store.write(*changes, self._market_time())

    async def written(self) -> None:
        """Return when everything written so far is durable, or has failed, which the store tells."""
        if self._last_write is not None:
            with contextlib.suppress(StoreFailed):
                await asyncio.wrap_future(self._last_write)

    async def journal(self, *changes: Change) -> None:
        """Store changes as one unit and return when they are durable."""
        await self._store.journal(*changes, self._market_time())

    def alert(self, severity: Severity, message: str) -> None:
        """Tell whoever watches."""
        now_ms = self._clock.now_ms()
        self.publish(Topic.ALERTS, lambda seq: Alert(severity, message, now_ms, self.trader_id, seq))

    def alert_balance(self, report: BalanceReport) -> None:
        """Tell about money that moved without a fill, when it is worth interrupting someone."""
        if report.reason is BalanceReason.LIQUIDATION:
            self.alert(Severity.ERROR, f"{report.symbol} position liquidated, {report.amount:,.2f}")

    def _market_time(self) -> Setting:
        return market_time(self._clock.now_ms())


def market_time(now_ms: int) -> Setting:
    """Return how far the market had come, to be stored with what happened then."""
    return Setting(key=MARKET_TIME_KEY, value=str(now_ms))
