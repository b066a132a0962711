"""Programs: what an author wrote, which trader runs it, and what every run of it did."""

from __future__ import annotations

import enum

import msgspec

from engine.model.decision import Decision
from engine.model.trigger import Trigger

type Parameter = str | float | int | bool | None
"""One value of the `params` that a program's `init` receives."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program as its author saved it last; `program_id` 0 asks for a new one.

    `version` counts its saved sources from 1. A deleted program is kept for the log's sake.
    """

    program_id: int
    name: str
    code: str
    description: str = ""
    params: dict[str, Parameter] = {}
    enabled: bool = True
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0
    deleted: bool = False


class ProgramVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A source a program had; saving the same source again makes no new version."""

    program_id: int
    version: int
    code: str
    saved_ms: int


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a trader runs; `binding_id` 0 asks for a new one.

    The pools of `pool_ids` wake it, and a schedule every `schedule_seconds` of market time (0 for
    none). `params` override the program's own, key by key. `exchange` names the venue it trades on.
    An inactive binding is kept and never woken.
    """

    binding_id: int
    trader_id: int
    program_id: int
    pool_ids: tuple[int, ...] = ()
    schedule_seconds: int = 0
    params: dict[str, Parameter] = {}
    exchange: str = "paper"
    active: bool = True
    deleted: bool = False


class BindingStatus(enum.StrEnum):
    """How a binding does; one in Error runs again at its next trigger unless it was stopped."""

    ACTIVE = "active"
    PAUSED = "paused"
    ERROR = "error"


class BindingState(msgspec.Struct, frozen=True, kw_only=True):
    """A binding as it stands: `traceback` is the guest's own, empty unless its last run failed."""

    binding: Binding
    status: BindingStatus
    reason: str = ""
    traceback: str = ""
    last_trigger_ms: int | None = None
    runs: int = 0
    failures: int = 0
    thinking: bool = False


class SourceProblem(msgspec.Struct, frozen=True):
    """One thing to say about a source; `line` counts from 1, `advice` says what to write instead."""

    line: int
    message: str
    advice: str = ""


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an editor says about a source: errors keep it from being saved, warnings do not.

    `form` is how it was understood: `class`, `run` or `braces`; empty when it could not be.
    """

    errors: tuple[SourceProblem, ...] = ()
    warnings: tuple[SourceProblem, ...] = ()
    form: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


class ProgramError(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong inside a program; everything here is the program's own and safe to show.

    `line`, `column` (both from 1) and `code` point into its source when known; `traceback` has
    the guest's frames only. `advice` are things to try.
    """

    kind: str
    message: str
    line: int | None = None
    column: int | None = None
    code: str = ""
    function: str = ""
    traceback: str = ""
    advice: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return it in one line, such as `line 3: ZeroDivisionError: division by zero in `a / b``."""
        where = f"line {self.line}: " if self.line is not None else ""
        what = ": ".join(part for part in (self.kind, self.message) if part)
        return f"{where}{what}" + (f" in `{self.code}`" if self.code else "")


class DataRead(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a program asked of its `data`, and the answer as JSON text."""

    call: str
    answer: str


class ProgramRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a program that traded nothing: a test or a preview.

    `input_data` is what it was given, `reads` everything it asked for, `output` what it printed.
    Exactly one of `decisions` (empty for none) and `error` is of use: `error` None means success.
    """

    decisions: tuple[Decision, ...] = ()
    error: ProgramError | None = None
    output: str = ""
    input_data: str = "{}"
    reads: tuple[DataRead, ...] = ()
    duration_ms: float = 0.0


class ProgramExecution(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the execution log: a run of a binding, beside the `DecisionRecord` of the same id.

    `params` is the snapshot it ran with, `market_context` what it saw as JSON text; `outcome`,
    `decisions` and `order_ids` are the decision's. `duration_ms` is the time spent in the sandbox.
    """

    decision_id: str
    binding_id: int
    trader_id: int
    program_id: int
    program_version: int
    trigger: Trigger
    started_ms: int
    success: bool
    params: dict[str, Parameter] = {}
    decisions: tuple[Decision, ...] = ()
    order_ids: tuple[str, ...] = ()
    outcome: str = ""
    error: ProgramError | None = None
    output: str = ""
    market_context: str = "{}"
    reads: tuple[DataRead, ...] = ()
    duration_ms: float = 0.0


class MarketPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What a program would see of one symbol now.

    `indicators` and `flow` have the answer of each name asked for as JSON text, `{}` where there is
    none; `regime` and `klines` (the last five closed candles) are JSON texts as well.
    """

    symbol: str
    period: str
    price: float | None
    indicators: dict[str, str]
    flow: dict[str, str]
    regime: str
    klines: str
    ts_ms: int
