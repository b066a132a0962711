"""One sandbox host process, from the engine's side: start it, ask it, notice its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import msgspec

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
_LONGEST_ANSWER_BYTES = 1024 * 1024


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

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
        self._waiting: dict[int, asyncio.Future[RunReply]] = {}
        self._reading: asyncio.Task[None] | None = None
        self.closed = False

    @classmethod
    async def open(cls, cache_dir: Path) -> SandboxConnection:
        """Start a process and wait until it has warmed up; raises `Unavailable` when it cannot."""
        script = sandbox_process.__file__
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-B", script, str(os.getpid()), str(cache_dir)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
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
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # the reader sees the end too, and says so
            self._process.stdin.write(frame(request))
            await self._process.stdin.drain()
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
        # Reading to the end sees both pipes closed, which waiting for the process alone does not.
        with contextlib.suppress(ConnectionError):
            await self._process.communicate()

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
        assert self._process.stdout is not None
        length = frame_length(await self._process.stdout.readexactly(4))
        if length > _LONGEST_ANSWER_BYTES:
            raise msgspec.DecodeError(f"an answer of {length} bytes")
        return self._decoder.decode(await self._process.stdout.readexactly(length))

    def _end(self, *, by_itself: bool) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self.closed = True
        unanswered = [future for future in self._waiting.values() if not future.done()]
        self._waiting.clear()
        for future in unanswered:
            future.set_exception(HostLost(alone=by_itself and len(unanswered) == 1))
