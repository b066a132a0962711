"""The process of one run, so that neither its work nor its end is felt by the desk.

Started as `python -I worker.py` with an empty environment, it reads one task from stdin,
answers on stdout, and ends. It has a low priority, leads a process group of its own, and takes that
group with it when the desk is gone, which it sees by the end of stdin.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from engine.backtest.runs.frames import (
    LENGTH,
    Answer,
    BacktestTask,
    Failed,
    Finished,
    Inspected,
    InspectTask,
    Step,
    Surroundings,
    SweepTask,
    Task,
    frame,
    frame_length,
)
from engine.model.backtest import BacktestProgress

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory
    from engine.backtest.program_asker import BatchSandbox

NICENESS = 10
SECONDS_BETWEEN_STEPS = 0.1


class Told:
    """What the process says, one whole frame at a time; progress at most ten times a second."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._stage = ""
        self._quiet_until = 0.0

    def tell(self, answer: Answer) -> None:
        """Send an answer."""
        self._answers.write(frame(answer))
        self._answers.flush()

    def progress(self, progress: BacktestProgress) -> None:
        """Send progress, unless some of the same stage was sent a moment ago and this is not its end."""
        now = time.monotonic()
        is_new = progress.stage != self._stage or progress.done == progress.total
        if not is_new and now < self._quiet_until:
            return
        self._stage, self._quiet_until = progress.stage, now + SECONDS_BETWEEN_STEPS
        self.tell(Step(progress))


def perform(task: Task, told: Told) -> Answer:
    """Carry a task out and return how it ended."""
    try:
        match task:
            case BacktestTask():
                return asyncio.run(_backtest(task, told))
            case SweepTask():
                return _sweep(task, told)
            case InspectTask():
                return asyncio.run(_inspect(task, told))
    except Exception as error:  # whatever it is, the desk is told in one sentence
        return Failed.of(error)


async def _backtest(task: BacktestTask, told: Told) -> Finished:
    from engine.backtest.run import run_backtest
    from engine.backtest.runs.archive import RunFolder
    from engine.backtest.runs.summary import summary_of

    history = _history(task, told)
    outcome = await _with_sandbox(
        lambda sandbox: run_backtest(task.request, history, sandbox, on_progress=told.progress)
    )
    told.progress(BacktestProgress(stage="writing", done=len(outcome.log), total=len(outcome.log)))
    RunFolder(Path(task.folder)).write_outcome(outcome.result, outcome.log)
    return summary_of(outcome.result)


async def _inspect(task: InspectTask, told: Told) -> Inspected:
    from engine.backtest.run import inspect_trigger

    history = _history(task, told)
    return Inspected(
        await _with_sandbox(lambda sandbox: inspect_trigger(task.request, history, task.index, sandbox))
    )


def _sweep(task: SweepTask, told: Told) -> Finished:
    from engine.backtest.runs.archive import RunFolder
    from engine.backtest.runs.summary import summary_of_sweep
    from engine.backtest.sweep.run_sweep import run_sweep

    folder = RunFolder(Path(task.folder))
    with folder.finished_trials() as (finished, keep):
        result = run_sweep(
            task.request,
            Path(task.surroundings.home),
            finished=finished,
            on_outcome=keep,
            on_progress=told.progress,
        )
    folder.write_sweep(result)
    return summary_of_sweep(result)


def _history(task: BacktestTask | InspectTask, told: Told) -> LoadedHistory:
    from engine.backtest.history import load_history

    told.progress(BacktestProgress(stage="loading"))
    return load_history(task.request, Path(task.surroundings.home))


async def _with_sandbox[T](work: Callable[[BatchSandbox], Awaitable[T]]) -> T:
    from engine.strategies.programs.host import SandboxHost

    sandbox = SandboxHost()
    sandbox.start()
    try:
        return await work(sandbox)
    finally:
        await sandbox.close()


def _settle_in(surroundings: Surroundings) -> None:
    os.environ.update(surroundings.environment)
    os.environ["TMPDIR"] = surroundings.scratch
    tempfile.tempdir = surroundings.scratch


def _end_with_desk(requests: BinaryIO) -> None:
    """Wait until the desk is gone, and end the whole group then."""
    with suppress(OSError):
        requests.read(1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Read the task, carry it out, answer."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    os.nice(NICENESS)
    requests = sys.stdin.buffer
    told = Told(answers)
    try:
        body = requests.read(frame_length(requests.read(LENGTH.size)))
        task = msgspec.msgpack.decode(body, type=Task)
    except Exception as error:
        told.tell(Failed.of(error))
        return
    threading.Thread(target=_end_with_desk, args=(requests,), daemon=True).start()
    _settle_in(task.surroundings)
    told.tell(perform(task, told))


if __name__ == "__main__":
    main()
