"""A program as a strategy: context in, validated decisions out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from engine.errors import ReplyUnusable, StrategyFailed, Unavailable
from engine.model.decision import Decision
from engine.model.program import DataRead, Parameter, ProgramError, ProgramRun
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.decision import validate_decisions
from engine.strategies.programs.advice import advice_for
from engine.strategies.programs.authoring import translate
from engine.strategies.programs.batch import Answer, BatchFailure, BatchReply, DataQuery
from engine.strategies.programs.braces.translation import Translation
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import batch_of_one

MOST_QUERIES = 64
HOLD = '{"operation": "hold"}'

type Answerer = Callable[[DataQuery, int], Answer]
"""Answers what a program asks of the market at a time (ms)."""

type Preparer = Callable[[Iterable[DataQuery], int], None]
"""Opens what queries read and measures what they need, which can take long; it is called in a thread."""

_MEASURED = ("factor", "factor_ranking")
"""The methods whose answers are as old as their last preparation."""


class ProgramStrategy:
    """One program as one binding runs it; `session` must be that binding's own, for it keys the guest.

    What the program was seen to ask is remembered, so that from its second run on it is sent at once.
    `last_run` is what its last run was given, asked, printed and said.
    """

    def __init__(
        self,
        host: SandboxHost,
        session: str,
        source: str,
        params: Mapping[str, Parameter],
        settings: SandboxSettings,
        data: Answerer,
        prepare: Preparer | None = None,
    ) -> None:
        """Take a program in any of its forms; raises `InvalidInput` for braces that mean nothing."""
        self._host = host
        self._session = session
        self._translation = translate(source)
        self._source = source
        self._params = params
        self._limits = SandboxLimits(seconds=settings.seconds)
        self._data = data
        self._prepare = prepare
        self._plan: dict[DataQuery, None] = {}
        self.last_run = ProgramRun()

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Run the program once; what it printed goes to `on_text` whether or not the run succeeds.

        Raises `StrategyFailed` with one sentence: what happened, at which line of the program; and
        `ReplyUnusable` when the decision breaks a rule.
        """
        self.last_run = ProgramRun()
        try:
            reply = await self._reply(context, keeps_reads=True)
        except Unavailable as error:
            raise StrategyFailed(error.message) from error
        except StrategyFailed as error:
            self.last_run = ProgramRun(error=ProgramError(kind="", message=error.message))
            raise
        self.last_run = self._run_of(reply)
        if self.last_run.output:
            on_text(self.last_run.output)
        if self.last_run.error is not None:
            raise StrategyFailed(self.last_run.error.sentence())
        said = _said(reply)
        try:
            decisions = self._decisions(said, context)
        except ReplyUnusable as error:
            self._host.count_failure(self._session)
            self.last_run = _failed(self.last_run, error)
            raise
        self.last_run = msgspec.structs.replace(self.last_run, decisions=decisions)
        return StrategyReply(
            decisions=decisions,
            reply=said,
            reasoning=self.last_run.output,
            latency_ms=round(reply.guest_us / 1000),
        )

    async def run_once(self, context: StrategyContext) -> ProgramRun:
        """Run the program once for people to look at; nothing is traded and no error is raised."""
        try:
            reply = await self._reply(context, keeps_reads=True)
        except (StrategyFailed, Unavailable) as error:
            return ProgramRun(error=ProgramError(kind="", message=error.message))
        run = self._run_of(reply)
        if run.error is not None:
            return run
        try:
            return msgspec.structs.replace(run, decisions=self._decisions(_said(reply), context))
        except ReplyUnusable as error:
            return _failed(run, error)

    def _decisions(self, said: str, context: StrategyContext) -> tuple[Decision, ...]:
        trader = context.trader
        return validate_decisions(said, symbols=trader.symbols, max_leverage=trader.limits.max_leverage)

    async def _reply(self, context: StrategyContext, *, keeps_reads: bool) -> BatchReply:
        """Ask until the program has all the data it wants, each time from its beginning."""
        await self._make_ready([query for query in self._plan if query.method in _MEASURED], context)
        while True:
            request = batch_of_one(
                context,
                session=self._session,
                source=self._translation.python,
                params=self._params,
                answers={query: self._data(query, context.now_ms) for query in self._plan},
                keeps_reads=keeps_reads,
            )
            reply = await self._host.run_batch(request, self._limits)
            if not reply.needs:
                return reply
            if len(self._plan) >= MOST_QUERIES:
                raise StrategyFailed(f"the program asks for more than {MOST_QUERIES} kinds of data")
            await self._make_ready(reply.needs, context)
            self._plan |= dict.fromkeys(reply.needs)

    async def _make_ready(self, queries: Sequence[DataQuery], context: StrategyContext) -> None:
        if queries and self._prepare is not None:
            await asyncio.to_thread(self._prepare, queries, context.now_ms)

    def _run_of(self, reply: BatchReply) -> ProgramRun:
        return ProgramRun(
            error=program_error(reply.failures[0], self._translation, self._source)
            if reply.failures
            else None,
            output="".join(text for _, text in reply.output),
            input_data=reply.input_data or "{}",
            reads=tuple(DataRead(call=call, answer=answer) for call, answer in reply.reads),
            duration_ms=reply.guest_us / 1000,
        )


def program_error(failure: BatchFailure, translation: Translation, source: str) -> ProgramError:
    """Return a failure in the sandbox as people are told of it, in the lines their author wrote."""
    line, column, code = failure.line, failure.column, failure.code
    if line is not None and translation.lines:
        line, column = translation.original_line(line), None
        written = source.splitlines()
        code = written[line - 1].strip() if line <= len(written) else code
    return ProgramError(
        kind=failure.kind,
        message=failure.message,
        line=line,
        column=column,
        code=code,
        function=failure.function,
        traceback=failure.traceback,
        advice=advice_for(failure.kind, failure.message, failure.code),
    )


def _said(reply: BatchReply) -> str:
    if reply.decisions:
        return reply.decisions[0].decision
    if not reply.hold_reasons:
        return HOLD
    return msgspec.json.encode({"operation": "hold", "reason": reply.hold_reasons[0]}).decode()


def _failed(run: ProgramRun, error: ReplyUnusable) -> ProgramRun:
    told = ProgramError(kind="", message=error.message, advice=advice_for("", error.message, ""))
    return msgspec.structs.replace(run, error=told)
