"""A backtest from end to end: history in, triggers laid out, the program asked, the result measured."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Iterator

import numpy as np

from engine.backtest.history import LoadedHistory
from engine.backtest.layout import RunLayout
from engine.backtest.prepared_run import PreparedRun, RunOutcome
from engine.backtest.program_asker import BatchSandbox, open_program
from engine.errors import InvalidInput
from engine.model.backtest import (
    BacktestProgress,
    BacktestRequest,
    TriggerDetail,
)


def _silent(progress: BacktestProgress) -> None:
    return None


def _never() -> bool:
    return False


async def run_backtest(
    request: BacktestRequest,
    history: LoadedHistory,
    sandbox: BatchSandbox,
    *,
    on_progress: Callable[[BacktestProgress], None] = _silent,
    is_cancelled: Callable[[], bool] = _never,
    layout: RunLayout | None = None,
) -> RunOutcome:
    """Run a program over a history, on a layout of the same request with other parameters if there is one.

    Raises `InvalidInput` for a request that cannot be run. What the program does wrong is part of the
    result: its status is then partial, or error if it never decided anything.
    """
    started = time.perf_counter()
    with _collector_at_rest():
        opening = open_program(sandbox, request.source)
        try:
            run = PreparedRun(request, history, layout=layout)
            on_progress(BacktestProgress(stage="calculating", total=len(run.times)))
            asker = run.asker(sandbox)
            await asker.ask_all(on_progress, is_cancelled)
        finally:
            opening.cancel()  # it has ended, unless the layout has just refused the request
            with contextlib.suppress(asyncio.CancelledError):
                await opening
        return run.outcome(asker, started)


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the collector from walking through a run's hundred thousand values, none of them garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def inspect_trigger(
    request: BacktestRequest, history: LoadedHistory, index: int, sandbox: BatchSandbox
) -> TriggerDetail:
    """Return everything about one line of a run's log, by running up to it once more.

    Raises `InvalidInput` for a line the log does not have.
    """
    outcome = await run_backtest(request, history, sandbox)
    if not 0 <= index < len(outcome.log):
        raise InvalidInput.of("index", index, f"the log has lines 0 to {len(outcome.log) - 1}")
    line = outcome.log.line(index)
    run = PreparedRun(request, history)
    at = int(np.searchsorted(run.times.at_ms, line.ts_ms))
    if not line.operation or at == len(run.times):
        return TriggerDetail(line=line, input_data="{}", reads=(), output="", decision="")
    run.cut(at + 1)
    await open_program(sandbox, request.source)
    asker = run.asker(sandbox, keeps_reads_at=at)
    await asker.ask_all(_silent, _never)
    kept = asker.kept
    decision = kept.decisions[0].decision if kept is not None and kept.decisions else ""
    return TriggerDetail(
        line=line,
        input_data="{}" if kept is None else kept.input_data,
        reads=() if kept is None else kept.reads,
        output="" if kept is None else "".join(text for _, text in kept.output),
        decision=decision,
        error=asker.failures.last if at in run.notes.errors else None,
    )
