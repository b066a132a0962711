"""Makes each trader's strategy, and starts what strategies need the first time one needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from engine.errors import NotFound
from engine.model.account import TraderConfig
from engine.settings import Settings
from engine.store.changes import Program
from engine.strategies.base import Strategy


class Strategists:
    """The sandbox host and the built-in rules model, shared by all traders of the desk."""

    def __init__(self, settings: Settings, programs: Iterable[Program]) -> None:
        self._settings = settings
        self._programs = {program.name: program for program in programs}
        self._starting = asyncio.Lock()

    async def strategy_for(self, trader: TraderConfig) -> Strategy:
        """Return what decides for `trader`.

        Raises `NotFound` for an unknown program or template, and `StrategyFailed` or `Unavailable`
        when the sandbox or the model cannot be started.
        """
        raise NotFound(f"strategy: there is no {trader.strategy}")

    async def close(self) -> None:
        """End the sandbox host and the rules model."""
