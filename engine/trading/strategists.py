"""Makes what decides for each trader, and starts what strategies need the first time one needs it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.errors import InvalidInput
from engine.model.program import Parameter, ProgramError, ProgramRun
from engine.settings import Settings
from engine.strategies.base import Strategy
from engine.strategies.context import StrategyContext
from engine.trading.bound_program import BoundProgram
from engine.trading.decider import Decider
from engine.trading.trader import TraderRuntime

if TYPE_CHECKING:
    from engine.language_models.endpoint import RulesEndpoint
    from engine.strategies.programs.data.live import LiveData
    from engine.strategies.programs.host import SandboxHost
    from engine.strategies.prompts.rules_model import RulesModelServer


class Strategists:
    """The sandbox, what strategies ask of the market and the rules model, shared by all.

    `open_data` makes the answers to strategies' questions, `open_prompts` what makes the strategy of a
    prompt trader; both are called in a thread.
    """

    def __init__(
        self,
        settings: Settings,
        open_data: Callable[[], LiveData],
        open_prompts: Callable[[], Callable[[TraderRuntime], Strategy]],
    ) -> None:
        self._settings = settings
        self._open_data = open_data
        self._open_prompts = open_prompts
        self._data: LiveData | None = None
        self._sandbox: SandboxHost | None = None
        self._rules_model: RulesModelServer | None = None
        self._starting = asyncio.Lock()
        self._starting_rules = asyncio.Lock()

    async def strategy_for(self, decider: Decider) -> Strategy:
        """Return what decides on a decider's assignment.

        Raises `NotFound` for a prompt there is not, and `Unavailable` without a sandbox.
        """
        if isinstance(decider.assignment, BoundProgram):
            async with self._starting:
                return await self._bound(decider.assignment)
        # Not on the event loop: what prompts need of the market takes long to import.
        prompts = await asyncio.to_thread(self._open_prompts)
        return prompts(decider.trader)

    async def try_program(
        self, session: str, source: str, params: Mapping[str, Parameter], context: StrategyContext
    ) -> ProgramRun:
        """Run a program once and trade nothing; raises `Unavailable` without a sandbox.

        What goes wrong in the program is in the run. Runs of one `session` wait for each other.
        """
        async with self._starting:
            await _imported("engine.strategies.programs.strategy")
            host, data = await self._running_sandbox(), await self._opened_data()
        from engine.strategies.programs.strategy import ProgramStrategy

        settings = self._settings.sandbox
        try:
            program = ProgramStrategy(host, session, source, params, settings, data.answer, data.prepare)
        except InvalidInput as error:
            return ProgramRun(error=ProgramError(kind="", message=error.message))
        return await program.run_once(context)

    async def data(self) -> LiveData:
        """Return what answers programs' questions now."""
        async with self._starting:
            return await self._opened_data()

    async def close(self) -> None:
        """End the rules model and the sandbox host."""
        if self._rules_model is not None:
            await self._rules_model.close()
        if self._sandbox is not None:
            await self._sandbox.close()

    async def _bound(self, bound: BoundProgram) -> Strategy:
        await _imported("engine.trading.program_runs")
        from engine.trading.program_runs import BoundStrategy

        host, data = await self._running_sandbox(), await self._opened_data()
        return BoundStrategy(bound, host, data.answer, data.prepare, self._settings.sandbox)

    async def _running_sandbox(self) -> SandboxHost:
        from engine.strategies.programs.host import SandboxHost

        if self._sandbox is None:
            self._sandbox = SandboxHost()
            self._sandbox.start()
        await self._sandbox.ready()
        return self._sandbox

    async def _opened_data(self) -> LiveData:
        if self._data is None:
            self._data = await asyncio.to_thread(self._open_data)
        return self._data

    async def rules_endpoint(self) -> RulesEndpoint:
        """Return where the built-in rules model answers; it is started the first time it is asked for."""
        async with self._starting_rules:
            if self._rules_model is None:
                await _imported("engine.strategies.prompts.rules_model")
                from engine.strategies.prompts.rules_model import RulesModelServer

                prompts = self._settings.prompts
                rules = RulesModelServer(tokens_per_second=prompts.tokens_per_second, port=prompts.rules_port)
                await rules.start()
                self._rules_model = rules
        from engine.language_models.endpoint import RulesEndpoint

        return RulesEndpoint(base_url=self._rules_model.base_url, key=self._rules_model.api_key)


async def _imported(module: str) -> None:
    """Import a module off the event loop, which must not stand still for it."""
    await asyncio.to_thread(importlib.import_module, module)
