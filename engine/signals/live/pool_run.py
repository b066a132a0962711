"""One pool on one symbol: its members as they stand, and when it fires."""

from __future__ import annotations

from engine.model.signal import FiredSignal, PoolEdge, PoolFire, PoolState, SignalDefinition, SignalPool
from engine.signals.conditions.condition import is_event
from engine.signals.conditions.rules import MET, UNKNOWN, join
from engine.signals.live.conditions import LiveCondition
from engine.signals.pool_edges import NEVER_MS, EdgeDetector


class PoolMemory:
    """What a pool keeps of a symbol while its definition changes: its edge, and how often it fired."""

    def __init__(self, edge: EdgeDetector) -> None:
        self.edge = edge
        self.fires = 0


class PoolRun:
    """A pool with its enabled members; the others are left out."""

    def __init__(
        self,
        pool: SignalPool,
        symbol: str,
        members: tuple[tuple[SignalDefinition, LiveCondition], ...],
        memory: PoolMemory | None,
    ) -> None:
        self.pool = pool
        self._symbol = symbol
        self._members = members
        self._conditions = [condition for _, condition in members]
        self._join = join(pool.logic)
        self._cooldown_ms = pool.cooldown_seconds * 1000
        self.memory = memory or PoolMemory(EdgeDetector(self._first_edge()))

    @property
    def state(self) -> int:
        """How the pool stands now; without an enabled member that is unknown."""
        states = [condition.state for condition in self._conditions]
        return self._join(states) if states else UNKNOWN

    def evaluate(self, ts_ms: int) -> PoolFire | None:
        """Take the members as they stand at a checkpoint; return a fire, without an id, if there is one."""
        has_event = any(condition.has_event for condition in self._conditions)
        if not self.memory.edge.observe(ts_ms, self.state, has_event, self._cooldown_ms):
            return None
        self.memory.fires += 1
        return PoolFire(
            fire_id=0,
            pool_id=self.pool.pool_id,
            pool_name=self.pool.name,
            symbol=self._symbol,
            ts_ms=ts_ms,
            logic=self.pool.logic,
            signals=tuple(
                FiredSignal(signal.signal_id, signal.name, str(live.condition), live.value)
                for signal, live in self._members
                if live.state == MET
            ),
        )

    def pass_over_event(self) -> bool:
        """Take an event that holds now for known; tell whether that is new."""
        is_new = self._holds_event() and not self.memory.edge.met
        if is_new:
            self.memory.edge.met = True
        return is_new

    def pool_state(self, is_suspended: bool) -> PoolState:
        """Return how the pool stands now, for people to see."""
        state = self.state
        return PoolState(
            pool_id=self.pool.pool_id,
            symbol=self._symbol,
            met=None if state == UNKNOWN else state == MET,
            fired_ms=self.memory.edge.fired_ms,
            fires=self.memory.fires,
            is_suspended=is_suspended,
            why_unknown=self._why_unknown() if state == UNKNOWN else "",
        )

    def _why_unknown(self) -> str:
        for signal, live in self._members:
            if live.state == UNKNOWN:
                return f"{signal.name} {live.why_unknown()}"
        return "none of its signals is enabled"

    def _first_edge(self) -> PoolEdge:
        """Return what a new pool knows: an event that holds now happened before it, and is no news."""
        met = True if self._holds_event() else None
        return PoolEdge(pool_id=self.pool.pool_id, symbol=self._symbol, met=met, as_of_ms=NEVER_MS)

    def _holds_event(self) -> bool:
        return self.state == MET and any(is_event(live.condition) for live in self._conditions)
