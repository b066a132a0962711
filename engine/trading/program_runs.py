"""A binding as a strategy: its program and parameters as they are when a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidInput, StrategyFailed
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.programs.strategy import Answerer, Preparer, ProgramStrategy
from engine.trading.bound_program import BoundProgram, Turn

if TYPE_CHECKING:
    from engine.strategies.programs.host import SandboxHost


class BoundStrategy:
    """Decides for a binding; what the program was seen to ask is remembered until its source changes."""

    def __init__(
        self,
        bound: BoundProgram,
        host: SandboxHost,
        data: Answerer,
        prepare: Preparer,
        settings: SandboxSettings,
    ) -> None:
        self._bound = bound
        self._host = host
        self._data = data
        self._prepare = prepare
        self._settings = settings
        self._ready: tuple[Turn, ProgramStrategy] | None = None

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """See `engine.strategies.base.Strategy`."""
        self._bound.saw(context)
        strategy = self._strategy_for(self._bound.turn)
        try:
            return await strategy.decide(context, on_text)
        finally:
            self._bound.ran(strategy.last_run)

    def _strategy_for(self, turn: Turn) -> ProgramStrategy:
        if self._ready is None or not _run_alike(self._ready[0], turn):
            session = f"binding {self._bound.binding_id}"
            try:
                strategy = ProgramStrategy(
                    self._host,
                    session,
                    turn.program.code,
                    turn.params,
                    self._settings,
                    self._data,
                    self._prepare,
                )
            except InvalidInput as error:
                raise StrategyFailed(error.message) from error
            self._ready = turn, strategy
        return self._ready[1]


def _run_alike(one: Turn, other: Turn) -> bool:
    return one.program.code == other.program.code and one.params == other.params
