"""An app in a real pseudo terminal, for tests of what reaches the terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tests.tui.terminal.emulator import TerminalEmulator

ROOT = Path(__file__).parents[3]


class Session:
    """A module run in its own pseudo terminal, and the terminal's side of it."""

    def __init__(self, module: str, width: int, height: int) -> None:
        self.descriptor, slave = pty.openpty()
        self.terminal = TerminalEmulator(width, height)
        self.raw = b""
        self._undecoded = b""
        self._set_size(width, height)
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(slave)

    def resize(self, width: int, height: int) -> None:
        self.terminal = TerminalEmulator(width, height)
        self._set_size(width, height)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def read_for(self, seconds: float) -> bytes:
        """Return what comes in the next seconds."""
        before, deadline = len(self.raw), monotonic() + seconds
        while monotonic() < deadline:
            self._read_some()
        return self.raw[before:]

    def read_until_silent(self, seconds: float, timeout_s: float = 20) -> None:
        """Read until nothing has come for some seconds."""
        deadline = monotonic() + timeout_s
        while self.read_for(seconds):
            assert monotonic() < deadline, f"never silent for {seconds} s"

    def close(self) -> None:
        """End the app and the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self.descriptor)

    def read_until(self, is_done: Callable[[], bool], timeout_s: float = 20) -> None:
        deadline = monotonic() + timeout_s
        while not is_done():
            assert monotonic() < deadline, [self.terminal.line(y) for y in range(3)]
            if not self._read_some():
                return

    def _read_some(self) -> bool:
        """Take what has come, answer what was asked; False once the app has gone."""
        if not select.select([self.descriptor], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.raw += data
        # A read may end in the middle of a character.
        waiting = self._undecoded + data
        whole = waiting.decode("utf-8", "ignore").encode()
        self._undecoded = waiting[len(whole) :]
        self.terminal.feed(whole)
        os.write(self.descriptor, b"\x1b[1;1R" * self.terminal.questions)
        self.terminal.questions = 0
        return True

    def shows(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in self.terminal.line(y) for y in range(self.terminal.height))

    def _set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
