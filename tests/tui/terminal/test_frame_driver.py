"""A real Textual app in a real pseudo terminal, on the desk's driver and on Textual's own."""

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
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.tui.terminal.emulator import TerminalEmulator
from tui.terminal.driver import PLAIN_DRIVER_VARIABLE, desk_driver

ROOT = Path(__file__).parents[3]


class Session:
    """The app in its pseudo terminal, and the terminal's side of it."""

    def __init__(self, width: int, height: int) -> None:
        self.descriptor, slave = pty.openpty()
        self.terminal = TerminalEmulator(width, height)
        self.raw = b""
        self._set_size(width, height)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tui.terminal.small_app"],
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

    def read_until(self, is_done: Callable[[], bool], timeout_s: float = 20) -> None:
        deadline = monotonic() + timeout_s
        while not is_done():
            assert monotonic() < deadline, [self.terminal.line(y) for y in range(3)]
            if not select.select([self.descriptor], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.descriptor, 65536)
            except OSError:
                return
            self.raw += data
            self.terminal.feed(data)
            os.write(self.descriptor, b"\x1b[1;1R" * self.terminal.questions)
            self.terminal.questions = 0

    def shows(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in self.terminal.line(y) for y in range(self.terminal.height))

    def _set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(40, 10)
    yield session
    session.process.kill()
    session.process.wait()
    os.close(session.descriptor)


def test_an_app_draws_answers_keys_follows_the_size_and_leaves_the_terminal_as_it_was(
    session: Session,
) -> None:
    session.read_until(session.shows("size 40x10"))
    session.type(b"a")
    session.read_until(session.shows("keys 1 漢字"))
    session.resize(60, 12)
    session.read_until(session.shows("size 60x12"))
    session.type(b"bcd")
    session.read_until(lambda: b"\x1b[?1004l" in session.raw)
    assert session.process.wait(10) == 0
    assert session.raw.endswith(b"\x1b[?25h\x1b[?1004l")


def test_textuals_own_driver_is_one_variable_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLAIN_DRIVER_VARIABLE, raising=False)
    assert desk_driver() is not None
    monkeypatch.setenv(PLAIN_DRIVER_VARIABLE, "1")
    assert desk_driver() is None
