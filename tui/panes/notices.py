"""Notices: short messages in a corner of the desk, few, small and gone by themselves.

They belong to the desk alone: a dialog covers them, and while one or the command line is open
their time stands still, so nothing is missed and nothing is covered.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tui.theming import role_style
from tui.widgets.wrapping import wrap, wrap_within

MAX_SHOWN = 3
MAX_LINES = 2
WIDTH = 62
SECONDS = {"information": 4.0, "warning": 6.0, "error": 8.0}
SEE_CHAT = " … see chat"
_TEXT_WIDTH = WIDTH - 4
_ROLES = {"information": "accent", "warning": "warning", "error": "danger"}


class Notice(msgspec.Struct, frozen=True):
    """A message, how often it was said, and how much longer it stays."""

    message: str
    severity: str
    seconds: float
    count: int = 1

    @property
    def lines(self) -> list[str]:
        """The message as shown: at most two lines, with how often it was said."""
        text = " ".join(self.message.split())
        repeats = f" ×{self.count}" if self.count > 1 else ""
        if not _fits(text + repeats):
            repeats = SEE_CHAT + repeats
            text = _longest_fitting(text, repeats)
        return wrap_within(text + repeats, _TEXT_WIDTH, MAX_LINES)


def is_too_long(message: str) -> bool:
    """Tell whether a notice has to cut a message."""
    return not _fits(" ".join(message.split()))


def _fits(text: str) -> bool:
    """Tell whether a text needs no more lines than there are; a much longer one is not even wrapped."""
    return cell_len(text) <= MAX_LINES * WIDTH and len(wrap(text, _TEXT_WIDTH)) <= MAX_LINES


def _longest_fitting(text: str, ending: str) -> str:
    """Return as much of the beginning of a text as fits before an ending.

    A longer beginning never needs fewer lines, so the place of the cut is searched by halves.
    """

    def is_too_long(length: int) -> bool:
        return not _fits(text[:length].rstrip() + ending)

    most = MAX_LINES * WIDTH
    while most < len(text) and not is_too_long(most):
        most *= 2
    length = bisect_left(range(1, min(most, len(text)) + 1), True, key=is_too_long)
    return text[:length].rstrip()


def with_notice(notices: tuple[Notice, ...], message: str, severity: str) -> tuple[Notice, ...]:
    """Return the notices with one more, or with the same one counted up.

    When there are too many the oldest of the least severe ones leaves.
    """
    seconds = SECONDS.get(severity, SECONDS["information"])
    count = 1 + sum(item.count for item in notices if (item.message, item.severity) == (message, severity))
    kept = [item for item in notices if (item.message, item.severity) != (message, severity)]
    while len(kept) >= MAX_SHOWN:
        kept.remove(min(kept, key=lambda item: SECONDS.get(item.severity, 0.0)))
    return (*kept, Notice(message, severity, seconds, count))


def after(notices: tuple[Notice, ...], elapsed: float) -> tuple[Notice, ...]:
    """Return the notices that are left after so many seconds in view."""
    aged = (msgspec.structs.replace(item, seconds=item.seconds - elapsed) for item in notices)
    return tuple(item for item in aged if item.seconds > 0)


class NoticeBox(Widget, can_focus=False):
    """The notices as lines of text; `messages` are those that are there."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "NoticeBox { width: auto; height: 0; background: $panel; visibility: visible; }"

    def __init__(self) -> None:
        super().__init__()
        self.notices: tuple[Notice, ...] = ()
        self._lines: list[tuple[str, str]] = []

    def put(self, notices: tuple[Notice, ...]) -> None:
        """Show these from now on; equal ones cost nothing."""
        self.notices = notices
        lines = [(line, _ROLES.get(item.severity, "accent")) for item in notices for line in item.lines]
        if lines != self._lines:
            self.styles.height = len(lines)
            self.styles.width = 4 + max((cell_len(line) for line, _ in lines), default=0)
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line: the mark of its severity and the text."""
        base = self.rich_style
        text, role = self._lines[y] if y < len(self._lines) else ("", "text")
        mark = Segment("▌ ", base + role_style(self.app, role) if text else base)
        return Strip([mark, Segment(text, base)]).adjust_cell_length(self.size.width, base)


class Notices(Widget, can_focus=False):
    """The corner of the desk where notices appear, above the footer."""

    DEFAULT_CSS: ClassVar[str] = """
    Notices {
        layer: notices;
        dock: bottom;
        height: auto;
        max-height: 7;
        margin-bottom: 1;
        align-horizontal: right;
        visibility: hidden;
        display: none;
    }
    """

    def compose(self) -> ComposeResult:
        """Build the box."""
        yield NoticeBox()

    @property
    def messages(self) -> list[str]:
        """What the notices say, oldest first."""
        return [notice.message for notice in self._box.notices]

    @property
    def _box(self) -> NoticeBox:
        return self.query_one(NoticeBox)

    def say(self, message: str, severity: str) -> None:
        """Show one more notice."""
        self._box.put(with_notice(self._box.notices, message, severity))

    def pass_time(self, elapsed: float, *, is_in_view: bool) -> None:
        """Let time pass; notices that are not in view stay hidden and do not age."""
        if is_in_view and self._box.notices:
            self._box.put(after(self._box.notices, elapsed))
        is_shown = is_in_view and bool(self._box.notices)
        if is_shown != self.display:
            self.display = is_shown
