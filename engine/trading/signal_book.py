"""Every signal and pool of the desk, checked before it is kept.

Pure: what is to be stored is returned. Deleted ones stay known, because the trigger log names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.signal import SignalDefinition, SignalPool
from engine.names import checked_name, next_id
from engine.text import safe_line, safe_text

MAX_DESCRIPTION = 1_000
MAX_MEMBERS = 50
MAX_COOLDOWN_SECONDS = 30 * 86_400


class SignalBook:
    """Signals and pools by id; `read_condition` returns a condition's canonical text or raises."""

    def __init__(
        self,
        signals: Iterable[SignalDefinition],
        pools: Iterable[SignalPool],
        symbols: Sequence[str],
        read_condition: Callable[[str], str],
    ) -> None:
        self._signals = {signal.signal_id: signal for signal in signals}
        self._pools = {pool.pool_id: pool for pool in pools}
        self._symbols = tuple(symbols)
        self._read_condition = read_condition

    @property
    def signals(self) -> tuple[SignalDefinition, ...]:
        """The signals that are not deleted, by id; any thread may ask."""
        return tuple(signal for signal in tuple(self._signals.values()) if not signal.deleted)

    @property
    def pools(self) -> tuple[SignalPool, ...]:
        """The pools that are not deleted, by id; any thread may ask."""
        return tuple(pool for pool in tuple(self._pools.values()) if not pool.deleted)

    def signal(self, signal_id: int) -> SignalDefinition:
        """Return a signal; raises `NotFound`."""
        return _living("signal", self._signals, signal_id)

    def pool(self, pool_id: int) -> SignalPool:
        """Return a pool; raises `NotFound`."""
        return _living("pool", self._pools, pool_id)

    def pools_with(self, signal_id: int) -> tuple[SignalPool, ...]:
        """Return the pools a signal belongs to."""
        return tuple(pool for pool in self.pools if signal_id in pool.signal_ids)

    def save_signal(self, signal: SignalDefinition) -> SignalDefinition:
        """Keep a signal, new if its id is 0, and return it as it is kept."""
        prepared = self.prepare_signal(signal)
        self.keep_signal(prepared)
        return prepared

    def prepare_signal(self, signal: SignalDefinition) -> SignalDefinition:
        """Return a signal as it would be kept, with its id, without keeping it."""
        if signal.signal_id:
            self.signal(signal.signal_id)
        others = (known for known in self.signals if known.signal_id != signal.signal_id)
        return msgspec.structs.replace(
            signal,
            signal_id=signal.signal_id or next_id(self._signals),
            name=checked_name("signal name", signal.name, (known.name for known in others)),
            condition=self._read_condition(signal.condition),
            description=safe_text(signal.description, MAX_DESCRIPTION),
            deleted=False,
        )

    def keep_signal(self, prepared: SignalDefinition) -> None:
        """Keep a signal that was prepared."""
        self._signals[prepared.signal_id] = prepared

    def delete_signal(self, signal_id: int) -> SignalDefinition:
        """Delete a signal and return it; raises `Conflict` while a pool has it as a member."""
        signal = self.signal(signal_id)
        if users := self.pools_with(signal_id):
            raise Conflict(f"signal: {signal.name} belongs to {_names(users)}; take it out there first")
        self._signals[signal_id] = deleted = msgspec.structs.replace(signal, deleted=True)
        return deleted

    def check_pool(self, pool: SignalPool) -> SignalPool:
        """Return a pool as it would be kept, without keeping it; its id stays as given."""
        if pool.pool_id:
            self.pool(pool.pool_id)
        others = (known for known in self.pools if known.pool_id != pool.pool_id)
        if not 1 <= len(pool.signal_ids) <= MAX_MEMBERS:
            raise InvalidInput.of("signals", len(pool.signal_ids), f"a pool has 1 to {MAX_MEMBERS} of them")
        if len(set(pool.signal_ids)) < len(pool.signal_ids):
            raise InvalidInput.of("signals", list(pool.signal_ids), "each may be named once")
        for signal_id in pool.signal_ids:
            self.signal(signal_id)
        for symbol in pool.symbols:
            if symbol not in self._symbols:
                raise InvalidInput.of(
                    "symbols", safe_line(symbol, 40), f"allowed are {', '.join(self._symbols)}"
                )
        if not 0 <= pool.cooldown_seconds <= MAX_COOLDOWN_SECONDS:
            raise InvalidInput.of(
                "cooldown", pool.cooldown_seconds, f"allowed are 0 to {MAX_COOLDOWN_SECONDS} seconds"
            )
        return msgspec.structs.replace(
            pool,
            name=checked_name("pool name", pool.name, (known.name for known in others)),
            symbols=tuple(dict.fromkeys(pool.symbols)),
            deleted=False,
        )

    def save_pool(self, pool: SignalPool) -> SignalPool:
        """Keep a pool, new if its id is 0, and return it as it is kept."""
        prepared = self.prepare_pool(pool)
        self.keep_pool(prepared)
        return prepared

    def prepare_pool(self, pool: SignalPool) -> SignalPool:
        """Return a pool as it would be kept, with its id, without keeping it."""
        checked = self.check_pool(pool)
        return msgspec.structs.replace(checked, pool_id=checked.pool_id or next_id(self._pools))

    def keep_pool(self, prepared: SignalPool) -> None:
        """Keep a pool that was prepared."""
        self._pools[prepared.pool_id] = prepared

    def delete_pool(self, pool_id: int) -> SignalPool:
        """Delete a pool and return it; whether a trader listens to it is for the caller to ask."""
        pool = self.pool(pool_id)
        self._pools[pool_id] = deleted = msgspec.structs.replace(pool, deleted=True)
        return deleted


def _living[T: (SignalDefinition, SignalPool)](kind: str, known: Mapping[int, T], identity: int) -> T:
    found = known.get(identity)
    if found is None or found.deleted:
        raise NotFound(f"{kind}: there is none with the id {identity}", field=kind, value=str(identity))
    return found


def _names(pools: Iterable[SignalPool]) -> str:
    return ", ".join(pool.name for pool in pools)
