"""Makes each trader's strategy, and starts what strategies need the first time one needs it."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.settings import Settings
from engine.store.changes import Binding, Program
from engine.strategies.base import Strategy

if TYPE_CHECKING:
    from engine.strategies.programs.host import SandboxHost
    from engine.strategies.prompts.client import ChatClient
    from engine.strategies.prompts.rules_model import RulesModelServer

MODEL_KEY_VARIABLE = "NIGHTDESK_MODEL_KEY"
"""Holds the key of a model server that wants one; the built-in rules model makes its own."""


class Strategists:
    """The sandbox host, the built-in rules model and the model clients, shared by all traders."""

    def __init__(self, settings: Settings, programs: Iterable[Program], bindings: Iterable[Binding]) -> None:
        self._settings = settings
        by_id = {program.program_id: program for program in programs}
        self._bound = {
            binding.trader_id: by_id[binding.program_id]
            for binding in bindings
            if binding.enabled and binding.program_id in by_id
        }
        self._sandbox: SandboxHost | None = None
        self._rules_model: RulesModelServer | None = None
        self._clients: dict[str, ChatClient] = {}
        self._starting = asyncio.Lock()

    async def strategy_for(self, trader: TraderConfig) -> Strategy:
        """Return what decides for `trader`.

        Raises `NotFound` for an unknown program or template, and `Unavailable` or `InvalidSetting`
        when the sandbox or the model's client cannot be started.
        """
        async with self._starting:
            if trader.kind is TraderKind.PROGRAM:
                return await self._program(trader)
            return await self._prompt(trader)

    async def close(self) -> None:
        """End the model clients, the rules model and the sandbox host."""
        for client in self._clients.values():
            await client.close()
        if self._rules_model is not None:
            await self._rules_model.close()
        if self._sandbox is not None:
            await self._sandbox.close()

    async def _program(self, trader: TraderConfig) -> Strategy:
        await _imported("engine.strategies.programs.strategy")
        from engine.strategies.programs.host import SandboxHost
        from engine.strategies.programs.strategy import ProgramStrategy

        program = self._bound.get(trader.trader_id)
        if program is None:
            raise NotFound(f"strategy: {trader.name} has no program bound to it")
        if self._sandbox is None:
            self._sandbox = SandboxHost()
            self._sandbox.start()
        await self._sandbox.ready()
        session = f"{trader.trader_id}:{program.program_id}"
        return ProgramStrategy(self._sandbox, session, program.code, {}, self._settings.sandbox)

    async def _prompt(self, trader: TraderConfig) -> Strategy:
        await _imported("engine.strategies.prompts.strategy")
        from engine.strategies.prompts.strategy import PromptStrategy
        from engine.strategies.prompts.templates import stock_template

        template = stock_template(trader.strategy)
        client = await self.client(trader.base_url)
        return PromptStrategy(client, trader.model, template, self._settings.prompts)

    async def client(self, base_url: str) -> ChatClient:
        """Return the client of a model server; an empty URL is the built-in rules model."""
        if base_url not in self._clients:
            from engine.strategies.prompts.client import ChatClient

            if base_url:
                self._clients[base_url] = ChatClient(base_url, os.environ.get(MODEL_KEY_VARIABLE, ""))
            else:
                rules = await self._start_rules_model()
                self._clients[base_url] = ChatClient(rules.base_url, rules.api_key.reveal())
        return self._clients[base_url]

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
