"""Textual's driver for Linux and macOS, writing through the frame queue.

Everything stays Textual's own but the way out: `write` draws into the wanted screen and returns,
a thread sends the differences at the pace of the terminal's answers. That leaves modals,
palettes and notifications untouched, and Textual's loop never waits for the terminal.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from tui.terminal.frame_queue import FrameQueue, OutputStatistics
from tui.terminal.writer_thread import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

_FAREWELL_S = 0.4
"""How long leaving the screen waits for a terminal that has stopped reading."""
_LAST_ANSWER_S = 0.2
_ACTS = (
    events.Key,
    events.Paste,
    events.MouseDown,
    events.MouseUp,
    events.MouseScrollDown,
    events.MouseScrollUp,
)


class FrameDriver(LinuxDriver):
    """Sends only the cells that differ, one frame at a time, keys first."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._frames = FrameQueue(monotonic)
        self._writer: TerminalWriter | None = None

    @property
    def statistics(self) -> OutputStatistics:
        """What went to the terminal so far, and how the line does."""
        return self._frames.statistics

    def repaint_all(self) -> None:
        """Send every cell again, for a screen that something else wrote into."""
        self._frames.repaint_all()
        self._wake()

    def write(self, data: str) -> None:
        """Take what Textual writes; it reaches the terminal when the terminal is ready for it."""
        self._frames.feed(data)
        self._wake()

    def start_application_mode(self) -> None:
        """Start the writer, then do as Textual does."""
        if self._file is not None:
            self._writer = TerminalWriter(self._frames, self._file.fileno())
        LinuxDriver.start_application_mode(self)  # type: ignore[no-untyped-call]  # Textual leaves it untyped

    def disable_input(self) -> None:
        """Take the answer to the last frame before nobody is left to read it."""
        self._frames.stop_drawing()
        if self._writer is not None and not self.exit_event.is_set():
            self._writer.wait_for_answer(_LAST_ANSWER_S)
        super().disable_input()

    def close(self) -> None:
        """Send what is left, and leave."""
        super().close()
        if self._writer is not None:
            self._writer.close(_FAREWELL_S)
            self._writer = None

    def process_message(self, message: Message) -> None:
        """Keep what the terminal tells the encoder, pass everything else on. Runs in the input thread."""
        if isinstance(message, events.CursorPosition):
            self._frames.answered()
            if self._writer is not None:
                self._writer.note_answer()
            return
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            self._frames.synchronise()
            return
        if isinstance(message, _ACTS):
            self._frames.key_pressed()
        elif isinstance(message, events.Resize):
            self._frames.resize(message.size.width, message.size.height)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size Textual is about to draw for; asked at the start and after a SIGWINCH."""
        size = super()._get_terminal_size()
        self._frames.resize(*size)
        return size

    def _wake(self) -> None:
        if self._writer is not None:
            self._writer.wake()
