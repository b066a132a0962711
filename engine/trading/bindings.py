"""The bindings of the desk at work: each with its decider and what wakes it, in step with the book."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from engine.clock import Clock
from engine.errors import Conflict
from engine.model.account import TraderKind
from engine.model.program import Binding, BindingState, Program
from engine.store.changes import BindingHealth, Change
from engine.trading.bound_program import BoundProgram, interrupted
from engine.trading.decider import Decider, TriggerAnswers
from engine.trading.ordinals import Ordinals
from engine.trading.program_book import ProgramBook
from engine.trading.traders import Traders
from engine.trading.waking import Roster, Waking


class Bindings:
    """Keeps deciders in step with the book; `publish` tells whoever watches how a binding stands."""

    def __init__(
        self,
        *,
        book: ProgramBook,
        roster: Roster,
        traders: Traders,
        answers: TriggerAnswers,
        ordinals: Ordinals,
        clock: Clock,
        publish: Callable[[BindingState], None],
    ) -> None:
        self.book = book
        self._roster = roster
        self._traders = traders
        self._answers = answers
        self._ordinals = ordinals
        self._clock = clock
        self._publish = publish
        self._bound: dict[int, BoundProgram] = {}

    def restore(self, healths: Iterable[BindingHealth]) -> tuple[Change, ...]:
        """Open every binding as the store remembers it; return how runs ended that a kill cut off."""
        by_id = {health.binding_id: health for health in healths}
        changes: list[Change] = []
        for binding in self.book.bindings:
            config = self._traders.configs.get(binding.trader_id)
            if config is None or config.kind is not TraderKind.PROGRAM:
                continue
            trader = self._traders.find(binding.trader_id)
            health = by_id.get(binding.binding_id) or BindingHealth(binding_id=binding.binding_id)
            program = self.book.known_program(binding.program_id)
            settled, execution = interrupted(health, binding, program, trader.log.recent())
            if settled != health:
                changes.append(settled)
            if execution is not None:
                changes.append(execution)
            self._open(binding, settled)
        for trader in self._traders:
            trader.recall_status()
        return tuple(changes)

    def states(self) -> tuple[BindingState, ...]:
        """Return how every binding stands, by id; any thread may ask."""
        return tuple(
            self._bound[binding.binding_id].state()
            for binding in self.book.bindings
            if binding.binding_id in self._bound
        )

    def bound(self, binding_id: int) -> BoundProgram:
        """Return a binding at work; raises `NotFound`."""
        binding = self.book.binding(binding_id)
        return self._bound[binding.binding_id]

    def keep_binding(self, prepared: Binding) -> Decider | None:
        """Keep a binding that was prepared; return its decider if it is a new one, which is to be run.

        A kept binding starts anew, failures forgotten; one that is inactive gives up a decision under
        way, as far as it was not carried out yet.
        """
        self.book.keep(prepared)
        if prepared.binding_id not in self._bound:
            decider = self._open(prepared, BindingHealth(binding_id=prepared.binding_id))
            decider.assignment.tell()
            return decider
        self._begin_anew(prepared)
        return None

    def keep_program(self, prepared: Program) -> None:
        """Keep a program that was prepared; its bindings use it from their next run on, and begin anew."""
        self.book.keep(prepared)
        for binding in self.book.bindings_of(prepared.program_id):
            if binding.binding_id in self._bound:
                self._begin_anew(binding)

    def close(self, binding_id: int) -> tuple[Binding, Decider]:
        """Let a binding go, and return it as deleted and who decided for it, which is to be ended.

        Raises `NotFound`, or `Conflict` while it decides.
        """
        bound, waking = self.bound(binding_id), self._roster.of_binding(binding_id)
        decider = waking.decider
        if decider.thinking:
            raise Conflict(f"binding: {decider.name} is deciding; delete it when it has ended")
        deleted = msgspec.structs.replace(bound.binding, deleted=True)
        self.book.keep(deleted)
        decider.discard("the binding was deleted before it began to decide")
        self._roster.remove(waking)
        decider.trader.remove(decider)
        return deleted, decider

    def _open(self, binding: Binding, health: BindingHealth) -> Decider:
        trader = self._traders.find(binding.trader_id)
        bound = BoundProgram(binding.binding_id, trader, self.book, health, self._publish)
        decider = Decider(
            trader,
            bound,
            answers=self._answers,
            ordinals=self._ordinals,
            clock=self._clock,
            failed=health.failed,
            reason=health.reason,
        )
        self._bound[binding.binding_id] = bound
        trader.add(decider)
        self._roster.add(Waking(decider))
        return decider

    def _begin_anew(self, binding: Binding) -> None:
        waking = self._roster.of_binding(binding.binding_id)
        waking.reschedule()
        waking.decider.start()
        if not waking.is_active:
            waking.decider.discard("the binding was switched off before it began to decide")
        waking.decider.trader.refresh_status()
