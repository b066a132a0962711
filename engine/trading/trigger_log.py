"""The trigger log: every fire of every pool, with what became of it for each it was handed to.

A fire is stored in the unit of the market moment that caused it, and a decision notes itself on it in
the unit that begins the decision. After a kill between the two, `unanswered` says whom the desk still
owes a wake-up. Whoever is woken is named by a trader and one of its bindings (0 for a prompt trader).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

import msgspec

from engine.model.event import FireEvent, Topic
from engine.model.signal import (
    FiredSignal,
    PoolFire,
    SignalPool,
    TriggerDelivery,
    TriggerOutcome,
)
from engine.model.trigger import Trigger
from engine.store.changes import Change
from engine.streams import Bus

KEPT_FIRES = 500


class TriggerLog:
    """The last fires, oldest first; `write` stores a change with the market moment."""

    def __init__(self, fires: Iterable[PoolFire], bus: Bus, write: Callable[[Change], None]) -> None:
        self._fires: OrderedDict[int, PoolFire] = OrderedDict((fire.fire_id, fire) for fire in fires)
        self._last_id = max(self._fires, default=0)
        self._bus = bus
        self._write = write
        self._seq = 0

    def record(
        self,
        pool: SignalPool,
        symbol: str,
        ts_ms: int,
        signals: tuple[FiredSignal, ...],
        regime: str,
        deliver: Callable[[PoolFire], tuple[TriggerDelivery, ...]],
    ) -> PoolFire:
        """Write a fire down, hand it to the traders by `deliver`, and note what they said."""
        self._last_id += 1
        fire = PoolFire(
            fire_id=self._last_id,
            pool_id=pool.pool_id,
            pool_name=pool.name,
            symbol=symbol,
            ts_ms=ts_ms,
            logic=pool.logic,
            signals=signals,
            regime=regime,
        )
        fire = msgspec.structs.replace(fire, deliveries=deliver(fire))
        self._keep(fire)
        self._write(fire)
        return fire

    def decision_begun(
        self, trader_id: int, binding_id: int, trigger: Trigger, decision_id: str
    ) -> tuple[Change, ...]:
        """Note which decision a fire led to, and return what is to be stored with its beginning."""
        woken = TriggerDelivery(
            trader_id, TriggerOutcome.WOKEN, decision_id=decision_id, binding_id=binding_id
        )
        return self._answer(trigger, woken)

    def trigger_dropped(
        self, trader_id: int, binding_id: int, trigger: Trigger, reason: str
    ) -> tuple[Change, ...]:
        """Note why a fire that was taken leads to no decision; return what is to be stored."""
        skipped = TriggerDelivery(trader_id, TriggerOutcome.SKIPPED, reason, binding_id=binding_id)
        return self._answer(trigger, skipped)

    def recent(self, pool_id: int | None, symbol: str | None, limit: int) -> tuple[PoolFire, ...]:
        """Return the last fires of a pool and a symbol, or of all, oldest first."""
        chosen = [
            fire
            for fire in tuple(self._fires.values())
            if pool_id in (None, fire.pool_id) and symbol in (None, fire.symbol)
        ]
        return tuple(chosen[max(0, len(chosen) - limit) :])

    def counts(self) -> Counter[tuple[int, str]]:
        """Return how many of the last fires were of each pool on each symbol."""
        return Counter((fire.pool_id, fire.symbol) for fire in tuple(self._fires.values()))

    def unanswered(self, trader_id: int, binding_id: int) -> PoolFire | None:
        """Return the last fire that was taken, if no decision followed."""
        for fire in reversed(self._fires.values()):
            for delivery in fire.deliveries:
                if _whose(delivery) == (trader_id, binding_id) and delivery.outcome is TriggerOutcome.WOKEN:
                    return None if delivery.decision_id else fire
        return None

    def _answer(self, trigger: Trigger, answer: TriggerDelivery) -> tuple[Change, ...]:
        """Put an answer in the place of its delivery."""
        fire = self._fires.get(trigger.fire_id)
        if fire is None:
            return ()
        deliveries = tuple(
            answer if _whose(delivery) == _whose(answer) else delivery for delivery in fire.deliveries
        )
        fire = msgspec.structs.replace(fire, deliveries=deliveries)
        self._keep(fire)
        return (fire,)

    def _keep(self, fire: PoolFire) -> None:
        self._fires[fire.fire_id] = fire
        while len(self._fires) > KEPT_FIRES:
            self._fires.popitem(last=False)
        self._seq += 1
        self._bus.publish_edge(Topic.SIGNALS, FireEvent(fire, self._seq))


def _whose(delivery: TriggerDelivery) -> tuple[int, int]:
    return delivery.trader_id, delivery.binding_id


def trigger_detail(signals: Iterable[FiredSignal]) -> str:
    """Return what was met, in words: `rsi14 crosses below 30 on 5m (28.91)`."""
    return "; ".join(
        signal.condition if signal.value is None else f"{signal.condition} ({signal.value:.6g})"
        for signal in signals
    )
