"""What one trader thought and decided lately, and the text of a decision while it streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from engine.clock import Clock
from engine.model.decision import DecisionRecord, DecisionStage, DecisionStatus
from engine.model.event import ReasoningEvent, Topic
from engine.secrecy.redaction import redact_value
from engine.store.changes import ReasoningChunk
from engine.strategies.base import TextListener
from engine.trading.ledger import TraderLedger

RECENT_DECISIONS = 50
TEXT_LIMIT = 64_000
SECONDS_BETWEEN_WRITES = 0.25
SECONDS_BETWEEN_EVENTS = 0.05
"""Readers get what streamed in pieces of this length, however fast the model talks."""


class DecisionLog:
    """Recent decisions, oldest first; the streamed text goes to readers at once, to disk in pieces."""

    def __init__(self, trader_id: int, ledger: TraderLedger, clock: Clock) -> None:
        self._trader_id = trader_id
        self._ledger = ledger
        self._clock = clock
        self._records: dict[str, DecisionRecord] = {}
        self._texts: dict[str, str] = {}
        self._streams: dict[str, _Stream] = {}

    def restore(self, records: Iterable[DecisionRecord]) -> tuple[DecisionRecord, ...]:
        """Take stored decisions, oldest first; return those a killed desk left unfinished, now failed."""
        unfinished = []
        for record in records:
            if record.status is DecisionStatus.STARTED:
                record = msgspec.structs.replace(
                    record,
                    status=DecisionStatus.FAILED,
                    stage=DecisionStage.MODEL,
                    outcome="the desk ended while it was deciding",
                )
                unfinished.append(record)
            self.keep(record)
        return tuple(unfinished)

    def keep(self, record: DecisionRecord) -> None:
        """Add a decision or replace it by its newer state; its texts are kept without any secret."""
        self._records[record.decision_id] = redact_value(record)
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
        stream = self._streams[identity] = _Stream(identity, self._trader_id, self._ledger, self._clock)

        def take(delta: str) -> None:
            room = TEXT_LIMIT - len(self._texts[identity])
            if shown := delta[:room]:
                self._texts[identity] += shown
                stream.take(shown)

        return take

    def flush(self, decision_id: str) -> None:
        """Tell readers whatever streamed and was not told yet; the decision has ended."""
        if (stream := self._streams.pop(decision_id, None)) is not None:
            stream.close()


class _Stream:
    """Hands on the text of one decision: a few events a second for readers, fewer pieces for the disk."""

    def __init__(self, decision_id: str, trader_id: int, ledger: TraderLedger, clock: Clock) -> None:
        self._decision_id = decision_id
        self._trader_id = trader_id
        self._ledger = ledger
        self._clock = clock
        self._untold: list[str] = []
        self._unwritten: list[str] = []
        self._written = 0
        self._last_told = clock.monotonic() - SECONDS_BETWEEN_EVENTS
        self._last_write = clock.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, text: str) -> None:
        self._untold.append(text)
        self._unwritten.append(text)
        now = self._clock.monotonic()
        if now - self._last_told >= SECONDS_BETWEEN_EVENTS:
            self._tell()
        elif self._timer is None:
            # A model that falls silent must not keep its last words.
            self._timer = asyncio.get_running_loop().call_later(SECONDS_BETWEEN_EVENTS, self._tell)
        if now - self._last_write >= SECONDS_BETWEEN_WRITES:
            self._write(now)

    def close(self) -> None:
        self._tell()

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._untold:
            return
        delta, self._untold = "".join(self._untold), []
        self._last_told = self._clock.monotonic()
        self._ledger.publish(
            Topic.REASONING, lambda seq: ReasoningEvent(self._trader_id, self._decision_id, delta, seq)
        )

    def _write(self, now: float) -> None:
        self._ledger.write(
            ReasoningChunk(
                decision_id=self._decision_id,
                chunk_index=self._written,
                trader_id=self._trader_id,
                text="".join(self._unwritten),
            )
        )
        self._unwritten = []
        self._written += 1
        self._last_write = now
