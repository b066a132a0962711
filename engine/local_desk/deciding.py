"""The tasks in which everyone decides who decides for a trader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from engine.errors import DeskError, StrategyFailed
from engine.trading.decider import Decider, stop_all
from engine.trading.strategists import Strategists
from engine.trading.trader import TraderRuntime

type StartTask = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
"""Starts a part of the desk by its name; whoever watches is told should it break."""


class Deciding:
    """Runs deciders, each once its trader's orders of unknown outcome are settled."""

    def __init__(self, strategists: Strategists, start_task: StartTask) -> None:
        self._strategists = strategists
        self._start_task = start_task
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._running: dict[Decider, asyncio.Task[None]] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Everything that runs."""
        return [*self._settling.values(), *self._running.values()]

    def start(self, trader: TraderRuntime) -> None:
        """Settle a trader's orders, then let everyone decide who decides for it."""
        settling = self._start_task(trader.orders.reconcile(), f"settling orders of {trader.config.name}")
        self._settling[trader.config.trader_id] = settling
        for decider in trader.deciders:
            self.run(decider)

    def run(self, decider: Decider) -> None:
        """Let one more decide; before its trader has been started this does nothing."""
        settling = self._settling.get(decider.trader.config.trader_id)
        if settling is not None:
            self._running[decider] = self._start_task(self._run(decider, settling), decider.name)

    def end(self, decider: Decider) -> None:
        """Let one decide no more."""
        if (task := self._running.pop(decider, None)) is not None:
            task.cancel()

    async def stop(self, trader: TraderRuntime) -> None:
        """Let nobody decide for a trader any more; return when each has recorded its end."""
        ending = [self._running.pop(decider) for decider in trader.deciders if decider in self._running]
        settling = self._settling.pop(trader.config.trader_id, None)
        await stop_all([*ending, *(() if settling is None else (settling,))])

    async def _run(self, decider: Decider, settling: asyncio.Task[None]) -> None:
        await asyncio.shield(settling)
        while not await self._attach_strategy(decider):
            await decider.started()
        await decider.run()

    async def _attach_strategy(self, decider: Decider) -> bool:
        """Give a decider what decides, or let it fail; tell whether it can decide."""
        try:
            decider.attach(await self._strategists.strategy_for(decider))
        except DeskError as error:
            decider.fail(error)
        except Exception as error:
            decider.fail(StrategyFailed(f"{decider.assignment.strategy}: {type(error).__name__}: {error}"))
        else:
            return True
        return False
