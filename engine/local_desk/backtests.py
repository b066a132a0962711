"""The backtests side of the desk in this process: started, kept, watched, read again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.backtest.runs import worker
from engine.backtest.runs.archive import BACKTEST_PREFIX, SWEEP_PREFIX, RunArchive, RunFolder
from engine.backtest.runs.binding_request import request_of_binding
from engine.backtest.runs.frames import BacktestTask, Inspected, InspectTask, Surroundings, SweepTask, Task
from engine.backtest.runs.process import run_in_process
from engine.backtest.runs.queue import RunQueue
from engine.backtest.runs.summary import finished_run, summary_of, summary_of_sweep
from engine.clock import Clock, WallClock
from engine.errors import Conflict, DeskError, InvalidInput, NotFound, Unavailable
from engine.model.account import TraderConfig
from engine.model.backtest import (
    BacktestProgress,
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestStatus,
    SweepRequest,
    SweepResult,
    TriggerDetail,
    TriggerLine,
)
from engine.model.program import Binding, Program
from engine.model.signal import SignalDefinition, SignalPool
from engine.text import safe_line

if TYPE_CHECKING:
    from engine.backtest.trigger_log import TriggerLog

PLACES = 1
MOST_LINES = 500
MAX_NAME = 80
_RESUMABLE = (BacktestStatus.INTERRUPTED, BacktestStatus.CANCELLED)
_KNOWN_VARIABLES = ("HOME", "PATH", "XDG_CACHE_HOME")
_CLUSTER_VARIABLES = ("DASK_", "RAY_")


class BindingSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the desk's bindings, and all that a backtest of one needs, can be read as they now are."""

    bindings: Callable[[], Iterable[Binding]]
    programs: Callable[[], Iterable[Program]]
    traders: Callable[[], Iterable[TraderConfig]]
    pools: Callable[[], Iterable[SignalPool]]
    signals: Callable[[], Iterable[SignalDefinition]]


