"""A Python process of ours with nothing but a stream to us: no environment, no folder, no terminal.

Neither the event loop's own subprocesses nor its pipes are used: cancelled half-way through their
start they stay open, and a loop that ends then waits for them for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys

from engine.errors import Unavailable


class ChildProcess:
    """A running process; what is written to `writer` it reads on stdin, its stdout comes by `reader`.

    Bound to the event loop that started it. Whoever starts it closes it.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self.reader = reader
        self.writer = writer

    @classmethod
    async def start(cls, script: str, *arguments: str) -> ChildProcess:
        """Run a Python file, a matter of 2 ms; raise `Unavailable` when no process can be had."""
        process, ours = _spawn(script, arguments)
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            process.kill()
            process.wait()
            raise
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def kill(self) -> None:
        """End the process and the stream at once."""
        self._process.kill()
        self.writer.close()

    async def close(self) -> None:
        """End the process and wait until it and the stream have gone."""
        self.kill()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()
        await asyncio.to_thread(self._process.wait)


def _spawn(script: str, arguments: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the process and return it with our end of its stdin and stdout."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", script, *arguments],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env={},
                cwd=os.sep,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise Unavailable(f"no process could be started: {error}") from error
    return process, ours
