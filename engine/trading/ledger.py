"""Where one trader's news go: numbered, published to the streams and written to the journal."""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import Clock
from engine.exchanges.base import BalanceReason, BalanceReport
from engine.model.event import Alert, Edge, Severity, Topic
from engine.store.changes import Change, TraderSeq
from engine.streams import Bus
from engine.trading.journal import DeskJournal


class TraderLedger:
    """Numbers one trader's edges and writes its changes."""

    def __init__(self, trader_id: int, seq: int, bus: Bus, journal: DeskJournal, clock: Clock) -> None:
        self.trader_id = trader_id
        self.seq = seq
        self._bus = bus
        self._journal = journal
        self._clock = clock

    def publish(self, topic: Topic, build: Callable[[int], Edge]) -> None:
        """Give the next edge its number and send it to every reader."""
        self.seq += 1
        self._bus.publish_edge(topic, build(self.seq))

    def write(self, *changes: Change) -> None:
        """Store what has happened without waiting."""
        self._journal.write(*changes, self._numbered())

    async def journal(self, *changes: Change) -> None:
        """Return when changes are durable; raise `StoreFailed` if they cannot be."""
        await self._journal.journal(*changes, self._numbered())

    async def written(self, timeout_seconds: float | None = None) -> None:
        """Return when everything written so far is durable, has failed, or the time is over."""
        await self._journal.written(timeout_seconds)

    def _numbered(self) -> TraderSeq:
        """Return how far the edges were numbered, so that a restart numbers on."""
        return TraderSeq(trader_id=self.trader_id, seq=self.seq)

    def alert(self, severity: Severity, message: str) -> None:
        """Tell whoever watches."""
        now_ms = self._clock.now_ms()
        self.publish(Topic.ALERTS, lambda seq: Alert(severity, message, now_ms, self.trader_id, seq))

    def alert_balance(self, report: BalanceReport) -> None:
        """Tell about money that moved without a fill, when it is worth interrupting someone."""
        if report.reason is BalanceReason.LIQUIDATION:
            self.alert(Severity.ERROR, f"{report.symbol} position liquidated, {report.amount:,.2f}")
