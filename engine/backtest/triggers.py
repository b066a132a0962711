"""What wakes the program, laid out over the whole run: signals found vectorised, schedules merged in.

The rules are the running desk's: of several pools and symbols that fire at one time the first wakes
the program and the rest are not taken; a schedule runs from the last trigger of any kind, comes due
with the first bar that opens at or after its time, and gives way to a signal of the same time. What
fires in a gap of the history is decided where the history goes on; what fires at its very end is not
decided, as there is no price to trade at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.model.backtest import BacktestPool
from engine.signals.conditions.condition import Condition
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.rules import MET
from engine.signals.history.condition_arrays import ConditionArrays, ConditionStates
from engine.signals.history.pool_history import pool_history
from engine.strategies.programs.batch import MemberColumns, PoolColumns, TriggerColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.market.factors.library import FactorLibrary

SCHEDULED = -1
"""The source of a trigger that no pool fired."""


class PoolFires(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every fire of one pool on one symbol: `rows` are checkpoints of `arrays`."""

    number: int
    pool: BacktestPool
    symbol: str
    conditions: tuple[Condition, ...]
    members: tuple[ConditionStates, ...]
    rows: NDArray[np.intp]
    fired_ms: NDArray[np.int64]


class TriggerTimes(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every trigger that is decided, in order.

    `at_ms` is when it is decided, `fired_ms` when it fired; `source` is an index into `fires`, or
    `SCHEDULED`; `fire` which of that pool's fires it is. `untaken` counts fires that came together with
    another, `undecided` those after which there is no price.
    """

    at_ms: NDArray[np.int64]
    fired_ms: NDArray[np.int64]
    source: NDArray[np.int32]
    fire: NDArray[np.int32]
    fires: tuple[PoolFires, ...]
    untaken: int
    undecided: int

    def __len__(self) -> int:
        return len(self.at_ms)

    def symbol(self, index: int) -> str:
        """Return which symbol a trigger is about; empty for a schedule."""
        source = int(self.source[index])
        return "" if source == SCHEDULED else self.fires[source].symbol

    def pool_name(self, index: int) -> str:
        """Return the name of the pool that fired; empty for a schedule."""
        source = int(self.source[index])
        return "" if source == SCHEDULED else self.fires[source].pool.name

    def signal_sets(self) -> tuple[NDArray[np.int32], tuple[tuple[str, ...], ...]]:
        """Return which set of signals was met at each trigger, and the sets of their names."""
        sets: dict[tuple[str, ...], int] = {(): 0}
        numbers = np.zeros(len(self), dtype=np.int32)
        for source, fires in enumerate(self.fires):
            mine = np.flatnonzero(self.source == source)
            rows = fires.rows[self.fire[mine]]
            # Each member is one bit of the set's code.
            codes = np.zeros(len(mine), dtype=np.int64)
            for bit, member in enumerate(fires.members):
                codes |= (member.states[rows] == MET).astype(np.int64) << bit
            for code in np.unique(codes).tolist():
                names = tuple(signal.name for bit, signal in enumerate(fires.pool.signals) if code >> bit & 1)
                numbers[mine[codes == code]] = sets.setdefault(names, len(sets))
        return numbers, tuple(sets)

    def columns(self, start: int, stop: int) -> TriggerColumns:
        """Return a batch of triggers as a program is sent them."""
        source = self.source[start:stop]
        pools = []
        for number, fires in enumerate(self.fires):
            among = np.flatnonzero(source == number)
            if len(among):
                pools.append(_pool_columns(fires, among, self.fire[start:stop][among]))
        return TriggerColumns(ts_ms=_bytes(self.at_ms[start:stop]), pools=tuple(pools))


def find_fires(
    pools: Sequence[BacktestPool],
    arrays: Mapping[str, ConditionArrays],
    factors: FactorLibrary,
    start_ms: int,
    end_ms: int,
) -> tuple[PoolFires, ...]:
    """Return where each pool fires on each of its symbols, had it been new at `start_ms`.

    Raises `InvalidInput` for a condition that cannot be read.
    """
    found: list[PoolFires] = []
    for pool in pools:
        conditions = tuple(parse_condition(signal.condition, factors) for signal in pool.signals)
        for symbol in sorted(pool.symbols or tuple(arrays)):
            data = arrays[symbol]
            start, stop = (int(row) for row in np.searchsorted(data.checkpoints_ms, (start_ms, end_ms)))
            history = pool_history(
                conditions, pool.logic, data, cooldown_ms=pool.cooldown_seconds * 1000, start=start, stop=stop
            )
            found.append(
                PoolFires(
                    number=len(found),
                    pool=pool,
                    symbol=symbol,
                    conditions=conditions,
                    members=history.members,
                    rows=history.fires,
                    fired_ms=data.checkpoints_ms[history.fires],
                )
            )
    return tuple(found)


def lay_out(
    fires: tuple[PoolFires, ...],
    bar_opens_ms: Callable[[str], NDArray[np.int64]],
    symbols: Sequence[str],
    schedule_seconds: int,
    start_ms: int,
    end_ms: int,
) -> TriggerTimes:
    """Return the triggers of a run, signals and schedule, in the order they are decided.

    `bar_opens_ms` gives the opens of a symbol's bars; the schedule looks at those of the first.
    """
    fired, source, fire = _ordered(fires, symbols)
    first = np.flatnonzero(np.diff(fired, prepend=fired[:1] - 1) > 0)
    at = np.empty(len(first), dtype=np.int64)
    for number, each in enumerate(fires):
        mine = source[first] == number
        at[mine] = _first_open(bar_opens_ms(each.symbol), fired[first][mine], end_ms)
    undecided = int(np.count_nonzero(at >= end_ms))
    # Of several fires that a gap makes wait for one price, the first wakes the program.
    at, waking = np.unique(at, return_index=True)
    taken = first[waking[at < end_ms]]
    times = TriggerTimes(
        at_ms=at[at < end_ms],
        fired_ms=fired[taken],
        source=source[taken],
        fire=fire[taken],
        fires=fires,
        untaken=len(fired) - undecided - len(taken),
        undecided=undecided,
    )
    if not schedule_seconds:
        return times
    opens = bar_opens_ms(symbols[0])
    opens = opens[np.searchsorted(opens, start_ms) : np.searchsorted(opens, end_ms)]
    return _with_ticks(times, _schedule_ticks(opens, times.at_ms, schedule_seconds * 1000))


def _with_ticks(times: TriggerTimes, ticks: NDArray[np.int64]) -> TriggerTimes:
    at = np.concatenate([times.at_ms, ticks])
    order = np.argsort(at, kind="stable")
    return msgspec.structs.replace(
        times,
        at_ms=at[order],
        fired_ms=np.concatenate([times.fired_ms, ticks])[order],
        source=np.concatenate([times.source, np.full(len(ticks), SCHEDULED, dtype=np.int32)])[order],
        fire=np.concatenate([times.fire, np.zeros(len(ticks), dtype=np.int32)])[order],
    )


def _ordered(
    fires: tuple[PoolFires, ...], symbols: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return all fires by time, then symbol, then pool: the order in which the desk evaluates them."""
    if not fires:
        return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32)
    rank = {symbol: place for place, symbol in enumerate(sorted(symbols))}
    fired = np.concatenate([each.fired_ms for each in fires])
    source = np.concatenate(
        [np.full(len(each.rows), number, dtype=np.int32) for number, each in enumerate(fires)]
    )
    place = np.array([rank[each.symbol] for each in fires], dtype=np.int32)[source]
    number = np.concatenate([np.arange(len(each.rows), dtype=np.int32) for each in fires])
    order = np.lexsort((source, place, fired))
    return fired[order], source[order], number[order]


