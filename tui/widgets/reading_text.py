"""A long text to read: wrapped by words, scrolled with keys, searched without breaking at the line's end.

Texts are plain; nothing is read as markup.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.program_source import visible
from tui.widgets.role_styles import RoleStyles
from tui.widgets.wrapping import wrap

TAB_SIZE = 4


class Paragraph(NamedTuple):
    """A text that ends a line, in one colour role."""

    text: str
    role: str = "text"


class Row(NamedTuple):
    """One line of the window: where its text begins in which paragraph."""

    place: int
    start: int
    text: str


class Found(NamedTuple):
    """A place where the words stand: in which paragraph, from where to before where."""

    place: int
    start: int
    end: int


def paragraphs_of(text: str, role: str = "text") -> tuple[Paragraph, ...]:
    """Return the lines of a text as paragraphs, none for an empty one."""
    return tuple(Paragraph(line, role) for line in text.split("\n")) if text else ()


def rows_of(paragraphs: Sequence[Paragraph], width: int) -> list[Row]:
    """Return the paragraphs broken into rows; what stands at a break is blank and belongs to no row."""
    rows: list[Row] = []
    for place, paragraph in enumerate(paragraphs):
        start = 0
        for text in wrap(paragraph.text, width):
            start = max(paragraph.text.find(text, start), start)
            rows.append(Row(place, start, text))
            start += len(text)
    return rows


def places_of(paragraphs: Sequence[Paragraph], words: str) -> list[Found]:
    """Return every place of the words, in any case of letters."""
    if not words:
        return []
    looked_for = re.compile(re.escape(words), re.IGNORECASE)
    return [
        Found(place, *match.span())
        for place, paragraph in enumerate(paragraphs)
        for match in looked_for.finditer(paragraph.text)
    ]


class ReadingText(ScrollView, can_focus=True):
    """Shows paragraphs; `find` marks words in them and `go_to_found` moves from one place to the next."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ReadingText {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll_pages(1)", "Page down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("home,g", "scroll_lines(-100000000)", "First", show=False),
        Binding("end,G", "scroll_lines(100000000)", "Last", show=False),
    ]

    def __init__(self, *, empty_text: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs: tuple[Paragraph, ...] = ()
        self._rows: list[Row] = []
        self._empty_text = empty_text
        self._words = ""
        self._found: list[Found] = []
        self._at = 0
        self._role_styles = RoleStyles(self)

    @property
    def rows(self) -> tuple[str, ...]:
        """Every line as it is broken now, also those out of the window."""
        return tuple(row.text for row in self._rows)

    @property
    def found(self) -> tuple[int, int]:
        """Which place is shown, from 1, and how many there are; (0, 0) where nothing is found."""
        return (self._at + 1, len(self._found)) if self._found else (0, 0)

    def show(self, paragraphs: Sequence[Paragraph], empty_text: str = "", *, from_start: bool = True) -> None:
        """Show these paragraphs, from their start or where the reader is; equal ones cost nothing."""
        wanted = tuple(_plain(paragraph) for paragraph in paragraphs)
        if (wanted, empty_text) == (self._paragraphs, self._empty_text):
            return
        self._paragraphs, self._empty_text = wanted, empty_text
        self._found = places_of(wanted, self._words)
        self._at = min(self._at, max(0, len(self._found) - 1))
        self._rebuild()
        if from_start:
            self.scroll_to(y=0, animate=False, force=True)

    def find(self, words: str) -> None:
        """Mark the words everywhere, and show the first place at or below the top of the window."""
        self._words = words
        self._found = places_of(self._paragraphs, words)
        top = self._rows[self.scroll_offset.y] if self.scroll_offset.y < len(self._rows) else Row(0, 0, "")
        here = bisect_left(self._found, Found(top.place, top.start, 0))
        self._at = here if here < len(self._found) else 0
        self._show_found()

    def go_to_found(self, by: int) -> None:
        """Show the next place, or the one before, round in a circle."""
        if self._found:
            self._at = (self._at + by) % len(self._found)
        self._show_found()

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by a number of windows."""
        self.action_scroll_lines(pages * max(1, self.size.height - 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._role_styles.update(self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        width, index, styles = (
            self.scrollable_content_region.width,
            self.scroll_offset.y + y,
            self._role_styles,
        )
        if not self._rows:
            text = f"{self._empty_text:^{width}}"[:width] if y == self.size.height // 3 else ""
            return Strip([Segment(text, styles["muted"])]).adjust_cell_length(width, styles.base)
        if index >= len(self._rows):
            return Strip.blank(width, styles.base)
        return Strip(list(self._segments(self._rows[index]))).adjust_cell_length(width, styles.base)

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines anew, with the same words at the top."""
        top = self._rows[self.scroll_offset.y] if self.scroll_offset.y < len(self._rows) else None
        self._rebuild()
        if top is not None:
            self.scroll_to(y=self._row_at(top.place, top.start), animate=False, force=True)

    def _segments(self, row: Row) -> Iterator[Segment]:
        """Yield a row in pieces, those of the words that are looked for in reverse."""
        styles = self._role_styles
        style = styles[self._paragraphs[row.place].role]
        end, done = row.start + len(row.text), row.start
        first = bisect_left(self._found, Found(row.place, 0, 0))
        for number in range(first, len(self._found)):
            found = self._found[number]
            if found.place != row.place or found.start >= end:
                break
            start, stop = max(found.start, row.start), min(found.end, end)
            if start >= stop:
                continue
            yield Segment(row.text[done - row.start : start - row.start], style)
            marked = Style(reverse=True, bold=number == self._at, underline=number == self._at)
            yield Segment(row.text[start - row.start : stop - row.start], style + marked)
            done = stop
        yield Segment(row.text[done - row.start :], style)

    def _rebuild(self) -> None:
        width = self.scrollable_content_region.width
        self._rows = rows_of(self._paragraphs, width) if width > 0 else []
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()

    def _row_at(self, place: int, offset: int) -> int:
        """Return the row in which a place of a paragraph stands."""
        after = bisect_left(self._rows, (place, offset + 1), key=lambda row: (row.place, row.start))
        return max(0, after - 1)

    def _show_found(self) -> None:
        if self._found:
            found = self._found[self._at]
            row = self._row_at(found.place, found.start)
            if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
                self.scroll_to(y=max(0, row - self.size.height // 3), animate=False, force=True)
        self.refresh()


def _plain(paragraph: Paragraph) -> Paragraph:
    return paragraph._replace(text=visible(paragraph.text).expandtabs(TAB_SIZE))
