"""Edges: when a pool fires, one checkpoint at a time and over a whole history.

A pool fires where it comes to be met: its last known state was not met, or it never had one. A state
that is unknown changes nothing. An event that happens while the pool is met fires as well, with no
need for it to be unmet in between. After a fire the pool is silent for its cooldown, in market time,
while its state moves on.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import msgspec

from engine.model.signal import PoolEdge
from engine.signals.conditions.rules import MET, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

NEVER_MS = -1
"""As of when a pool was last evaluated before it ever was."""


class EdgeDetector:
    """What one pool remembers of one symbol, carried forward by checkpoints."""

    def __init__(self, edge: PoolEdge) -> None:
        self.met = edge.met
        self.as_of_ms = edge.as_of_ms
        self.fired_ms = edge.fired_ms
        self._pool_id = edge.pool_id
        self._symbol = edge.symbol

    def edge(self) -> PoolEdge:
        """Return everything remembered, enough to go on from after a restart."""
        return PoolEdge(
            pool_id=self._pool_id,
            symbol=self._symbol,
            met=self.met,
            as_of_ms=self.as_of_ms,
            fired_ms=self.fired_ms,
        )

    def observe(self, ts_ms: int, state: int, has_event: bool, cooldown_ms: int) -> bool:
        """Take the pool's state at a checkpoint and tell whether it fires there.

        `has_event` says that a member's event happens at this very checkpoint. A checkpoint that is
        not later than the last one is ignored.
        """
        if ts_ms <= self.as_of_ms:
            return False
        self.as_of_ms = ts_ms
        if state == UNKNOWN:
            return False
        is_met = state == MET
        is_edge = is_met and (has_event or not self.met)
        self.met = is_met
        if not is_edge or (self.fired_ms is not None and ts_ms - self.fired_ms < cooldown_ms):
            return False
        self.fired_ms = ts_ms
        return True

    def reset(self) -> None:
        """Forget the state and the last fire; what has been evaluated stays evaluated."""
        self.met = None
        self.fired_ms = None


class EdgeStart(msgspec.Struct, frozen=True):
    """What is remembered where a history begins."""

    met: bool | None = None
    fired_ms: int | None = None


def fire_rows(
    ts_ms: NDArray[np.int64],
    states: NDArray[np.int8],
    event_rows: NDArray[np.intp],
    cooldown_ms: int,
    start: EdgeStart,
) -> NDArray[np.intp]:
    """Return the rows at which a pool fires, given its state at each checkpoint in time order.

    `event_rows` are the rows, in order, at which an event of a member happens. The result is what
    `EdgeDetector` finds one checkpoint after the other.
    """
    import numpy as np

    is_known = states != UNKNOWN
    first = int(is_known.argmax()) if len(states) else 0
    is_met = states[first:] == MET
    if is_known[first:].all():
        rising = first + _risen(is_met, was_met=bool(start.met))
    else:
        known = np.flatnonzero(is_known)
        rising = known[_risen(states[known] == MET, was_met=bool(start.met))]
    repeated = event_rows[states[event_rows] == MET]
    rows = rows_of_any((rising, repeated), len(states))
    if cooldown_ms <= 0 or len(rows) == 0:
        return rows
    return rows[_outside_cooldown(ts_ms[rows].tolist(), cooldown_ms, start.fired_ms)]


def rows_of_any(found: Sequence[NDArray[np.intp]], count: int) -> NDArray[np.intp]:
    """Return the rows, in order and each once, that are in any of some arrays of rows below `count`."""
    import numpy as np

    some = [rows for rows in found if len(rows)]
    if len(some) == 1:
        return some[0]
    is_found = np.zeros(count, dtype=np.bool_)
    for rows in some:
        is_found[rows] = True
    return np.flatnonzero(is_found)


def _risen(is_met: NDArray[np.bool_], *, was_met: bool) -> NDArray[np.intp]:
    """Return the rows that are met while the row before is not; `was_met` is said of the one before all."""
    import numpy as np

    risen = is_met.copy()
    risen[1:] &= ~is_met[:-1]
    risen[:1] &= not was_met
    return np.flatnonzero(risen)


def _outside_cooldown(times_ms: list[int], cooldown_ms: int, fired_ms: int | None) -> list[int]:
    taken: list[int] = []
    row = 0 if fired_ms is None else bisect_left(times_ms, fired_ms + cooldown_ms)
    while row < len(times_ms):
        taken.append(row)
        row = bisect_left(times_ms, times_ms[row] + cooldown_ms, row + 1)
    return taken
