"""The thread that waits for the terminal, so that nothing else has to."""

from __future__ import annotations

import os
import select
from threading import Event, Thread

from tui.terminal.frame_queue import FrameQueue


class TerminalWriter:
    """Sends what a frame queue gives it to a file descriptor, in a thread of its own."""

    def __init__(self, frames: FrameQueue, descriptor: int) -> None:
        self._frames = frames
        self._descriptor = descriptor
        self._wake = Event()
        self._answer = Event()
        self._is_closing = False
        self._thread = Thread(target=self._run, name="terminal-writer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look again whether there is something to send."""
        self._wake.set()

    def note_answer(self) -> None:
        """Wake whoever waits for the terminal's answer, the next frame among them."""
        self._answer.set()
        self._wake.set()

    def wait_for_answer(self, timeout_s: float) -> None:
        """Wait until the terminal owes no answer, so that none reaches the shell behind us."""
        self._answer.clear()
        if self._frames.is_waiting_for_answer:
            self._answer.wait(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Send what is left, then stop; after `timeout_s` leave a terminal that reads nothing."""
        self._is_closing = True
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            output = self._frames.take()
            if output.data:
                if not self._write(output.data):
                    return
            elif self._is_closing:
                return
            else:
                self._wake.wait(output.wait_s)

    def _write(self, data: bytes) -> bool:
        """Write everything, however long that takes; False when the terminal is gone."""
        remaining = memoryview(data)
        while remaining:
            try:
                remaining = remaining[os.write(self._descriptor, remaining) :]
            except BlockingIOError:
                select.select((), (self._descriptor,), ())
            except OSError:
                return False
        return True
