"""When the next frame may go out, and how long it may be. No I/O and no clock: time comes in.

A frame ends in a question (a cursor position report, which every terminal answers); the next one
waits for the answer. So at most one frame is on its way, whatever the line, and a terminal that
stops reading costs nothing. What changes by itself is sent at a steady rate of bytes; what follows
a key goes first, at once. Answers that come late shrink the frames, quick ones let them grow.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import NamedTuple

STEADY_BYTES_PER_S = 15_000
"""What the line is used for on average, and saved up for a busy moment up to `SAVED_BYTES`."""
SAVED_BYTES = 30_000
CALM_INTERVAL_S = 0.02
BUSY_INTERVAL_S = 0.08
"""The time between frames of their own accord; the longer one once little is saved up."""
URGENT_FOR_S = 0.15
URGENT_DRAWINGS = 10
"""What Textual draws so soon after a key, and so many drawings at most, is taken for its effect."""
SILENT_AFTER_S = 3.0
"""A terminal that has never answered is taken for one that never will after this time."""
ASK_AGAIN_AFTER_S = 2.0
SMALLEST_FRAME = 512
FIRST_FRAME = 16_384
LARGEST_FRAME = 65_536
_LATE_BY_S = 0.06


class Turn(Enum):
    """What the writer does next."""

    WAIT = "wait"
    SEND_URGENT = "send what follows a key"
    SEND_ALL = "send everything"
    ASK = "ask again for an answer"


class Decision(NamedTuple):
    """What to do now; for `WAIT`, in how many seconds to ask again (None: when something changes)."""

    turn: Turn
    wait_s: float | None = None


class _Question(NamedTuple):
    asked_at: float
    frame_size: int


class FramePacer:
    """Decides by the terminal's answers and the time; seconds on any steady clock."""

    def __init__(self) -> None:
        self.frame_budget = FIRST_FRAME
        self.is_acknowledged = True
        self.answer_s: float | None = None
        self._questions: deque[_Question] = deque()
        self._answered_at: float | None = None
        self._quickest_answer_s = 60.0
        self._has_sent_frame = False
        self._saved_bytes = float(SAVED_BYTES)
        self._saved_at = 0.0
        self._sent_at = 0.0
        self._urgent_until = 0.0
        self._urgent_drawings_left = 0

    @property
    def is_waiting(self) -> bool:
        """Whether the terminal owes an answer."""
        return bool(self._questions)

    def key_pressed(self, now: float) -> None:
        """Note that the user did something whose effect must be seen at once."""
        self._urgent_until = now + URGENT_FOR_S
        self._urgent_drawings_left = URGENT_DRAWINGS

    def drawn(self, now: float) -> bool:
        """Note a drawing of Textual's; tell whether it is taken for the effect of a key."""
        if now >= self._urgent_until or not self._urgent_drawings_left:
            return False
        self._urgent_drawings_left -= 1
        return True

    def restart(self) -> None:
        """Forget what is on its way: the terminal was handed to others meanwhile."""
        self._questions.clear()
        self._has_sent_frame = False

    def asked(self, now: float, frame_size: int = 0) -> None:
        """Note that a question went out, at the end of a frame or alone."""
        self._questions.append(_Question(now, frame_size))

    def sent(self, now: float, size: int) -> None:
        """Note that a frame of `size` bytes, with its question, went out."""
        self.asked(now, size)
        self._has_sent_frame = True
        self._saved_bytes = self._saved_by(now) - size
        self._saved_at = self._sent_at = now

    def answered(self, now: float) -> None:
        """Note an answer: the terminal has shown everything before the question it belongs to."""
        self._answered_at = now
        self.is_acknowledged = True
        if not self._questions:
            return
        question = self._questions.popleft()
        self.answer_s = now - question.asked_at
        self._quickest_answer_s = min(self._quickest_answer_s, self.answer_s)
        if self.answer_s > self._quickest_answer_s + _LATE_BY_S:
            self.frame_budget = max(SMALLEST_FRAME, self.frame_budget // 2)
        elif question.frame_size >= self.frame_budget // 2:
            self.frame_budget = min(LARGEST_FRAME, self.frame_budget * 3 // 2)

    def decide(self, now: float, *, has_urgent: bool, has_any: bool) -> Decision:
        """Say what to do about what is left to send."""
        if self._questions and self._has_sent_frame:
            waiting = self._wait_for_answer(now, has_urgent)
            if waiting is not None:
                return waiting
        if not has_any:
            return Decision(Turn.WAIT)
        if (pause := self._steady_pause(now)) <= 0:
            return Decision(Turn.SEND_ALL)
        return Decision(Turn.SEND_URGENT) if has_urgent else Decision(Turn.WAIT, pause)

    def _wait_for_answer(self, now: float, has_urgent: bool) -> Decision | None:
        """Decide while the terminal owes an answer; None if it is not worth waiting for any more."""
        asked_at, answered_at = self._questions[-1].asked_at, self._answered_at
        patience = SILENT_AFTER_S if answered_at is None else ASK_AGAIN_AFTER_S
        remaining = max(asked_at, answered_at or 0.0) + patience - now
        if self.is_acknowledged and remaining > 0:
            # The effect of a key overtakes: one short frame more on its way.
            if has_urgent and len(self._questions) == 1:
                return Decision(Turn.SEND_URGENT)
            return Decision(Turn.WAIT, remaining)
        if answered_at is not None and answered_at < asked_at:
            return Decision(Turn.ASK)
        # Either the terminal never answers, or it answered the newest question and not some before.
        self.is_acknowledged = answered_at is not None
        self._questions.clear()
        return None

    def _steady_pause(self, now: float) -> float:
        saved = self._saved_by(now)
        if saved < 0:
            return -saved / STEADY_BYTES_PER_S
        interval = CALM_INTERVAL_S if saved > SAVED_BYTES / 3 else BUSY_INTERVAL_S
        return self._sent_at + interval - now

    def _saved_by(self, now: float) -> float:
        return min(SAVED_BYTES, self._saved_bytes + (now - self._saved_at) * STEADY_BYTES_PER_S)
