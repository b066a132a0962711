"""What one trader thought and decided lately, and the text of a decision while it streams."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.clock import Clock
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.event import ReasoningEvent, Topic
from engine.store.changes import ReasoningChunk
from engine.strategies.base import TextListener
from engine.trading.ledger import TraderLedger

RECENT_DECISIONS = 50
TEXT_LIMIT = 64_000
SECONDS_BETWEEN_WRITES = 0.25


class DecisionLog:
    """Recent decisions, oldest first; the streamed text goes to readers at once, to disk in pieces."""

    def __init__(self, trader_id: int, ledger: TraderLedger, clock: Clock) -> None:
        self._trader_id = trader_id
        self._ledger = ledger
        self._clock = clock
        self._records: dict[str, DecisionRecord] = {}
        self._texts: dict[str, str] = {}

    def restore(self, records: Iterable[DecisionRecord]) -> tuple[DecisionRecord, ...]:
        """Take stored decisions, oldest first; return those a killed desk left unfinished, now failed."""
        unfinished = []
        for record in records:
            if record.status is DecisionStatus.STARTED:
                record = msgspec.structs.replace(
                    record, status=DecisionStatus.FAILED, outcome="the desk ended while it was deciding"
                )
                unfinished.append(record)
            self.keep(record)
        return tuple(unfinished)

    def keep(self, record: DecisionRecord) -> None:
        """Add a decision or replace it by its newer state."""
        self._records[record.decision_id] = record
        while len(self._records) > RECENT_DECISIONS:
            del self._records[next(iter(self._records))]
        if record.status is not DecisionStatus.STARTED:
            self._texts.pop(record.decision_id, None)

    def recent(self) -> tuple[DecisionRecord, ...]:
        """Return the recent decisions; one under way carries the text streamed so far."""
        return tuple(
            msgspec.structs.replace(record, reasoning=self._texts[identity])
            if identity in self._texts
            else record
            for identity, record in tuple(self._records.items())
        )

    def text(self, decision_id: str) -> str:
        """Return what a decision under way has streamed so far."""
        return self._texts.get(decision_id, "")

    def listener(self, record: DecisionRecord) -> TextListener:
        """Return where the strategy of this decision sends its text."""
        identity = record.decision_id
        self._texts[identity] = ""
        unwritten: list[str] = []
        written = 0
        last_write = self._clock.monotonic()

        def take(delta: str) -> None:
            nonlocal written, last_write
            room = TEXT_LIMIT - len(self._texts[identity])
            delta = delta[:room]
            if not delta:
                return
            self._texts[identity] += delta
            self._ledger.publish(
                Topic.REASONING, lambda seq: ReasoningEvent(self._trader_id, identity, delta, seq)
            )
            unwritten.append(delta)
            now = self._clock.monotonic()
            if now - last_write >= SECONDS_BETWEEN_WRITES:
                self._ledger.write(
                    ReasoningChunk(
                        decision_id=identity,
                        chunk_index=written,
                        trader_id=self._trader_id,
                        text="".join(unwritten),
                    )
                )
                written += 1
                last_write = now
                unwritten.clear()

        return take
