"""One sandbox host process, from the engine's side: start it, ask it, notice its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import msgspec

from engine.child_process import ChildProcess
from engine.errors import Unavailable
from engine.strategies.programs import sandbox_process
from engine.strategies.programs.sandbox_process import (
    Answer,
    Ready,
    Refused,
    RunReply,
    RunRequest,
    frame,
    frame_length,
)

START_SECONDS = 20.0
_LONGEST_ANSWER_BYTES = 64 * 1024 * 1024


class HostLost(Exception):
    """The process ended, or broke the protocol, before it answered.

    `alone` says that it ended by itself with only this call in flight, which is then to blame.
    """

    def __init__(self, *, alone: bool) -> None:
        super().__init__("the sandbox host was lost")
        self.alone = alone


class SandboxConnection:
    """A running sandbox host process and the calls it has not answered yet.

    Bound to the event loop that started it. Once `closed`, it stays closed: start another.
    """

    def __init__(self, process: ChildProcess) -> None:
        self._process = process
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
        self._waiting: dict[int, asyncio.Future[RunReply]] = {}
        self._reading: asyncio.Task[None] | None = None
        self.closed = False

    @classmethod
    async def open(cls, cache_dir: Path) -> SandboxConnection:
        """Start a process and wait until it has warmed up; raises `Unavailable` when it cannot."""
        process = await ChildProcess.start(sandbox_process.__file__, str(os.getpid()), str(cache_dir))
        connection = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                first = await connection._next_answer()
        except (TimeoutError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            await connection.close()
            raise Unavailable(f"the sandbox host did not start: {error!r}") from error
        except BaseException:
            await connection.close()
            raise
        if not isinstance(first, Ready):
            await connection.close()
            reason = first.reason if isinstance(first, Refused) else "it answered before it was ready"
            raise Unavailable(f"the sandbox host did not start: {reason}")
        connection._reading = asyncio.create_task(connection._read(), name="sandbox answers")
        return connection

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, request: RunRequest) -> RunReply:
        """Return the reply to `request`; raises `HostLost` when the process ends first."""
        if self.closed:
            raise HostLost(alone=False)
        answer: asyncio.Future[RunReply] = asyncio.get_running_loop().create_future()
        self._waiting[request.seq] = answer
        with contextlib.suppress(ConnectionError):  # the reader sees the end too, and says so
            self._process.writer.write(frame(request))
            await self._process.writer.drain()
        return await answer

    def kill(self) -> None:
        """End the process at once; every call in flight raises `HostLost`."""
        self._end(by_itself=False)

    async def close(self) -> None:
        """End the process and wait until it has gone."""
        self.kill()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self._process.close()

    async def _read(self) -> None:
        try:
            while True:
                answer = await self._next_answer()
                if not isinstance(answer, RunReply) or answer.seq not in self._waiting:
                    break
                future = self._waiting.pop(answer.seq)
                if not future.done():
                    future.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            pass
        finally:
            self._end(by_itself=True)

    async def _next_answer(self) -> Answer:
        length = frame_length(await self._process.reader.readexactly(4))
        if length > _LONGEST_ANSWER_BYTES:
            raise msgspec.DecodeError(f"an answer of {length} bytes")
        return self._decoder.decode(await self._process.reader.readexactly(length))

    def _end(self, *, by_itself: bool) -> None:
        self._process.kill()
        self.closed = True
        unanswered = [future for future in self._waiting.values() if not future.done()]
        self._waiting.clear()
        for future in unanswered:
            future.set_exception(HostLost(alone=by_itself and len(unanswered) == 1))
