"""What a reader of the market-intelligence stream is told next."""

from __future__ import annotations

import msgspec

from engine.model.news import IntelligenceChange, IntelligenceSnapshot, IntelligenceUpdate

HEARTBEAT_MS = 15_000


class IntelligenceFeed:
    """One stream of one symbol: first a `snapshot`, then what changed, a `heartbeat` in between."""

    def __init__(self) -> None:
        self._last: IntelligenceSnapshot | None = None
        self._told_ms = 0

    def next(self, snapshot: IntelligenceSnapshot, now_ms: int) -> IntelligenceUpdate | None:
        """Return what to tell the reader, None if there is nothing yet.

        `now_ms` is of a clock that does not stand still when the market does. The time of a reading
        alone is no change.
        """
        changes = _changes(self._last, snapshot)
        if not changes:
            if now_ms - self._told_ms < HEARTBEAT_MS:
                return None
            changes = (IntelligenceChange.HEARTBEAT,)
        self._last = snapshot
        self._told_ms = now_ms
        return IntelligenceUpdate(changes, snapshot)


def _changes(
    last: IntelligenceSnapshot | None, snapshot: IntelligenceSnapshot
) -> tuple[IntelligenceChange, ...]:
    if last is None:
        return (IntelligenceChange.SNAPSHOT,)
    differences = {
        IntelligenceChange.NEWS: last.news != snapshot.news,
        IntelligenceChange.FLOW: msgspec.structs.replace(last.flow, as_of_ms=0)
        != msgspec.structs.replace(snapshot.flow, as_of_ms=0),
        IntelligenceChange.SUMMARY: (last.summary, last.zones) != (snapshot.summary, snapshot.zones),
        IntelligenceChange.REGIME: msgspec.structs.replace(last.regime, close_ms=0)
        != msgspec.structs.replace(snapshot.regime, close_ms=0),
    }
    return tuple(change for change, differs in differences.items() if differs)
