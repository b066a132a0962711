"""Every pool on every symbol, evaluated as the market moves.

Pure and incremental. At a checkpoint comes first each candle that closes there (`on_candles`), then
the flow sample that ends there (`on_flow`), then one `evaluate`. The forming candle is never looked
at, so nothing fires that a look at the finished chart would not show. After a restart, edges that
were kept and the history up to the restart give the same fires as if there had been none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import InvalidInput, NotFound
from engine.model.signal import PoolEdge, PoolFire, PoolState, SignalDefinition, SignalPool, SignalState
from engine.signals.conditions.condition import Condition, uses_factor, uses_flow
from engine.signals.conditions.grammar import parse_condition
from engine.signals.live.conditions import LiveCondition, LiveConditions
from engine.signals.live.pool_run import PoolMemory, PoolRun
from engine.signals.pool_edges import EdgeDetector

if TYPE_CHECKING:
    from engine.market.candles.builder import PeriodCandle
    from engine.market.factors.library import FactorLibrary
    from engine.market.periods import Period
    from engine.model.flow import FlowSample
    from engine.signals.history.condition_arrays import ConditionArrays, SignalData


class _SymbolSignals:
    """What is watched on one symbol; the tuples are replaced whole, so that any thread may read them."""

    def __init__(self) -> None:
        self.conditions = LiveConditions()
        self.runs: tuple[PoolRun, ...] = ()
        self.watched: tuple[tuple[int, LiveCondition], ...] = ()
        self.is_suspended = False


class SignalEvaluator:
    """The signals and pools of the desk on its symbols.

    `history` gives a symbol's closed minutes and flow samples up to now, among them everything that
    has been taken here. It is asked only when a condition is watched that was not watched before.
    `edges` are those that were kept. `signal_states` and `pool_states` may be called from any thread,
    all else from the engine's.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        history: Callable[[str], SignalData],
        edges: Iterable[PoolEdge] = (),
        factors: FactorLibrary | None = None,
    ) -> None:
        self._history = history
        self._factors = factors
        self._symbols = {symbol: _SymbolSignals() for symbol in symbols}
        self._signals: dict[int, SignalDefinition] = {}
        self._conditions: dict[int, Condition] = {}
        self._pools: dict[int, SignalPool] = {}
        self._memories = {(edge.pool_id, edge.symbol): PoolMemory(EdgeDetector(edge)) for edge in edges}
        self._changed: set[tuple[int, str]] = set()

    def load(self, signals: Iterable[SignalDefinition], pools: Iterable[SignalPool]) -> None:
        """Watch exactly these signals and pools.

        What is new is warmed up on history and fires for nothing that lies in it. Raises
        `InvalidInput` for a condition or symbol that is not known, and `NotFound` for a pool with a
        signal that does not exist; nothing has changed then.
        """
        self._replace(
            {signal.signal_id: signal for signal in signals}, {pool.pool_id: pool for pool in pools}
        )

    def put_signal(self, signal: SignalDefinition) -> None:
        """Watch a new or changed signal wherever its pools are; raises as `load` does."""
        self._replace({**self._signals, signal.signal_id: signal}, self._pools)
        self._pass_over_events(lambda pool: signal.signal_id in pool.signal_ids)

    def remove_signal(self, signal_id: int) -> None:
        """Forget a signal; raises `NotFound` while a pool has it."""
        self._replace(_without(self._signals, signal_id), self._pools)

    def put_pool(self, pool: SignalPool) -> None:
        """Watch a new or changed pool, which keeps its edges; raises as `load` does."""
        self._replace(self._signals, {**self._pools, pool.pool_id: pool})
        self._pass_over_events(lambda each: each.pool_id == pool.pool_id)

    def remove_pool(self, pool_id: int) -> None:
        """Forget a pool and its edges."""
        self._replace(self._signals, _without(self._pools, pool_id))
        self._memories = {key: memory for key, memory in self._memories.items() if key[0] != pool_id}
        self._changed = {key for key in self._changed if key[0] != pool_id}

    def use_factors(self, factors: FactorLibrary) -> None:
        """Compute factors as this library has them from now on; `history` must give the same one.

        Raises `InvalidInput`, with nothing changed, if a signal uses a factor that it does not have.
        """
        self._conditions = {
            key: parse_condition(signal.condition, factors) for key, signal in self._signals.items()
        }
        self._factors = factors
        for symbol in self._symbols.values():
            symbol.conditions.forget(uses_factor)
        self._replace(self._signals, self._pools)
        self._pass_over_events(lambda pool: True)

    @property
    def periods(self) -> frozenset[Period]:
        """The periods whose closed candles are looked at."""
        conditions = {live.condition for each in self._symbols.values() for _, live in each.watched}
        return frozenset(condition.period for condition in conditions if not uses_flow(condition))

    def on_candles(self, symbol: str, closed: Sequence[PeriodCandle]) -> None:
        """Take candles as they close; one that is not later than the last of its period is ignored."""
        conditions = self._symbols[symbol].conditions
        for candle in closed:
            conditions.on_candle(candle)

    def on_flow(self, symbol: str, sample: FlowSample) -> None:
        """Take a flow sample; one that is not later than the last is ignored."""
        self._symbols[symbol].conditions.on_flow(sample)

    def evaluate(self, symbol: str, ts_ms: int) -> tuple[PoolFire, ...]:
        """Return what fires at a checkpoint, each fire still without an id.

        A checkpoint that a pool has been evaluated at is not evaluated again, and none is while the
        symbol is suspended: that is as if everything were unknown there.
        """
        signals = self._symbols[symbol]
        fires: list[PoolFire] = []
        if not signals.is_suspended:
            for run in signals.runs:
                if run.pool.enabled:
                    self._evaluate(run, symbol, ts_ms, fires)
        signals.conditions.end_checkpoint()
        return tuple(fires)

    def suspend(self, symbol: str) -> None:
        """Evaluate nothing on a symbol whose feed has gone silent."""
        self._symbols[symbol].is_suspended = True

    def resume(self, symbol: str) -> None:
        """Go on with a symbol; what was last known before it was suspended counts."""
        self._symbols[symbol].is_suspended = False

    def reset(self, pool_id: int | None = None) -> None:
        """Forget what a pool, or every pool, has seen, so that what is met fires anew."""
        for key, memory in self._memories.items():
            if pool_id in (None, key[0]):
                memory.edge.reset()
                self._changed.add(key)

    def signal_states(self) -> tuple[SignalState, ...]:
        """Return how each signal of each pool stands on each of its symbols now."""
        return tuple(
            live.signal_state(signal_id, symbol)
            for symbol, signals in self._symbols.items()
            for signal_id, live in signals.watched
        )

    def pool_states(self) -> tuple[PoolState, ...]:
        """Return how each pool stands on each of its symbols now."""
        return tuple(
            run.pool_state(signals.is_suspended) for signals in self._symbols.values() for run in signals.runs
        )

    def edges(self) -> tuple[PoolEdge, ...]:
        """Return everything remembered, enough to go on from after a restart."""
        return tuple(memory.edge.edge() for memory in self._memories.values())

    def take_changed_edges(self) -> tuple[PoolEdge, ...]:
        """Return the edges that fired or changed sides since the last call; only these need keeping.

        An edge that has not changed since it was kept gives the same fires from there on.
        """
        changed, self._changed = self._changed, set()
        return tuple(self._memories[key].edge.edge() for key in sorted(changed))

    def _evaluate(self, run: PoolRun, symbol: str, ts_ms: int, fires: list[PoolFire]) -> None:
        edge = run.memory.edge
        was_met = edge.met
        fire = run.evaluate(ts_ms)
        if fire is not None:
            fires.append(fire)
        if fire is not None or edge.met is not was_met:
            self._changed.add((run.pool.pool_id, symbol))

    def _replace(self, signals: Mapping[int, SignalDefinition], pools: Mapping[int, SignalPool]) -> None:
        signals = {key: signal for key, signal in signals.items() if not signal.deleted}
        pools = {key: pool for key, pool in pools.items() if not pool.deleted}
        conditions = {key: self._read(each) for key, each in signals.items()}
        for pool in pools.values():
            self._check(pool, signals)
        self._signals, self._pools, self._conditions = dict(signals), dict(pools), conditions
        for symbol, watched in self._symbols.items():
            here = [pool for pool in pools.values() if not pool.symbols or symbol in pool.symbols]
            self._watch(symbol, watched, here, conditions)

    def _read(self, signal: SignalDefinition) -> Condition:
        known = self._signals.get(signal.signal_id)
        if known is not None and known.condition == signal.condition:
            return self._conditions[signal.signal_id]
        return parse_condition(signal.condition, self._factors)

    def _pass_over_events(self, is_changed: Callable[[SignalPool], bool]) -> None:
        """Let changed pools take an event that holds now for what it is: over, and no news."""
        for symbol, watched in self._symbols.items():
            for run in watched.runs:
                if is_changed(run.pool) and run.pass_over_event():
                    self._changed.add((run.pool.pool_id, symbol))

    def _watch(
        self,
        symbol: str,
        watched: _SymbolSignals,
        pools: Sequence[SignalPool],
        conditions: Mapping[int, Condition],
    ) -> None:
        signal_ids = tuple(dict.fromkeys(signal_id for pool in pools for signal_id in pool.signal_ids))
        wanted = [conditions[signal_id] for signal_id in signal_ids]
        watched.conditions.watch(wanted, self._arrays(symbol) if watched.conditions.missing(wanted) else None)
        live = {signal_id: watched.conditions[conditions[signal_id]] for signal_id in signal_ids}
        runs = [self._run(pool, symbol, live) for pool in pools]
        self._memories |= {(run.pool.pool_id, symbol): run.memory for run in runs}
        watched.runs, watched.watched = tuple(runs), tuple(live.items())

    def _run(self, pool: SignalPool, symbol: str, live: Mapping[int, LiveCondition]) -> PoolRun:
        members = tuple(
            (self._signals[signal_id], live[signal_id])
            for signal_id in pool.signal_ids
            if self._signals[signal_id].enabled
        )
        return PoolRun(pool, symbol, members, self._memories.get((pool.pool_id, symbol)))

    def _arrays(self, symbol: str) -> ConditionArrays:
        from engine.signals.history.condition_arrays import ConditionArrays

        return ConditionArrays(self._history(symbol))

    def _check(self, pool: SignalPool, signals: Mapping[int, SignalDefinition]) -> None:
        for symbol in pool.symbols:
            if symbol not in self._symbols:
                raise InvalidInput.of("symbols", symbol, f"the desk knows {', '.join(self._symbols)}")
        for signal_id in pool.signal_ids:
            if signal_id not in signals:
                raise NotFound(
                    f"signal: pool {pool.name} has signal {signal_id}, which does not exist",
                    field="signal_ids",
                    value=str(signal_id),
                )


def _without[Value](items: Mapping[int, Value], key: int) -> dict[int, Value]:
    return {each: value for each, value in items.items() if each != key}
