"""One task in a process of its own, from the desk's side."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import msgspec

from engine.backtest.runs import worker
from engine.backtest.runs.frames import (
    LENGTH,
    Answer,
    Failed,
    Finished,
    Inspected,
    Step,
    Task,
    frame,
    frame_length,
)
from engine.child_process import ChildProcess
from engine.errors import Unavailable
from engine.model.backtest import BacktestProgress

_ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def _silent(progress: BacktestProgress) -> None:
    return None


async def run_in_process(
    task: Task,
    on_progress: Callable[[BacktestProgress], None] = _silent,
    script: str = worker.__file__,
) -> Finished | Inspected:
    """Carry out a task; being cancelled ends the process and all that it started, at once.

    Raises the `DeskError` that the task ended with, and `Unavailable` when the process died.
    """
    process = await ChildProcess.start(script)
    try:
        with contextlib.suppress(ConnectionError):  # it has ended: the reader is told so
            process.writer.write(frame(task))
            await process.writer.drain()
        while True:
            answer = await _next_answer(process.reader)
            if isinstance(answer, Step):
                on_progress(answer.progress)
            elif isinstance(answer, Failed):
                raise answer.error()
            else:
                return answer
    finally:
        _kill_group(process.pid)
        await asyncio.shield(process.close())


async def _next_answer(reader: asyncio.StreamReader) -> Answer:
    try:
        length = frame_length(await reader.readexactly(LENGTH.size))
        return _ANSWERS.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Unavailable("the process of the run ended before its time: killed, or out of memory") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unavailable(f"the process of the run said what cannot be read: {error}") from error


def _kill_group(pid: int) -> None:
    """End the process, which leads a group of its own, and the workers it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
