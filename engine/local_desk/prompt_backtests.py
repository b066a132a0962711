"""The prompt-backtests side of the desk in this process: started, kept, watched, read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.prompts.archive import KeptReplay, KeptRun, KeptSnapshots, PromptRunArchive
from engine.backtest.prompts.cutoff import cutoff_warnings
from engine.backtest.prompts.differences import summary_of
from engine.backtest.prompts.replay import check_replay, pending_item
from engine.clock import Clock, WallClock
from engine.errors import Conflict, DeskError, NotFound
from engine.language_models.base import ModelSource
from engine.local_desk.prompt_run_sources import RunSources
from engine.local_desk.prompt_runs import ReplayUnderWay, SnapshotsUnderWay
from engine.model.account import TraderConfig
from engine.model.event import Topic
from engine.model.language_model import CallPurpose, ModelConnection
from engine.model.prompt_backtest import (
    PromptBacktestRequest,
    PromptBacktestResult,
    PromptRun,
    PromptRunKind,
    PromptRunStatus,
    ReplayItem,
    ReplayItemStatus,
    ReplayRequest,
    ReplayResult,
)
from engine.streams import Bus
from engine.text import safe_line

if TYPE_CHECKING:
    from engine.local_desk.arena import LocalArena
    from engine.store.store import Store
    from engine.trading.journal import DeskJournal

RUN_PREFIX = "pbt"
MAX_NAME = 80
PLACES = 2
"""How many runs over snapshots there may be at a time; each takes a thread."""

type UnderWay = SnapshotsUnderWay | ReplayUnderWay


class LocalPromptBacktests:
    """See `engine.desk.prompt_backtests.PromptBacktestDesk`.

    `stored` are the runs of former desks on this home, deleted ones included; one that a killed desk left
    running is over. `connections` are those there are, `traders` every trader the desk knows, deleted ones
    included, since their decisions can be asked again too.
    """

    def __init__(
        self,
        *,
        home: Path,
        stored: Sequence[PromptRun],
        models: ModelSource,
        connections: Callable[[], Sequence[ModelConnection]],
        traders: Callable[[], Sequence[TraderConfig]],
        arena: LocalArena,
        store: Store,
        journal: DeskJournal,
        bus: Bus,
        clock: Clock | None = None,
    ) -> None:
        self._home = home
        self._sources = RunSources(
            home=home, models=models, connections=connections, traders=traders, arena=arena, store=store
        )
        self._journal = journal
        self._bus = bus
        self._clock = clock or WallClock()
        self._archive = PromptRunArchive(home)
        self._runs = {run.run_id: _left_over(run) for run in sorted(stored, key=lambda run: run.created_ms)}
        self._under_way: dict[str, UnderWay] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """End every run, keeping what there is."""
        for under_way in self._under_way.values():
            under_way.end()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def runs(self) -> tuple[PromptRun, ...]:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return tuple(run for run in reversed(self._runs.values()) if not run.deleted)

    async def start(self, request: PromptBacktestRequest) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        trader = self._sources.trader(request.trader_id)
        await asyncio.to_thread(_check, request, trader)
        self._sources.connection(request.connection_id)
        run = self._new_run(
            PromptRunKind.SNAPSHOTS, request.name or trader.strategy, request.model, request.trader_id
        )
        return await self._begin(run, KeptSnapshots(request))

    async def start_replay(self, request: ReplayRequest) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        check_replay(request)
        self._sources.connection(request.connection_id)
        records = [await self._sources.decision(decision_id) for decision_id in request.decision_ids]
        items = tuple([pending_item(each, request, await self._sources.came_to(each)) for each in records])
        run = self._new_run(
            PromptRunKind.REPLAY,
            request.name or "replay",
            request.model,
            records[0].trader_id if len({record.trader_id for record in records}) == 1 else 0,
        )
        times = [record.started_ms for record in records]
        run = msgspec.structs.replace(
            run,
            total=len(items),
            warnings=cutoff_warnings(request.connection_id, request.model, min(times), max(times)),
        )
        trader_ids = tuple(record.trader_id for record in records)
        return await self._begin(run, KeptReplay(request, items, trader_ids))

    async def cancel(self, run_id: str) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        run = self._run(run_id)
        if run.status is not PromptRunStatus.RUNNING:
            raise Conflict(f"{run_id} is over: {run.status}")
        self._under_way[run_id].end()
        await asyncio.wait({self._tasks[run_id]})
        return self._runs[run_id]

    async def retry(self, run_id: str) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`; what was answered is not asked again."""
        run = self._run(run_id)
        if run.status is PromptRunStatus.RUNNING:
            raise Conflict(f"{run_id} is running")
        kept = await asyncio.to_thread(self._archive.read, run_id)
        if isinstance(kept, KeptReplay):
            items = tuple(_asked_anew(item) for item in kept.items)
            has_pending = any(item.status is ReplayItemStatus.PENDING for item in items)
            kept = msgspec.structs.replace(kept, items=items)
        else:
            await asyncio.to_thread(_check, kept.request, self._sources.trader(run.trader_id))
            has_pending = run.failed > 0 or run.status is not PromptRunStatus.COMPLETED
        if not has_pending:
            raise Conflict(f"{run_id} has nothing that failed")
        run = msgspec.structs.replace(
            run, status=PromptRunStatus.RUNNING, finished_ms=None, error="", result_hash=""
        )
        return await self._begin(run, kept)

    async def delete(self, run_id: str) -> None:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        run = self._run(run_id)
        if run.status is PromptRunStatus.RUNNING:
            raise Conflict(f"{run_id} is running; cancel it first")
        self._keep(msgspec.structs.replace(run, deleted=True))
        await asyncio.to_thread(self._archive.remove, run_id)

    async def result(self, run_id: str) -> PromptBacktestResult:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        run = self._run(run_id)
        if run.kind is not PromptRunKind.SNAPSHOTS:
            raise Conflict(f"{run_id} is a replay of past decisions")
        if run.status is PromptRunStatus.RUNNING:
            raise Conflict(f"{run_id} is running; it has no result yet")
        kept = await asyncio.to_thread(self._archive.read, run_id)
        if not isinstance(kept, KeptSnapshots) or kept.result is None:
            raise Conflict(f"{run_id} has no result: {run.error or run.status}")
        return PromptBacktestResult(run=run, request=kept.request, result=kept.result, warnings=run.warnings)

    async def replay_result(self, run_id: str) -> ReplayResult:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        run = self._run(run_id)
        if run.kind is not PromptRunKind.REPLAY:
            raise Conflict(f"{run_id} is a run over snapshots")
        kept = await asyncio.to_thread(self._archive.read, run_id)
        if not isinstance(kept, KeptReplay):
            raise Conflict(f"{run_id} has no result: {run.error or run.status}")
        under_way = self._under_way.get(run_id)
        items = under_way.items if isinstance(under_way, ReplayUnderWay) else kept.items
        return ReplayResult(
            run=self._runs[run_id], request=kept.request, items=items, summary=summary_of(items)
        )

    # --- carrying out ----------------------------------------------------------------------------

    async def _begin(self, run: PromptRun, kept: KeptRun) -> PromptRun:
        """Start a run and return its line; raises what makes it impossible before anything is kept."""
        under_way = self._prepared(run, kept)
        self._under_way[run.run_id] = under_way
        self._keep(run)  # takes the number before anything is waited for
        await asyncio.to_thread(self._archive.write, run.run_id, kept)
        task = asyncio.create_task(self._carry_out(run, kept, under_way), name=run.run_id)
        self._tasks[run.run_id] = task
        return run

    def _prepared(self, run: PromptRun, kept: KeptRun) -> UnderWay:
        request = kept.request
        connection = self._sources.connection(request.connection_id)
        if isinstance(kept, KeptSnapshots):
            if sum(isinstance(each, SnapshotsUnderWay) for each in self._under_way.values()) >= PLACES:
                raise Conflict(f"{PLACES} prompts run over snapshots already; wait for one, or cancel it")
            trader = self._sources.trader(kept.request.trader_id)
            model = self._sources.model(
                connection,
                CallPurpose.BACKTEST,
                trader_id=trader.trader_id,
                run_id=run.run_id,
                mode=request.cache,
            )
            return SnapshotsUnderWay(kept.request, trader, self._home, model)
        asked_with = {
            trader_id: msgspec.structs.replace(
                self._sources.trader(trader_id), model=request.model, connection_id=request.connection_id
            )
            for trader_id in set(kept.trader_ids)
        }
        models = {
            trader_id: self._sources.model(
                connection, CallPurpose.REPLAY, trader_id=trader_id, run_id=run.run_id, mode=request.cache
            )
            for trader_id in asked_with
        }
        return ReplayUnderWay(
            kept.request,
            kept.items,
            [asked_with[trader_id] for trader_id in kept.trader_ids],
            [models[trader_id] for trader_id in kept.trader_ids],
            connection.max_concurrent,
        )

    async def _carry_out(self, run: PromptRun, kept: KeptRun, under_way: UnderWay) -> None:
        """Run to the end, whatever it is, and note how it ended."""
        try:
            if isinstance(under_way, ReplayUnderWay):
                run = await under_way.carry_out(run, self._tell)
                kept = msgspec.structs.replace(kept, items=under_way.items)
            else:
                run, result = await under_way.carry_out(run, self._tell)
                kept = msgspec.structs.replace(kept, result=result)
            await asyncio.to_thread(self._archive.write, run.run_id, kept)
        except DeskError as error:
            run = _failed(self._runs[run.run_id], error.message)
        except Exception as error:  # the desk outlives any of its runs
            run = _failed(self._runs[run.run_id], f"the run broke: {type(error).__name__}: {error}")
        finally:
            del self._under_way[run.run_id]
        self._keep(msgspec.structs.replace(run, finished_ms=self._clock.now_ms()))

    def _new_run(self, kind: PromptRunKind, name: str, model: str, trader_id: int) -> PromptRun:
        numbers = (int(run_id.removeprefix(f"{RUN_PREFIX}-")) for run_id in self._runs)
        return PromptRun(
            run_id=f"{RUN_PREFIX}-{max(numbers, default=0) + 1:04d}",
            kind=kind,
            name=safe_line(name, MAX_NAME),
            status=PromptRunStatus.RUNNING,
            created_ms=self._clock.now_ms(),
            trader_id=trader_id,
            model=safe_line(model, MAX_NAME),
        )

    def _tell(self, run: PromptRun) -> None:
        self._runs[run.run_id] = run
        self._bus.publish_level(Topic.PROMPT_BACKTESTS, run.run_id, run)

    def _keep(self, run: PromptRun) -> None:
        self._tell(run)
        self._journal.write(run)

    # --- reading ---------------------------------------------------------------------------------

    def _run(self, run_id: str) -> PromptRun:
        run = self._runs.get(run_id)
        if run is None or run.deleted:
            raise NotFound(f"prompt backtest: there is no run {safe_line(run_id, 40)}", field="run_id")
        return run


def _left_over(run: PromptRun) -> PromptRun:
    """Return a stored run, over if a killed desk left it running."""
    return _failed(run, "the desk ended while it ran") if run.status is PromptRunStatus.RUNNING else run


def _failed(run: PromptRun, reason: str) -> PromptRun:
    status = PromptRunStatus.PARTIAL if run.completed else PromptRunStatus.FAILED
    return msgspec.structs.replace(run, status=status, error=safe_line(reason))


def _asked_anew(item: ReplayItem) -> ReplayItem:
    """Return an item to be asked again, as it is if it was answered or has nothing to ask."""
    if item.status is ReplayItemStatus.COMPLETED or not item.prompt:
        return item
    return msgspec.structs.replace(item, status=ReplayItemStatus.PENDING, error="")


def _check(request: PromptBacktestRequest, trader: TraderConfig) -> None:
    """Check a request, in a thread: what runs a backtest is imported the first time."""
    from engine.backtest.prompts.request_check import check_snapshots

    check_snapshots(request, trader)
