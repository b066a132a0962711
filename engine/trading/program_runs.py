"""Programs made ready to run: as their bindings have them, or once on a text that nobody saved.

A program in the brace form runs as the Python it is translated to; what went wrong is told in the
lines its author wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.errors import DeskError, ReplyUnusable, StrategyFailed
from engine.model.program import Parameter, ProgramError, ProgramRun
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.programs.authoring import translate
from engine.strategies.programs.strategy import ProgramStrategy
from engine.trading.bound_program import BoundProgram, Turn

if TYPE_CHECKING:
    from engine.strategies.programs.data.live import LiveData
    from engine.strategies.programs.host import SandboxHost


class ProgramRunner:
    """Runs programs in one sandbox, on one source of data."""

    def __init__(self, host: SandboxHost, data: LiveData, settings: SandboxSettings) -> None:
        self._host = host
        self._data = data
        self._settings = settings

    def bound(self, bound: BoundProgram) -> BoundStrategy:
        """Return what decides for a binding."""
        return BoundStrategy(self, bound)

    def open(self, session: str, source: str, params: Mapping[str, Parameter]) -> ProgramStrategy:
        """Return a program ready to run; raises `InvalidInput` for a text that cannot be translated."""
        return ProgramStrategy(self._host, session, translate(source).python, params, self._settings)

    async def try_once(
        self, session: str, source: str, params: Mapping[str, Parameter], context: StrategyContext
    ) -> ProgramRun:
        """Run a program once and return everything about it; nothing is traded."""
        try:
            strategy = self.open(session, source, params)
        except DeskError as error:
            return ProgramRun(error=ProgramError(kind="", message=error.message))
        printed: list[str] = []
        try:
            reply = await strategy.decide(context, printed.append)
        except StrategyFailed as error:
            return ProgramRun(error=ProgramError(kind="", message=error.message), output="".join(printed))
        return ProgramRun(
            decisions=reply.decisions, output=reply.reasoning, duration_ms=float(reply.latency_ms)
        )
