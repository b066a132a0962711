"""What a signal or a pool would have done over a range of history, and how a signal stands now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.model.signal import (
    FiredSignal,
    PoolLogic,
    PreviewFire,
    SignalDefinition,
    SignalPool,
    SignalPreview,
    SignalState,
)
from engine.signals.conditions.condition import Condition
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.rules import MET, UNKNOWN
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.signals.history.pool_history import PoolHistory, pool_history
from engine.signals.live.conditions import LiveConditions

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Member = tuple[SignalDefinition, Condition]


def preview_condition(
    text: str, symbol: str, data: SignalData, start_ms: int | None = None, end_ms: int | None = None
) -> SignalPreview:
    """Return where a condition would have fired; raises `InvalidInput` as `parse_condition` does."""
    condition = parse_condition(text, data.factors)
    signal = SignalDefinition(signal_id=0, name=str(condition), condition=str(condition))
    return _preview([(signal, condition)], PoolLogic.AND, 0, symbol, data, (start_ms, end_ms))


def preview_pool(
    pool: SignalPool,
    signals: Mapping[int, SignalDefinition],
    symbol: str,
    data: SignalData,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> SignalPreview:
    """Return where a pool would have fired had it been new at `start_ms`; `signals` has its members.

    The range is both ends included, without them all of history. Raises `InvalidInput` for a
    condition that cannot be read.
    """
    members = [
        (signals[signal_id], parse_condition(signals[signal_id].condition, data.factors))
        for signal_id in pool.signal_ids
        if signals[signal_id].enabled
    ]
    cooldown_ms = pool.cooldown_seconds * 1000
    return _preview(members, pool.logic, cooldown_ms, symbol, data, (start_ms, end_ms))


def signal_now(signal: SignalDefinition, symbol: str, data: SignalData) -> SignalState:
    """Return how a signal, watched or not, stands at the end of history."""
    condition = parse_condition(signal.condition, data.factors)
    conditions = LiveConditions()
    conditions.watch([condition], ConditionArrays(data))
    return conditions[condition].signal_state(signal.signal_id, symbol)


def _preview(
    members: Sequence[Member],
    logic: PoolLogic,
    cooldown_ms: int,
    symbol: str,
    data: SignalData,
    range_ms: tuple[int | None, int | None],
) -> SignalPreview:
    arrays = ConditionArrays(data)
    start, stop = _rows(arrays.checkpoints_ms, *range_ms)
    conditions = [condition for _, condition in members]
    history = pool_history(conditions, logic, arrays, cooldown_ms=cooldown_ms, start=start, stop=stop)
    checkpoints_ms = arrays.checkpoints_ms[start:stop]
    return SignalPreview(
        symbol=symbol,
        start_ms=int(checkpoints_ms[0]) if len(checkpoints_ms) else range_ms[0] or 0,
        end_ms=int(checkpoints_ms[-1]) if len(checkpoints_ms) else range_ms[1] or 0,
        checkpoints=stop - start,
        unknown=int(np.count_nonzero(history.states[start:stop] == UNKNOWN)),
        fires=tuple(_fire(row, members, history, data) for row in history.fires.tolist()),
        why_unknown=_why_unknown(members, history, data, start, stop),
    )


def _rows(checkpoints_ms: NDArray[np.int64], start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
    start = 0 if start_ms is None else int(np.searchsorted(checkpoints_ms, start_ms))
    stop = (
        len(checkpoints_ms) if end_ms is None else int(np.searchsorted(checkpoints_ms, end_ms, side="right"))
    )
    return start, max(start, stop)


def _fire(row: int, members: Sequence[Member], history: PoolHistory, data: SignalData) -> PreviewFire:
    fired = (
        FiredSignal(signal.signal_id, signal.name, str(condition), states.value_at(row))
        for (signal, condition), states in zip(members, history.members, strict=True)
        if states.states[row] == MET
    )
    return PreviewFire(int(data.flow.close_ms[row]), float(data.flow.close[row]), tuple(fired))


def _why_unknown(
    members: Sequence[Member], history: PoolHistory, data: SignalData, start: int, stop: int
) -> str:
    """Say why the range could not be decided throughout, from the first member that could not."""
    if not members:
        return "none of its signals is enabled"
    if not np.any(history.states[start:stop] == UNKNOWN):
        return ""
    for (signal, condition), states in zip(members, history.members, strict=True):
        is_unknown = states.states[start:stop] == UNKNOWN
        if is_unknown[-1]:
            return f"{signal.name} {_why_unknown_at(condition, data, stop)}"
        if is_unknown.any():
            count = int(np.count_nonzero(is_unknown))
            return f"{signal.name} has no value at {count} of {stop - start} checkpoints"
    return ""


def _why_unknown_at(condition: Condition, data: SignalData, stop: int) -> str:
    """Return what is missing for a condition at the last checkpoint before `stop`."""
    flow = data.flow.slice(0, stop)
    minutes = data.minutes.slice(0, int(np.searchsorted(data.minutes.open_ms, flow.close_ms[-1])))
    conditions = LiveConditions()
    conditions.watch([condition], ConditionArrays(SignalData(minutes, flow, data.factors)))
    return conditions[condition].why_unknown()
