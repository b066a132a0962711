"""Between Textual, which draws, and the writer, which waits for the terminal: one shared screen.

`feed` takes what Textual writes and returns at once. `take` gives the writer the next bytes to
send, if it is time. There is no queue of frames between the two, only the newest screen.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from tui.terminal.encoder import ScreenEncoder
from tui.terminal.output_parser import Control, OutputParser
from tui.terminal.pacing import FramePacer, Turn

QUESTION = "\x1b[6n"
"""Device status report 6: the terminal answers with its cursor's position once it got that far."""
_BEGIN_SYNCHRONISED = "\x1b[?2026h"
_END_SYNCHRONISED = "\x1b[?2026l"
_SYNCHRONISE_FROM = 512
"""Shorter frames reach the terminal in one piece anyway."""
_ALTERNATE_SCREEN = "mode ?1049"
_REDRAW_WITHIN_S = 0.3
"""How long Textual is given to draw anew for a new size before the old drawing is sent."""


class Output(NamedTuple):
    """Bytes to send now; without any, in how many seconds to ask again (None: when woken)."""

    data: bytes
    wait_s: float | None = None


class OutputStatistics(NamedTuple):
    """What went to the terminal so far, and how the line does."""

    bytes_sent: int
    frames_sent: int
    frames_drawn: int
    is_pending: bool
    is_acknowledged: bool
    answer_ms: float | None
    frame_budget: int


class FrameQueue:
    """The wanted screen, what the terminal shows, and the controls still to be sent.

    All methods may be called from any thread; none of them blocks for longer than an encoding.
    """

    def __init__(self, clock: Callable[[], float], size: tuple[int, int] = (80, 24)) -> None:
        self._clock = clock
        self._lock = Lock()
        self._encoder = ScreenEncoder(*size)
        self._parser = OutputParser(self._encoder.wanted)
        self._pacer = FramePacer()
        self._controls: dict[str, str] = {}
        self._dirty_rows: dict[int, None] = {}
        self._urgent_rows: dict[int, None] = {}
        self._new_size: tuple[int, int] | None = None
        self._is_drawing_possible = False
        self._asks_first = False
        self._redraw_awaited_until = 0.0
        self._synchronises = False
        self._bytes_sent = self._frames_sent = self._frames_drawn = 0

    @property
    def statistics(self) -> OutputStatistics:
        """The counters as of now."""
        answer_s = self._pacer.answer_s
        return OutputStatistics(
            self._bytes_sent,
            self._frames_sent,
            self._frames_drawn,
            bool(self._dirty_rows) or self._pacer.is_waiting,
            self._pacer.is_acknowledged,
            None if answer_s is None else answer_s * 1000,
            self._pacer.frame_budget,
        )

    @property
    def is_waiting_for_answer(self) -> bool:
        """Whether the terminal still owes an answer."""
        return self._pacer.is_waiting

    def feed(self, data: str) -> None:
        """Take one write of Textual's: draw it into the wanted screen, or keep it as a control."""
        with self._lock:
            self._apply_new_size()
            drew, controls = self._parser.feed(data)
            for control in controls:
                self._keep_control(control)
            if drew:
                self._frames_drawn += 1
                self._redraw_awaited_until = 0.0
                self._note_changed_rows()

    def resize(self, width: int, height: int) -> None:
        """Note the terminal's size, a new one or the same after a disturbance.

        Takes no lock, because a signal handler may call it while its own thread holds it.
        """
        self._new_size = (width, height)

    def synchronise(self) -> None:
        """Let long frames appear at once: the terminal understands synchronised output."""
        self._synchronises = True

    def key_pressed(self) -> None:
        """Put what is drawn from now on, for a moment, before everything else."""
        with self._lock:
            self._pacer.key_pressed(self._clock())
            self._urgent_rows.clear()

    def answered(self) -> None:
        """Note that the terminal answered the question at the end of a frame."""
        with self._lock:
            self._pacer.answered(self._clock())

    def repaint_all(self) -> None:
        """Send every cell again, whatever the terminal shows."""
        with self._lock:
            self._repaint_all()

    def stop_drawing(self) -> None:
        """Send no more frames until Textual enters the alternate screen again; controls still go out."""
        with self._lock:
            self._is_drawing_possible = False

    def take(self) -> Output:
        """Return the next bytes to send, noting them as sent."""
        with self._lock:
            self._apply_new_size()
            controls = "".join(self._controls.values())
            self._controls.clear()
            if self._asks_first:
                self._asks_first = False
                controls += QUESTION
                self._pacer.asked(self._clock())
            frame, wait_s = self._next_frame(self._clock()) if self._is_drawing_possible else ("", None)
            data = (controls + frame).encode("utf-8", "replace")
            self._bytes_sent += len(data)
            return Output(data, wait_s)

    def _next_frame(self, now: float) -> tuple[str, float | None]:
        if now < self._redraw_awaited_until:
            return "", self._redraw_awaited_until - now
        decision = self._pacer.decide(now, has_urgent=bool(self._urgent_rows), has_any=bool(self._dirty_rows))
        if decision.turn is Turn.WAIT:
            return "", decision.wait_s
        if decision.turn is Turn.ASK:
            self._pacer.asked(now)
            return QUESTION, None
        urgent_only = decision.turn is Turn.SEND_URGENT
        body = self._encode(urgent_only)
        if not body:
            return "", 0.0 if self._dirty_rows else None
        if self._synchronises and len(body) >= _SYNCHRONISE_FROM:
            body = _BEGIN_SYNCHRONISED + body + _END_SYNCHRONISED
        self._pacer.sent(now, len(body))
        self._frames_sent += 1
        return body + QUESTION, None

    def _encode(self, urgent_only: bool) -> str:
        """Encode rows until the budget is spent, those that follow a key first."""
        rows = list(self._urgent_rows)
        if not urgent_only:
            rows += [row for row in self._dirty_rows if row not in self._urgent_rows]
        frame = self._encoder.encode(rows, self._pacer.frame_budget, self._parser.cursor)
        for row in rows[: frame.finished]:
            self._urgent_rows.pop(row, None)
            self._dirty_rows.pop(row, None)
        return frame.output

    def _keep_control(self, control: Control) -> None:
        self._controls.pop(control.subject, None)
        self._controls[control.subject] = control.sequence
        if control.subject == _ALTERNATE_SCREEN:
            # A question before any frame tells how quick the line is, and whether anyone answers.
            self._is_drawing_possible = self._asks_first = control.sequence.endswith("h")
            self._pacer.restart()
            self._repaint_all()
            self._await_redraw()

    def _note_changed_rows(self) -> None:
        changed = self._parser.changed_rows
        self._dirty_rows.update(dict.fromkeys(changed))
        if self._pacer.drawn(self._clock()):
            self._urgent_rows.update(dict.fromkeys(changed))
        changed.clear()

    def _apply_new_size(self) -> None:
        if (size := self._new_size) is None:
            return
        self._new_size = None
        if size != (self._encoder.wanted.width, self._encoder.wanted.height):
            self._await_redraw()
        self._encoder.resize(*size)
        self._parser.changed_rows.clear()
        self._mark_every_row()

    def _await_redraw(self) -> None:
        self._redraw_awaited_until = self._clock() + _REDRAW_WITHIN_S

    def _repaint_all(self) -> None:
        self._encoder.forget_shown()
        self._mark_every_row()

    def _mark_every_row(self) -> None:
        self._dirty_rows = dict.fromkeys(range(self._encoder.wanted.height))
        self._urgent_rows.clear()
