"""What the programs screen paints: one frozen picture of programs, bindings and executions, and its words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.desk import Desk
from engine.model.account import TraderKind, TraderSummary
from engine.model.decision import Decision, Operation
from engine.model.program import (
    Binding,
    BindingState,
    BindingStatus,
    Program,
    ProgramExecution,
    SourceReport,
)
from engine.model.signal import SignalPool
from engine.model.trigger import Trigger, TriggerKind
from tui import format as fmt
from tui.signal_view import duration
from tui.view import DeskView

EXECUTIONS_SHOWN = 100
NEW_DRAFT = "●"
"""Marks a source that has been changed and not been saved."""

THINKING, ACTIVE, PAUSED, FAILED, OFF, IDLE = "◐", "●", "○", "✗", "·", "–"
_STATUS = {
    BindingStatus.ACTIVE: (f"{ACTIVE} active", "gain"),
    BindingStatus.PAUSED: (f"{PAUSED} paused", "muted"),
    BindingStatus.ERROR: (f"{FAILED} error", "danger"),
}
_OPERATION_ROLES = {
    Operation.BUY: "gain",
    Operation.SELL: "loss",
    Operation.CLOSE: "accent",
    Operation.HOLD: "muted",
}
FORM_WORDS = {"class": "class", "run": "def run", "braces": "fn run", "": "?"}


class ProgramView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panes of the programs screen show; executions are newest first.

    `reports` has what the desk says of each saved source, by program id, as far as it has been
    asked; `changed` the ids of the programs whose source is changed and not saved.
    """

    desk: DeskView = DeskView()
    programs: tuple[Program, ...] = ()
    bindings: tuple[BindingState, ...] = ()
    pools: tuple[SignalPool, ...] = ()
    executions: tuple[ProgramExecution, ...] = ()
    reports: Mapping[int, SourceReport] = {}
    changed: frozenset[int] = frozenset()
    scope: int | None = None

    @property
    def now_ms(self) -> int:
        """Market time."""
        return self.desk.market.now_ms

    def program(self, program_id: int | None) -> Program | None:
        """Return a program by id."""
        return next((item for item in self.programs if item.program_id == program_id), None)

    def program_name(self, program_id: int) -> str:
        """Return a program's name, or its number while the name is not known."""
        program = self.program(program_id)
        return program.name if program else f"#{program_id}"

    def binding(self, binding_id: int | None) -> BindingState | None:
        """Return a binding by id, as it stands."""
        return next((item for item in self.bindings if item.binding.binding_id == binding_id), None)

    def bindings_of(self, program_id: int) -> tuple[BindingState, ...]:
        """Return the bindings of a program."""
        return tuple(item for item in self.bindings if item.binding.program_id == program_id)

    def pool_name(self, pool_id: int) -> str:
        """Return a pool's name, or its number while the name is not known."""
        return next((pool.name for pool in self.pools if pool.pool_id == pool_id), f"#{pool_id}")


class ProgramReader:
    """Reads the desk's programs into a picture; equal pictures are the same object."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view = ProgramView()
        self.executions: tuple[ProgramExecution, ...] = ()
        self.reports: dict[tuple[int, str], SourceReport] = {}
        self.changed: frozenset[int] = frozenset()
        self.scope: int | None = None

    def read(self, view: DeskView) -> ProgramView:
        """Return the picture that goes with a picture of the desk."""
        desk = self._desk.programs
        programs = desk.programs()
        picture = ProgramView(
            desk=view,
            programs=programs,
            bindings=desk.bindings(),
            pools=self._desk.signals.pools(),
            executions=self.executions,
            reports={
                item.program_id: report
                for item in programs
                if (report := self.reports.get((item.program_id, item.code))) is not None
            },
            changed=self.changed,
            scope=self.scope,
        )
        if picture != self._view:
            self._view = picture
        return self._view


def runs_stamp(view: ProgramView) -> tuple[object, ...]:
    """Return what differs whenever a binding has run since: the log is read anew then."""
    return tuple(
        (item.binding.binding_id, item.runs, item.failures, item.last_trigger_ms, item.thinking)
        for item in view.bindings
    )


def can_run_programs(trader: TraderSummary) -> bool:
    """Tell whether programs decide for a trader."""
    return trader.kind is TraderKind.PROGRAM


def binding_state_words(state: BindingState) -> tuple[str, str]:
    """Return how a binding does and the role that goes with it."""
    return (f"{THINKING} deciding", "accent") if state.thinking else _STATUS[state.status]


def program_state_words(view: ProgramView, program: Program) -> tuple[str, str]:
    """Return how a program does: the worst of its bindings counts."""
    states = view.bindings_of(program.program_id)
    if not program.enabled:
        return f"{OFF} off", "muted"
    if not states:
        return f"{IDLE} unbound", "muted"
    if any(state.status is BindingStatus.ERROR for state in states):
        return _STATUS[BindingStatus.ERROR]
    if any(state.thinking for state in states):
        return f"{THINKING} deciding", "accent"
    is_active = any(state.status is BindingStatus.ACTIVE for state in states)
    return _STATUS[BindingStatus.ACTIVE if is_active else BindingStatus.PAUSED]


def wakes_words(view: ProgramView, binding: Binding) -> str:
    """Return what wakes a binding: `Reversal, Breakout + every 5m`."""
    pools = ", ".join(view.pool_name(pool_id) for pool_id in binding.pool_ids)
    schedule = f"every {duration(binding.schedule_seconds)}" if binding.schedule_seconds else ""
    return " + ".join(filter(None, (pools, schedule))) or "nothing"


def trigger_words(trigger: Trigger) -> str:
    """Return what woke a run: `Reversal BTC`, `scheduled`, `manual ETH`."""
    cause = trigger.signal if trigger.kind is TriggerKind.SIGNAL and trigger.signal else str(trigger.kind)
    return " ".join(filter(None, (cause, trigger.symbol)))


def decision_words(decision: Decision) -> str:
    """Return a decision in short: `buy BTC 25% 2×`, `buy BTC 0.01`, `hold`."""
    if decision.operation is Operation.HOLD:
        return "hold"
    share = "" if not decision.portion else fmt.percent(decision.portion, 0, signed=False)
    size = share if decision.quantity is None else fmt.quantity(decision.quantity)
    leverage = (
        "" if decision.operation is Operation.CLOSE or decision.leverage == 1 else f"{decision.leverage}×"
    )
    return " ".join(filter(None, (decision.operation.value, decision.symbol, size, leverage)))


def decisions_words(decisions: tuple[Decision, ...]) -> tuple[str, str]:
    """Return what a run decided, and the role of its first decision."""
    if not decisions:
        return "nothing", "muted"
    return ", ".join(map(decision_words, decisions)), _OPERATION_ROLES[decisions[0].operation]


def milliseconds(duration_ms: float) -> str:
    """Return a duration: `0.84 ms`, `12 ms`, `1.3 s`."""
    if duration_ms >= 1000:
        return f"{duration_ms / 1000:.1f} s"
    return f"{duration_ms:.0f} ms" if duration_ms >= 10 else f"{duration_ms:.2g} ms"
