"""Makes what decides for each trader, and starts what strategies need the first time one needs it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.errors import InvalidInput, NotFound
from engine.model.account import TraderConfig
from engine.model.program import Parameter, ProgramError, ProgramRun
from engine.settings import Settings
from engine.strategies.base import Strategy
from engine.strategies.context import StrategyContext
from engine.trading.bound_program import BoundProgram
from engine.trading.decider import Decider

if TYPE_CHECKING:
    from engine.language_models.client import ChatClient
    from engine.strategies.programs.data.live import LiveData
    from engine.strategies.programs.host import SandboxHost
    from engine.strategies.prompts.rules_model import RulesModelServer


class Strategists:
    """The sandbox, what programs ask of the market, the rules model and the model clients, shared by all.

    `open_data` makes the answers to programs' questions; it is called in a thread, once.
    """

    def __init__(self, settings: Settings, open_data: Callable[[], LiveData]) -> None:
        self._settings = settings
        self._open_data = open_data
        self._data: LiveData | None = None
        self._sandbox: SandboxHost | None = None
        self._rules_model: RulesModelServer | None = None
        self._clients: dict[int, ChatClient] = {}
        self._starting = asyncio.Lock()

    async def strategy_for(self, decider: Decider) -> Strategy:
        """Return what decides on a decider's assignment.

        Raises `NotFound` for an unknown template, and `Unavailable` or `InvalidSetting` when the
        sandbox or the model's client cannot be started.
        """
        async with self._starting:
            if isinstance(decider.assignment, BoundProgram):
                return await self._bound(decider.assignment)
            return await self._prompt(decider.trader.config)

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
        """End the model clients, the rules model and the sandbox host."""
        for client in self._clients.values():
            await client.close()
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

    async def _prompt(self, trader: TraderConfig) -> Strategy:
        await _imported("engine.strategies.prompts.strategy")
        from engine.strategies.prompts.strategy import PromptStrategy
        from engine.strategies.prompts.templates import stock_template

        template = stock_template(trader.strategy)
        client = await self.client(trader.connection_id)
        return PromptStrategy(client, trader.model, template, self._settings.prompts)

    async def client(self, connection_id: int) -> ChatClient:
        """Return the client of a connection; 0 is the built-in rules model.

        Raises `NotFound` for a connection there is not.
        """
        if connection_id not in self._clients:
            from engine.language_models.client import ChatClient

            if connection_id:
                raise NotFound(
                    f"connection_id: there is no connection {connection_id}", field="connection_id"
                )
            rules = await self._start_rules_model()
            self._clients[connection_id] = ChatClient(rules.base_url, rules.api_key.reveal())
        return self._clients[connection_id]

    async def _start_rules_model(self) -> RulesModelServer:
        await _imported("engine.strategies.prompts.rules_model")
        from engine.strategies.prompts.rules_model import RulesModelServer

        prompts = self._settings.prompts
        rules = RulesModelServer(tokens_per_second=prompts.tokens_per_second, port=prompts.rules_port)
        await rules.start()
        self._rules_model = rules
        return rules


async def _imported(module: str) -> None:
    """Import a module off the event loop, which must not stand still for it."""
    await asyncio.to_thread(importlib.import_module, module)
