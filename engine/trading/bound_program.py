"""A binding at work: what its next run uses, how it does, and the execution log of its runs.

A run uses program and parameters as they are when it begins; what is saved meanwhile is for the next
one. Its execution and its health are stored in the unit that ends the decision, so that a killed desk
finds either the whole run or one that never ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from engine.errors import DeskError
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.program import (
    Binding,
    BindingState,
    BindingStatus,
    DataRead,
    Parameter,
    Program,
    ProgramError,
    ProgramExecution,
    ProgramRun,
)
from engine.store.changes import BindingHealth, Change
from engine.strategies.context import StrategyContext
from engine.text import safe_line, safe_text
from engine.trading.program_book import ProgramBook
from engine.trading.trader import TraderRuntime

MAX_READS = 50
MAX_ANSWER = 1_000
MAX_CALL = 200
MAX_TRACEBACK = 4_000
MAX_OUTPUT = 16_000


class Turn(msgspec.Struct, frozen=True):
    """What one run uses: the program, and its parameters under those of the binding."""

    program: Program
    params: dict[str, Parameter]


class BoundProgram:
    """The `Assignment` of a binding; `publish` tells whoever watches how it stands."""

    def __init__(
        self,
        binding_id: int,
        trader: TraderRuntime,
        book: ProgramBook,
        health: BindingHealth,
        publish: Callable[[BindingState], None],
    ) -> None:
        self._binding_id = binding_id
        self._trader = trader
        self._book = book
        self._health = health
        self._publish = publish
        self._turn: Turn | None = None
        self._run: ProgramRun | None = None
        self._market_context = "{}"

    @property
    def binding_id(self) -> int:
        """See `Assignment`."""
        return self._binding_id

    @property
    def binding(self) -> Binding:
        """The binding as it is kept."""
        return self._book.known_binding(self._binding_id)

    @property
    def program(self) -> Program:
        """Its program as it is kept."""
        return self._book.known_program(self.binding.program_id)

    @property
    def strategy(self) -> str:
        """See `Assignment`."""
        return self.program.name

    @property
    def version(self) -> int:
        """See `Assignment`."""
        return self.program.version

    @property
    def model(self) -> str:
        """See `Assignment`."""
        return ""

    @property
    def pool_ids(self) -> tuple[int, ...]:
        """See `Assignment`."""
        return self.binding.pool_ids

    @property
    def schedule_seconds(self) -> int:
        """See `Assignment`."""
        return self.binding.schedule_seconds

    @property
    def last_trigger_ms(self) -> int | None:
        """See `Assignment`."""
        return self._health.last_trigger_ms

    @property
    def why_inactive(self) -> str:
        """See `Assignment`."""
        if self.binding.deleted or not self.binding.active:
            return "the binding is inactive"
        return "" if self.program.enabled else f"the program {self.program.name} is switched off"

    @property
    def turn(self) -> Turn:
        """What the run under way uses; between runs, what the next one would."""
        return self._turn or self.next_turn

    @property
    def next_turn(self) -> Turn:
        """What a run that begins now would use."""
        return Turn(self.program, {**self.program.params, **self.binding.params})

    def listen(self, pool_ids: tuple[int, ...]) -> Change:
        """See `Assignment`."""
        binding = msgspec.structs.replace(self.binding, pool_ids=pool_ids)
        self._book.keep(binding)
        self.tell()
        return binding

    def begun(self, record: DecisionRecord) -> tuple[Change, ...]:
        """See `Assignment`."""
        self._turn, self._run, self._market_context = self.next_turn, None, "{}"
        self._health = msgspec.structs.replace(
            self._health, last_trigger_ms=record.trigger.ts_ms, deciding=record.decision_id
        )
        return (self._health,)

    def saw(self, context: StrategyContext) -> None:
        """Take what the run under way sees."""
        self._market_context = market_context(context)

    def ran(self, run: ProgramRun) -> None:
        """Take what the run under way asked, printed and came to."""
        self._run = run

    def ended(self, record: DecisionRecord, error: DeskError | None) -> tuple[Change, ...]:
        """See `Assignment`."""
        execution = execution_of(self.binding, self.turn, record, error, self._run, self._market_context)
        failed = record.status is DecisionStatus.FAILED
        told = execution.error.traceback if execution.error is not None else ""
        self._turn = self._run = None
        self._health = msgspec.structs.replace(
            self._health,
            traceback=told,
            runs=self._health.runs + 1,
            failures=self._health.failures + failed,
            deciding="",
        )
        return (execution,)

    def stands(self, *, failed: bool, reason: str) -> tuple[Change, ...]:
        """See `Assignment`."""
        traceback = self._health.traceback if failed else ""
        self._health = msgspec.structs.replace(
            self._health, failed=failed, reason=reason, traceback=traceback
        )
        return (self._health,)

    def tell(self) -> None:
        """See `Assignment`."""
        self._publish(self.state())

    def state(self) -> BindingState:
        """Return the binding as it stands; any thread may ask."""
        health = self._health
        why_paused = self.why_inactive or ("the trader is paused" if self._trader.is_paused else "")
        status = BindingStatus.ERROR if health.failed else BindingStatus.ACTIVE
        return BindingState(
            binding=self.binding,
            status=BindingStatus.PAUSED if why_paused else status,
            reason=why_paused or health.reason,
            traceback=health.traceback,
            last_trigger_ms=health.last_trigger_ms,
            runs=health.runs,
            failures=health.failures,
            thinking=bool(health.deciding),
        )


def execution_of(
    binding: Binding,
    turn: Turn,
    record: DecisionRecord,
    error: DeskError | None = None,
    run: ProgramRun | None = None,
    context: str = "{}",
) -> ProgramExecution:
    """Return the line of the execution log for a decision that came to its end, bounded in size."""
    problem = run.error if run is not None and run.error is not None else None
    if problem is None and error is not None:
        problem = ProgramError(kind="", message=safe_line(error.message))
    return ProgramExecution(
        decision_id=record.decision_id,
        binding_id=binding.binding_id,
        trader_id=record.trader_id,
        program_id=turn.program.program_id,
        program_version=turn.program.version,
        trigger=record.trigger,
        started_ms=record.started_ms,
        success=record.status is not DecisionStatus.FAILED,
        params=turn.params,
        decisions=record.decisions,
        order_ids=record.order_ids,
        outcome=record.outcome,
        error=None if problem is None else _bounded_error(problem),
        output=safe_text(run.output if run is not None else record.reasoning, MAX_OUTPUT),
        market_context=context,
        reads=_bounded_reads(run.reads if run is not None else ()),
        duration_ms=run.duration_ms if run is not None else float(record.latency_ms),
    )


def interrupted(
    health: BindingHealth, binding: Binding, program: Program, records: Iterable[DecisionRecord]
) -> tuple[BindingHealth, ProgramExecution | None]:
    """Return how a binding stands that a killed desk left deciding, and the run that was cut off."""
    if not health.deciding:
        return health, None
    record = next((each for each in records if each.decision_id == health.deciding), None)
    health = msgspec.structs.replace(health, deciding="", runs=health.runs + 1, failures=health.failures + 1)
    if record is None:
        return health, None
    turn = Turn(program, {**program.params, **binding.params})
    return health, execution_of(binding, turn, record)


def market_context(context: StrategyContext) -> str:
    """Return what a run saw of market and account, as JSON text."""
    picture = {
        "now_ms": context.now_ms,
        "equity": context.account.equity,
        "available": context.account.available,
        "prices": {
            each.symbol: {"mark": each.mark, "bid": each.bid, "ask": each.ask, "change_24h": each.change_24h}
            for each in context.symbols
        },
        "positions": {
            each.symbol: {"quantity": each.quantity, "entry_price": each.entry_price}
            for each in context.positions
        },
        "open_orders": len(context.open_orders),
    }
    return _NUMBERS.encode(picture).decode()


_NUMBERS = msgspec.json.Encoder(decimal_format="number")


def _bounded_error(error: ProgramError) -> ProgramError:
    # The last frames say where it happened.
    return msgspec.structs.replace(error, traceback=error.traceback[-MAX_TRACEBACK:])


def _bounded_reads(reads: tuple[DataRead, ...]) -> tuple[DataRead, ...]:
    return tuple(
        DataRead(call=safe_line(read.call, MAX_CALL), answer=safe_text(read.answer, MAX_ANSWER))
        for read in reads[:MAX_READS]
    )
