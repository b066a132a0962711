"""Programs made ready to run: as their bindings have them, or once on a text that nobody saved.

A program in the brace form runs as the Python it is translated to; what went wrong is told in the
lines its author wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput, StrategyFailed
from engine.model.program import Parameter, ProgramError, ProgramRun
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.programs.authoring import translate
from engine.strategies.programs.braces.translation import Translation
from engine.strategies.programs.strategy import ProgramStrategy
from engine.trading.bound_program import BoundProgram, Turn

if TYPE_CHECKING:
    from engine.strategies.programs.data.live import LiveData
    from engine.strategies.programs.host import SandboxHost


class ReadyProgram:
    """One source with its parameters in a session of the sandbox; `run` is what it did last."""

    def __init__(
        self,
        host: SandboxHost,
        data: LiveData,
        session: str,
        source: str,
        params: Mapping[str, Parameter],
        settings: SandboxSettings,
    ) -> None:
        self.run = ProgramRun()
        try:
            self._translation = translate(source)
        except InvalidInput as error:
            raise StrategyFailed(error.message) from error
        self._strategy = ProgramStrategy(host, session, self._translation.python, params, settings)

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """See `engine.strategies.base.Strategy`."""
        self.run = ProgramRun()
        printed: list[str] = []

        def take(text: str) -> None:
            printed.append(text)
            on_text(text)

        try:
            reply = await self._strategy.decide(context, take)
        except StrategyFailed as error:
            self.run = ProgramRun(
                error=ProgramError(kind="", message=error.message), output="".join(printed)
            )
            raise
        self.run = ProgramRun(
            decisions=reply.decisions, output=reply.reasoning, duration_ms=float(reply.latency_ms)
        )
        return reply


class BoundStrategy:
    """Decides for a binding with the program and parameters that it has when a run begins."""

    def __init__(
        self, bound: BoundProgram, host: SandboxHost, data: LiveData, settings: SandboxSettings
    ) -> None:
        self._bound = bound
        self._host = host
        self._data = data
        self._settings = settings
        self._ready: tuple[Turn, ReadyProgram] | None = None

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """See `engine.strategies.base.Strategy`."""
        self._bound.saw(context)
        program = self._ready_for(self._bound.turn)
        try:
            return await program.decide(context, on_text)
        finally:
            self._bound.ran(program.run)

    def _ready_for(self, turn: Turn) -> ReadyProgram:
        if self._ready is None or not _runs_alike(self._ready[0], turn):
            session = f"binding {self._bound.binding_id}"
            program = ReadyProgram(
                self._host, self._data, session, turn.program.code, turn.params, self._settings
            )
            self._ready = turn, program
        return self._ready[1]


async def run_once(program: ReadyProgram, context: StrategyContext) -> ProgramRun:
    """Run a program once and return everything about it; nothing is traded."""
    try:
        await program.decide(context, lambda text: None)
    except StrategyFailed as error:
        if program.run.error is None:
            return msgspec.structs.replace(program.run, error=ProgramError(kind="", message=error.message))
    return program.run


def _runs_alike(one: Turn, other: Turn) -> bool:
    return one.program.code == other.program.code and one.params == other.params


def in_authors_lines(error: ProgramError, translation: Translation) -> ProgramError:
    """Return an error with the line its author wrote; what the translation wrote is not shown."""
    if not translation.lines or error.line is None:
        return error
    return msgspec.structs.replace(
        error, line=translation.original_line(error.line), column=None, code="", traceback=""
    )