class Outlets(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run's line goes when it changes: to the store, and, with progress too, to whoever watches."""

    write: Callable[[BacktestRun], None]
    publish: Callable[[BacktestRun], None]


class LocalBacktests:
    """See `engine.desk.backtests.BacktestDesk`; at most `places` runs at a time.

    `stored` are the runs of former desks on this home, deleted ones included. `script` is the file
    that a run's process executes.
    """

    def __init__(
        self,
        home: Path,
        stored: Sequence[BacktestRun],
        sources: BindingSources,
        outlets: Outlets,
        *,
        places: int = PLACES,
        clock: Clock | None = None,
        script: str = worker.__file__,
    ) -> None:
        self._home = home
        self._sources = sources
        self._outlets = outlets
        self._clock = clock or WallClock()
        self._script = script
        self._archive = RunArchive(home)
        self._runs = {run.run_id: run for run in sorted(stored, key=lambda run: run.created_ms)}
        self._left_unfinished = [
            run for run in self._runs.values() if not run.status.is_over and not run.deleted
        ]
        self._queue = RunQueue(places)
        self._creating = asyncio.Lock()
        self._inspecting = asyncio.Lock()
        self._last_log: tuple[str, TriggerLog] | None = None

    async def recover(self) -> None:
        """Tell what became of the runs that a killed desk left unfinished."""
        while self._left_unfinished:
            self._keep(await asyncio.to_thread(self._recovered, self._left_unfinished.pop()))

    async def close(self) -> None:
        """End every run; each can be resumed by the next desk."""
        await self._queue.close()
        for run in tuple(self._runs.values()):
            if not run.status.is_over:
                self._keep(self._ended(run, BacktestStatus.INTERRUPTED, "the desk was closed"))

    def runs(self) -> tuple[BacktestRun, ...]:
        """See `engine.desk.backtests.BacktestDesk`."""
        return tuple(run for run in reversed(self._runs.values()) if not run.deleted)

    async def start(self, request: BacktestRequest) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        from engine.backtest.runs.request_checks import check_backtest

        check_backtest(request)
        return await self._start(request, request, BACKTEST_PREFIX)

    async def start_sweep(self, request: SweepRequest) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        from engine.backtest.runs.request_checks import check_sweep
        from engine.backtest.sweep.combinations import combination_count

        check_sweep(request)
        return await self._start(request.request, request, SWEEP_PREFIX, combination_count(request))

    async def cancel(self, run_id: str) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        if self._run(run_id).status.is_over:
            raise Conflict(f"{run_id} is over: {self._runs[run_id].status}")
        await self._queue.stop(run_id)
        run = self._runs[run_id]
        if not run.status.is_over:
            self._keep(run := self._ended(run, BacktestStatus.CANCELLED, "cancelled"))
        return run

    async def resume(self, run_id: str) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        run = self._run(run_id)
        if run.status not in _RESUMABLE:
            raise Conflict(f"{run_id} is {run.status}; only an interrupted or cancelled run is resumed")
        run = msgspec.structs.replace(
            run,
            status=BacktestStatus.QUEUED,
            finished_ms=None,
            error="",
            progress=BacktestProgress(stage="queued"),
        )
        self._enqueue(run)
        return run

    async def delete(self, run_id: str) -> None:
        """See `engine.desk.backtests.BacktestDesk`."""
        run = self._run(run_id)
        if not run.status.is_over:
            raise Conflict(f"{run_id} is {run.status}; cancel it first")
        self._keep(msgspec.structs.replace(run, deleted=True))
        await asyncio.to_thread(self._archive.remove, run_id)

    async def result(self, run_id: str) -> BacktestResult:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await asyncio.to_thread(self._finished_folder(run_id, SWEEP_PREFIX).result)

    async def sweep_result(self, run_id: str) -> SweepResult:
        """See `engine.desk.backtests.BacktestDesk`; of one that was cut off, the runs that it made."""
        run = self._of_kind(run_id, BACKTEST_PREFIX)
        folder = self._archive.folder(run_id)
        if run.status.is_over and not folder.has_result:
            made = await asyncio.to_thread(_made_so_far, folder)
            if made is not None:
                return made
        return await asyncio.to_thread(self._finished_folder(run_id, BACKTEST_PREFIX).sweep_result)

    async def triggers(
        self, run_id: str, *, offset: int = 0, limit: int = 100, operation: str = ""
    ) -> tuple[int, tuple[TriggerLine, ...]]:
        """See `engine.desk.backtests.BacktestDesk`; at most 500 lines at a time."""
        if offset < 0:
            raise InvalidInput.of("offset", offset, "0 or more")
        if not 1 <= limit <= MOST_LINES:
            raise InvalidInput.of("limit", limit, f"1 to {MOST_LINES}")
        log = await self._log(run_id)
        return log.lines(offset, limit, operation)

    async def trigger_detail(self, run_id: str, index: int) -> TriggerDetail:
        """See `engine.desk.backtests.BacktestDesk`; one at a time, each in a process of its own."""
        count = len(await self._log(run_id))
        if not 0 <= index < count:
            raise NotFound(f"trigger: {run_id} has no trigger {index}; it has {count}", field="index")
        folder = self._archive.folder(run_id)
        async with self._inspecting:
            surroundings = await asyncio.to_thread(self._surroundings, folder)
            try:
                request = await asyncio.to_thread(folder.request)
                answer = await run_in_process(InspectTask(request, index, surroundings), script=self._script)
            finally:
                await asyncio.to_thread(folder.remove_scratch)
        if not isinstance(answer, Inspected):
            raise Unavailable("the process of the run answered something else")
        return answer.detail

    async def request_of(self, binding_id: int) -> BacktestRequest:
        """See `engine.desk.backtests.BacktestDesk`."""
        sources = self._sources
        binding = _found(
            sources.bindings(),
            lambda each: not each.deleted and each.binding_id == binding_id,
            "binding",
            binding_id,
        )
        program_id, trader_id = binding.program_id, binding.trader_id
        return request_of_binding(
            binding,
            _found(sources.programs(), lambda each: each.program_id == program_id, "program", program_id),
            _found(sources.traders(), lambda each: each.trader_id == trader_id, "trader", trader_id),
            sources.pools(),
            sources.signals(),
        )

    # --- starting and running --------------------------------------------------------------------

    async def _start(
        self,
        request: BacktestRequest,
        asked: BacktestRequest | SweepRequest,
        prefix: str,
        combinations: int = 0,
    ) -> BacktestRun:
        async with self._creating:
            folder = await asyncio.to_thread(self._new_folder, asked, prefix)
            run = BacktestRun(
                run_id=folder.run_id,
                name=safe_line(request.name, MAX_NAME),
                symbols=request.symbols,
                status=BacktestStatus.QUEUED,
                created_ms=self._clock.now_ms(),
                program_id=request.program_id,
                binding_id=request.binding_id,
                combinations=combinations,
            )
            self._enqueue(run)
        return run

    def _new_folder(self, asked: BacktestRequest | SweepRequest, prefix: str) -> RunFolder:
        taken = (run_id.partition("-") for run_id in self._runs)
        numbers = [int(number) for kind, _, number in taken if kind == prefix and number.isdigit()]
        folder = self._archive.create(prefix, max(numbers, default=0))
        folder.write_request(asked)
        return folder

    def _enqueue(self, run: BacktestRun) -> None:
        self._keep(run)
        self._queue.add(run.run_id, lambda: self._carry_out(run.run_id))

    async def _carry_out(self, run_id: str) -> None:
        """Run what is queued, and note how it ended; whoever cancels this notes that."""
        folder = self._archive.folder(run_id)
        try:
            task = await asyncio.to_thread(self._task, folder)
            self._keep(msgspec.structs.replace(self._runs[run_id], status=BacktestStatus.RUNNING))
            answer = await run_in_process(
                task, lambda progress: self._note_progress(run_id, progress), self._script
            )
            if isinstance(answer, Inspected):
                raise Unavailable("the process of the run answered something else")
            self._keep(finished_run(self._runs[run_id], answer, self._clock.now_ms()))
        except DeskError as error:
            self._keep(self._ended(self._runs[run_id], BacktestStatus.ERROR, error.message))
        except Exception as error:  # a queue of runs outlives any of them
            told = f"the run broke: {type(error).__name__}: {error}"
            self._keep(self._ended(self._runs[run_id], BacktestStatus.ERROR, told))
        finally:
            await asyncio.shield(asyncio.to_thread(folder.remove_scratch))

    def _task(self, folder: RunFolder) -> Task:
        folder.forget_result()
        surroundings = self._surroundings(folder)
        if folder.is_sweep:
            return SweepTask(folder.sweep_request(), str(folder.path), surroundings)
        return BacktestTask(folder.request(), str(folder.path), surroundings)

    def _surroundings(self, folder: RunFolder) -> Surroundings:
        return Surroundings(
            home=str(self._home),
            scratch=str(folder.fresh_scratch()),
            environment={
                name: value
                for name, value in os.environ.items()
                if name in _KNOWN_VARIABLES or name.startswith(_CLUSTER_VARIABLES)
            },
        )

    def _note_progress(self, run_id: str, progress: BacktestProgress) -> None:
        run = msgspec.structs.replace(self._runs[run_id], progress=progress)
        self._runs[run_id] = run
        self._outlets.publish(run)

    def _keep(self, run: BacktestRun) -> None:
        self._runs[run.run_id] = run
        if self._last_log is not None and self._last_log[0] == run.run_id:
            self._last_log = None
        self._outlets.write(run)
        self._outlets.publish(run)

    def _ended(self, run: BacktestRun, status: BacktestStatus, reason: str) -> BacktestRun:
        return msgspec.structs.replace(
            run, status=status, error=safe_line(reason), finished_ms=self._clock.now_ms()
        )

    def _recovered(self, run: BacktestRun) -> BacktestRun:
        """Return the line of a run that the last desk did not see the end of."""
        folder = self._archive.folder(run.run_id)
        folder.remove_scratch()
        if folder.has_result:
            try:
                summary = (
                    summary_of_sweep(folder.sweep_result())
                    if folder.is_sweep
                    else summary_of(folder.result())
                )
            except DeskError as error:
                return self._ended(run, BacktestStatus.INTERRUPTED, error.message)
            return finished_run(run, summary, self._clock.now_ms())
        return self._ended(run, BacktestStatus.INTERRUPTED, "the desk ended while it ran")

    # --- reading ---------------------------------------------------------------------------------

    def _run(self, run_id: str) -> BacktestRun:
        run = self._runs.get(run_id)
        if run is None or run.deleted:
            raise NotFound(f"backtest: there is no run {safe_line(run_id, 40)}", field="run_id")
        return run

    def _of_kind(self, run_id: str, other: str) -> BacktestRun:
        run = self._run(run_id)
        if run_id.startswith(f"{other}-"):
            raise Conflict(f"{run_id} is a {'sweep' if other == SWEEP_PREFIX else 'backtest'}")
        return run

    def _finished_folder(self, run_id: str, other: str) -> RunFolder:
        """Return the folder of a run that has a result; raises `Conflict` for one that has none."""
        run = self._of_kind(run_id, other)
        if not run.status.is_over:
            raise Conflict(f"{run_id} is {run.status}; it has no result yet")
        folder = self._archive.folder(run_id)
        if not folder.has_result:
            raise Conflict(f"{run_id} has no result: {run.error or run.status}")
        return folder

    async def _log(self, run_id: str) -> TriggerLog:
        folder = self._finished_folder(run_id, SWEEP_PREFIX)
        if self._last_log is None or self._last_log[0] != run_id:
            self._last_log = run_id, await asyncio.to_thread(folder.trigger_log)
        return self._last_log[1]


def _made_so_far(folder: RunFolder) -> SweepResult | None:
    from engine.backtest.sweep.results import sweep_result

    trials = folder.trials()
    return sweep_result(folder.sweep_request(), trials) if trials else None


def _found[T](known: Iterable[T], is_wanted: Callable[[T], bool], what: str, identity: int) -> T:
    for each in known:
        if is_wanted(each):
            return each
    raise NotFound(f"{what}: there is no {what} {identity}", field=f"{what}_id", value=str(identity))