def _first_open(opens_ms: NDArray[np.int64], fired_ms: NDArray[np.int64], end_ms: int) -> NDArray[np.int64]:
    """Return the open of the first bar at or after each time, `end_ms` where there is none."""
    rows = np.searchsorted(opens_ms, fired_ms)
    padded = np.append(opens_ms, end_ms)
    first: NDArray[np.int64] = np.minimum(padded[rows], end_ms)
    return first


def _schedule_ticks(
    opens_ms: NDArray[np.int64], signals_ms: NDArray[np.int64], interval_ms: int
) -> NDArray[np.int64]:
    """Return when the schedule wakes the program, given when signals do; it is due at once."""
    ticks: list[NDArray[np.int64]] = []
    last_ms = 0
    borders = np.append(signals_ms, opens_ms[-1] + 1 if len(opens_ms) else 0)
    begin = 0
    for border in borders.tolist():
        end = int(np.searchsorted(opens_ms, border))
        found = _ticks_within(opens_ms[begin:end], last_ms, interval_ms)
        if len(found):
            ticks.append(found)
        last_ms, begin = border, end
    return np.concatenate(ticks) if ticks else np.empty(0, dtype=np.int64)


def _ticks_within(opens_ms: NDArray[np.int64], last_ms: int, interval_ms: int) -> NDArray[np.int64]:
    """Return the opens at which a schedule that last began at `last_ms` comes due."""
    if len(opens_ms) == 0:
        return opens_ms
    row = int(np.searchsorted(opens_ms, last_ms + interval_ms))
    if row == len(opens_ms):
        return opens_ms[:0]
    step = int(opens_ms[1] - opens_ms[0]) if len(opens_ms) > 1 else interval_ms
    is_whole = opens_ms[-1] - opens_ms[0] == (len(opens_ms) - 1) * step
    if is_whole:
        return opens_ms[row :: max(1, -(-interval_ms // step))]
    taken = []
    while row < len(opens_ms):
        taken.append(row)
        row = int(np.searchsorted(opens_ms, opens_ms[row] + interval_ms))
    return opens_ms[taken]


def _pool_columns(fires: PoolFires, among: NDArray[np.intp], chosen: NDArray[np.int32]) -> PoolColumns:
    rows = fires.rows[chosen]
    return PoolColumns(
        pool_id=fires.number + 1,
        name=fires.pool.name,
        logic=str(fires.pool.logic),
        symbol=fires.symbol,
        rows=_bytes(among),
        members=tuple(
            MemberColumns(
                signal_id=place + 1,
                name=signal.name,
                condition=str(condition),
                met=(member.states[rows] == MET).astype(np.int8).tobytes(),
                value=member.values_at(rows).astype(np.float64).tobytes(),
            )
            for place, (signal, condition, member) in enumerate(
                zip(fires.pool.signals, fires.conditions, fires.members, strict=True)
            )
        ),
    )


def _bytes(values: NDArray[np.int64] | NDArray[np.intp]) -> bytes:
    return np.ascontiguousarray(values, dtype=np.int64).tobytes()
