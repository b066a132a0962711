"""What wakes each decider: the pools it listens to and its schedule, both on market time."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.trigger import Trigger
from engine.signals.schedules import Schedule
from engine.store.changes import Change
from engine.trading.decider import Decider


class Waking:
    """Wakes one decider; any trigger that it takes starts its schedule anew."""

    def __init__(self, decider: Decider) -> None:
        self.decider = decider
        assignment = decider.assignment
        # One that never woke is due at once.
        self._schedule = Schedule(assignment.schedule_seconds, assignment.last_trigger_ms or 0)

    @property
    def trader_id(self) -> int:
        """Whose decider is woken."""
        return self.decider.trader.config.trader_id

    @property
    def binding_id(self) -> int:
        """The binding that is woken, 0 for a prompt trader."""
        return self.decider.assignment.binding_id

    @property
    def is_active(self) -> bool:
        """Whether anything may wake it."""
        return self.decider.is_active

    @property
    def pool_ids(self) -> tuple[int, ...]:
        """The pools that wake it."""
        return self.decider.assignment.pool_ids

    def listens_to(self, pool_id: int) -> bool:
        """Tell whether a pool wakes it."""
        return pool_id in self.pool_ids

    def trades(self, symbol: str) -> bool:
        """Tell whether a symbol is any business of its trader."""
        return symbol in self.decider.trader.config.symbols

    def listen(self, pool_ids: tuple[int, ...]) -> Change:
        """Let exactly these pools wake it; return what is to be stored."""
        return self.decider.assignment.listen(pool_ids)

    def reschedule(self) -> None:
        """Go by the assignment's schedule as it is now, counted from the last trigger."""
        self._schedule = Schedule(self.decider.assignment.schedule_seconds, self._schedule.last_ms)

    def wake(self, trigger: Trigger) -> str:
        """Hand a trigger on; return why it is not taken, or nothing when it is."""
        refusal = self.decider.wake(trigger)
        if not refusal:
            self._schedule.reset(trigger.ts_ms)
        return refusal

    def on_time(self, now_ms: int) -> None:
        """Wake it if its schedule is due."""
        trigger = self._schedule.fire(now_ms)
        if trigger is not None:
            self.decider.wake(trigger)


class Roster:
    """Everyone who can be woken, replaced as a whole when it changes, so that any thread may read it."""

    def __init__(self, wakings: Iterable[Waking] = ()) -> None:
        self.all = tuple(wakings)

    def add(self, waking: Waking) -> None:
        """Let one more be woken."""
        self.all = (*self.all, waking)

    def remove(self, waking: Waking) -> None:
        """Wake it no more."""
        self.all = tuple(each for each in self.all if each is not waking)

    def of_trader(self, trader_id: int) -> tuple[Waking, ...]:
        """Return who can be woken of one trader."""
        return tuple(waking for waking in self.all if waking.trader_id == trader_id)

    def of_binding(self, binding_id: int) -> Waking:
        """Return who is woken of a binding there is."""
        return next(waking for waking in self.all if waking.binding_id == binding_id)

    def traders_listening_to(self, pool_id: int) -> tuple[int, ...]:
        """Return the traders of which a pool wakes anyone, by id."""
        return tuple(sorted({waking.trader_id for waking in self.all if waking.listens_to(pool_id)}))

    def listen(self, trader_id: int, pool_ids: tuple[int, ...]) -> tuple[Change, ...]:
        """Let exactly these pools wake a trader; return what is to be stored.

        A pool that is new to the trader wakes all of its bindings, one that is left out none of them;
        which of them the others wake stays as it is.
        """
        wakings = self.of_trader(trader_id)
        heard = {pool_id for waking in wakings for pool_id in waking.pool_ids}
        new = tuple(pool_id for pool_id in pool_ids if pool_id not in heard)
        changes = []
        for waking in wakings:
            wanted = (*(pool_id for pool_id in waking.pool_ids if pool_id in pool_ids), *new)
            if wanted != waking.pool_ids:
                changes.append(waking.listen(wanted))
        return tuple(changes)
