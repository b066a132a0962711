"""Prompt backtests under way: what one run does from its start to its end."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.backtest.prompts.budget import Budget, BudgetedModel
from engine.backtest.prompts.cutoff import cutoff_warnings
from engine.backtest.prompts.differences import summary_of
from engine.backtest.prompts.replay import ask_again
from engine.language_models.base import LanguageModel
from engine.model.account import TraderConfig
from engine.model.backtest import BacktestResult, BacktestStatus
from engine.model.prompt_backtest import (
    PromptBacktestRequest,
    PromptRun,
    PromptRunStatus,
    ReplayItem,
    ReplayItemStatus,
    ReplayRequest,
)
from engine.text import safe_line

type RunListener = Callable[[PromptRun], None]
"""Hears how far a run is."""

_STATUS_OF = {
    BacktestStatus.COMPLETED: PromptRunStatus.COMPLETED,
    BacktestStatus.PARTIAL: PromptRunStatus.PARTIAL,
    BacktestStatus.CANCELLED: PromptRunStatus.CANCELLED,
}


class SnapshotsUnderWay:
    """A prompt over recorded snapshots; the market is simulated in a thread, the model asked here."""

    def __init__(
        self, request: PromptBacktestRequest, trader: TraderConfig, home: Path, model: LanguageModel
    ) -> None:
        from engine.backtest.prompts.snapshots import ModelOnLoop

        self.request = request
        self._trader = trader
        self._home = home
        self._budget = Budget(request.max_usd)
        self._ended = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._model = ModelOnLoop(BudgetedModel(model, self._budget), self._loop)

    def end(self) -> None:
        """Ask nothing more; what there is is kept."""
        self._ended.set()
        self._model.end()

    async def carry_out(self, run: PromptRun, told: RunListener) -> tuple[PromptRun, BacktestResult]:
        """Return the run's line once it is over, and what it came to; raises as `run_snapshots`."""
        from engine.backtest.prompts.snapshots import NO_NEWS, SnapshotProgress, run_snapshots

        def note(progress: SnapshotProgress) -> None:
            nonlocal run
            run = self._counted(
                msgspec.structs.replace(
                    run, total=progress.total, completed=progress.completed, failed=progress.failed
                )
            )
            told(run)

        def from_thread(progress: SnapshotProgress) -> None:
            self._loop.call_soon_threadsafe(note, progress)

        result = await asyncio.to_thread(
            run_snapshots,
            self.request,
            self._trader,
            self._home,
            self._model,
            self._budget,
            from_thread,
            self._ended.is_set,
        )
        warnings = (
            *cutoff_warnings(self.request.connection_id, run.model, result.start_ms, result.end_ms),
            *self._budget.warnings(run.model),
            *result.warnings,
            NO_NEWS,
        )
        error = result.ended_early or (result.error.sentence() if result.error else "")
        run = msgspec.structs.replace(
            self._counted(run),
            status=_STATUS_OF.get(result.status, PromptRunStatus.FAILED),
            error="" if result.status is BacktestStatus.COMPLETED else safe_line(error),
            warnings=warnings,
            result_hash=result.result_hash,
        )
        return run, result

    def _counted(self, run: PromptRun) -> PromptRun:
        budget = self._budget
        return msgspec.structs.replace(
            run, tokens=budget.tokens, cached=budget.cached, cost_usd=budget.spent_usd
        )


class ReplayUnderWay:
    """Past decisions asked again, `places` at a time; `items` are as far as they are.

    `traders` say, item by item, how its model is asked, and `models` which.
    """

    def __init__(
        self,
        request: ReplayRequest,
        items: Sequence[ReplayItem],
        traders: Sequence[TraderConfig],
        models: Sequence[LanguageModel],
        places: int,
    ) -> None:
        self._items = list(items)
        self._traders = traders
        self._budget = Budget(request.max_usd)
        self._models = [BudgetedModel(model, self._budget) for model in models]
        self._places = asyncio.Semaphore(places)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_ended = False

    @property
    def items(self) -> tuple[ReplayItem, ...]:
        """Every decision of the replay, in the order it was asked for."""
        return tuple(self._items)

    def end(self) -> None:
        """Ask nothing more; what there is is kept."""
        self._is_ended = True
        for task in self._tasks:
            task.cancel()

    async def carry_out(self, run: PromptRun, told: RunListener) -> PromptRun:
        """Ask everything that is pending; return the run's line once it is over."""
        if not self._is_ended:
            self._tasks = [
                asyncio.create_task(self._ask(place, lambda: told(self._counted(run))))
                for place, item in enumerate(self._items)
                if item.status is ReplayItemStatus.PENDING
            ]
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        return self._over(self._counted(run))

    async def _ask(self, place: int, told: Callable[[], None]) -> None:
        item = self._items[place]
        async with self._places:
            self._items[place] = await ask_again(item, self._traders[place], self._models[place])
        told()

    def _counted(self, run: PromptRun) -> PromptRun:
        items = self.items
        summary = summary_of(items)
        return msgspec.structs.replace(
            run,
            total=summary.total,
            completed=summary.completed,
            failed=summary.failed,
            cached=sum(item.cached for item in items),
            tokens=sum(item.tokens for item in items),
            cost_usd=sum((item.cost_usd or Decimal(0) for item in items), Decimal(0)),
        )

    def _over(self, run: PromptRun) -> PromptRun:
        if self._is_ended:
            status = PromptRunStatus.CANCELLED
        elif not run.failed:
            status = PromptRunStatus.COMPLETED
        else:
            status = PromptRunStatus.PARTIAL if run.completed else PromptRunStatus.FAILED
        first = next((item.error for item in self.items if item.error), "")
        return msgspec.structs.replace(
            run,
            status=status,
            error="cancelled" if self._is_ended else first,
            warnings=(*run.warnings, *self._budget.warnings(run.model)),
            result_hash=_hash_of(self.items),
        )


def _hash_of(items: Sequence[ReplayItem]) -> str:
    """Return a hash over what was answered, the same for replies from the record."""
    told = [(item.decision_id, item.status, item.reply, item.changed, item.changes) for item in items]
    return hashlib.blake2b(msgspec.msgpack.encode(told), digest_size=16).hexdigest()
