"""A pool over a whole history: how it stood at every checkpoint and where it fired.

The counterpart of `engine.signals.live.pool_run` over arrays; both find the same fires.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.model.signal import PoolLogic
from engine.signals.conditions.condition import Condition, is_event
from engine.signals.conditions.rules import MET, UNKNOWN
from engine.signals.history.condition_arrays import ConditionArrays, ConditionStates
from engine.signals.pool_edges import EdgeStart, fire_rows, rows_of_any


class PoolHistory(msgspec.Struct, frozen=True, eq=False):
    """How a pool and its members stood at every checkpoint, and the rows at which it fired."""

    members: tuple[ConditionStates, ...]
    states: NDArray[np.int8]
    fires: NDArray[np.intp]


def pool_history(
    conditions: Sequence[Condition],
    logic: PoolLogic,
    arrays: ConditionArrays,
    *,
    cooldown_ms: int = 0,
    start: int = 0,
    stop: int | None = None,
) -> PoolHistory:
    """Return the history of a pool that was first evaluated at checkpoint `start`.

    `conditions` are those of its enabled members. Like any new pool it takes an event that holds
    just before `start` for no news.
    """
    members = tuple(arrays.condition(condition) for condition in conditions)
    states = _joined(members, logic, len(arrays.checkpoints_ms))
    stop = len(states) if stop is None else stop
    event_rows = rows_of_any([member.event_rows for member in members], len(states))
    first, last = np.searchsorted(event_rows, (start, stop))
    has_events = any(is_event(condition) for condition in conditions)
    fires = fire_rows(
        arrays.checkpoints_ms[start:stop],
        states[start:stop],
        event_rows[first:last] - start,
        cooldown_ms,
        EdgeStart(met=bool(has_events and start and states[start - 1] == MET)),
    )
    return PoolHistory(members, states, fires + start)


def _joined(members: Sequence[ConditionStates], logic: PoolLogic, checkpoints: int) -> NDArray[np.int8]:
    if not members:
        return np.full(checkpoints, UNKNOWN, dtype=np.int8)
    join = np.minimum if logic is PoolLogic.AND else np.maximum
    states: NDArray[np.int8] = functools.reduce(join, [member.states for member in members])
    return states
