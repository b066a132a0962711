"""Makes each trader's strategy, and starts what strategies need the first time one needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.settings import Settings
from engine.store.changes import Program
from engine.strategies.base import Strategy

if TYPE_CHECKING:
    from engine.strategies.programs.host import SandboxHost
    from engine.strategies.prompts.client import ChatClient
    from engine.strategies.prompts.rules_model import RulesModelServer


class Strategists:
    """The sandbox host and the built-in rules model, shared by all traders of the desk."""

    def __init__(self, settings: Settings, programs: Iterable[Program]) -> None:
        self._settings = settings
        self._programs = {program.name: program for program in programs}
        self._sandbox: SandboxHost | None = None
        self._rules_model: RulesModelServer | None = None
        self._rules_client: ChatClient | None = None
        self._starting = asyncio.Lock()

    async def strategy_for(self, trader: TraderConfig) -> Strategy:
        """Return what decides for `trader`.

        Raises `NotFound` for an unknown program or template, and `Unavailable` or `InvalidSetting`
        when the sandbox or the rules model cannot be started.
        """
        async with self._starting:
            if trader.kind is TraderKind.PROGRAM:
                return await self._program(trader)
            return await self._prompt(trader)

    async def close(self) -> None:
        """End the sandbox host and the rules model."""
        if self._rules_client is not None:
            await self._rules_client.close()
        if self._rules_model is not None:
            await self._rules_model.close()
        if self._sandbox is not None:
            await self._sandbox.close()

    async def _program(self, trader: TraderConfig) -> Strategy:
        from engine.strategies.programs.host import SandboxHost
        from engine.strategies.programs.strategy import ProgramStrategy

        program = self._programs.get(trader.strategy)
        if program is None:
            known = ", ".join(self._programs) or "none"
            raise NotFound(f"strategy: there is no program {trader.strategy}; there are {known}")
        if self._sandbox is None:
            self._sandbox = SandboxHost()
            self._sandbox.start()
        await self._sandbox.ready()
        session = f"{trader.trader_id}:{program.program_id}"
        return ProgramStrategy(self._sandbox, session, program.code, {}, self._settings.sandbox)

    async def _prompt(self, trader: TraderConfig) -> Strategy:
        from engine.strategies.prompts.strategy import PromptStrategy
        from engine.strategies.prompts.templates import stock_template

        client = await self._built_in_rules()
        template = stock_template(trader.strategy)
        return PromptStrategy(client, trader.model, template, self._settings.prompts)

    async def _built_in_rules(self) -> ChatClient:
        from engine.strategies.prompts.client import ChatClient
        from engine.strategies.prompts.rules_model import RulesModelServer

        if self._rules_client is None or self._rules_model is None:
            prompts = self._settings.prompts
            server = RulesModelServer(tokens_per_second=prompts.tokens_per_second, port=prompts.rules_port)
            await server.start()
            self._rules_model = server
            self._rules_client = ChatClient(server.base_url, server.api_key.reveal())
        return self._rules_client
