"""A log of text blocks whose last ones still grow: the model chat.

Only lines in the window are ever rendered, and only those that differ are painted. What arrives
between two paints is painted together: at most four paints a second, and fewer where they are so large
that the terminal would get too many bytes. A log that is out of view paints nothing. A reader who has
scrolled back keeps the lines they read, whatever comes or grows above and below. Texts are plain;
nothing is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import fit
from tui.widgets.log_text import BLANK_LINE, LinePlace, LogBlock, LogLine, LogText
from tui.widgets.role_styles import RoleStyles

__all__ = ["LogBlock", "StreamingLog"]

PAINT_INTERVAL_S = 0.25
MAX_BYTES_PER_S = 16_000
"""What paints may come to, by the text of the lines that changed; colours make it some more."""
_BYTES_PER_LINE = 24
"""What it takes to go to a line and to colour it."""
MAX_BLOCKS = 500
_CURSOR_STYLE = Style(reverse=True)


class StreamingLog(ScrollView, can_focus=True):
    """A scrolling log of blocks; it follows the end as long as the reader is there."""

    DEFAULT_CSS = """
    StreamingLog {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("home,g", "scroll_first", "First", show=False),
        Binding("end,G", "scroll_last", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    @dataclass
    class Unseen(Message):
        """How many blocks came since the reader scrolled back; 0 when they are at the end again."""

        count: int

    @dataclass
    class Chosen(Message):
        """The reader chose what is under the cursor."""

    @dataclass
    class Clicked(Message):
        """The reader clicked on a line of a block."""

        block_id: str

    class ReachedTop(Message):
        """The reader wants to see what came before the first line."""

    def __init__(
        self,
        *,
        max_blocks: int = MAX_BLOCKS,
        empty_text: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._text = LogText(width=80, max_blocks=max_blocks)
        self._empty_text = empty_text
        self._shown: list[LogLine] = []
        self._role_styles = RoleStyles(self)
        self._follows_end = True
        self._place: LinePlace | None = None
        self._unseen = 0
        self._is_in_view = True
        self._paint_is_due = False
        self._paint_pause_s = PAINT_INTERVAL_S

    @property
    def follows_end(self) -> bool:
        """Whether new text keeps the end in view."""
        return self._follows_end

    @property
    def cursor(self) -> str:
        """The id of the block with the cursor, "" without one."""
        return self._text.cursor

    def set_in_view(self, is_in_view: bool) -> None:
        """Paint from now on, or nothing until the log comes into view again."""
        if is_in_view != self._is_in_view:
            self._is_in_view = is_in_view
            if is_in_view:
                self._paint_soon()

    def put_cursor(self, block_id: str) -> None:
        """Mark a block, and bring its first line into the window."""
        self._text.cursor = block_id
        line = self._text.index_of(LinePlace(block_id, 0))
        top, height = self.scroll_offset.y, self.size.height
        if line is not None and not top <= line < top + height:
            self._go_to(max(0, line - height // 3))
        self._paint()

    def window_blocks(self) -> tuple[str, ...]:
        """Return the ids of the blocks with a line in the window, from above to below."""
        first = self.scroll_offset.y
        places = (self._text.place_of(line) for line in range(first, first + self.size.height))
        return tuple(dict.fromkeys(place.block_id for place in places if place is not None))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def put(self, block: LogBlock, below: str = "") -> None:
        """Add a block at the end, or right below another one; replace the one with its id."""
        if not (self._follows_end or block.joins or block.id in self._text):
            self._count_unseen(self._unseen + 1)
        self._text.put(block, below)
        self._paint_soon()

    def drop(self, block_ids: Iterable[str]) -> None:
        """Forget some blocks."""
        self._text.remove(block_ids)
        self._paint_soon()

    def append(self, block_id: str, delta: str) -> None:
        """Add text to the body of a block; an id that has left the log changes nothing."""
        self._text.append(block_id, delta)
        self._paint_soon()

    def reset(self, blocks: Iterable[LogBlock] = (), *, keeps_place: bool = False) -> None:
        """Replace everything, and show the end; one who has scrolled back stays where they are if asked."""
        self._text.clear()
        for block in blocks:
            self._text.put(block)
        if not keeps_place:
            self._follows_end = True
            self._count_unseen(0)
        self._paint_soon()

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by a number of lines."""
        if lines < 0 and self.scroll_offset.y == 0:
            self.post_message(self.ReachedTop())
        self._go_to(self.scroll_offset.y + lines)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by a number of windows."""
        self.action_scroll_lines(pages * max(1, self.size.height - 1))

    def action_scroll_first(self) -> None:
        """Scroll to the first line; at the first line, ask for what came before it."""
        if self.scroll_offset.y == 0:
            self.post_message(self.ReachedTop())
        self._go_to(0)

    def action_scroll_last(self) -> None:
        """Scroll to the last line and follow the end from now on."""
        self._update_height()
        self._go_to(self.max_scroll_y)
        self._follow_end(True)

    def action_choose(self) -> None:
        """Choose what is under the cursor."""
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Tell which block was clicked."""
        place = self._text.place_of(self.scroll_offset.y + event.y)
        if place is not None:
            self.post_message(self.Clicked(place.block_id))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._role_styles.update(self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        width = self._width
        if not self._text.line_count:
            text = fit(self._empty_text, width, "center") if y == self.size.height // 3 else ""
            return self._strip(LogLine(text, "muted"))
        if y >= len(self._shown):
            return Strip.blank(width, self._role_styles.base)
        return self._strip(self._shown[y])

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        self._text.set_width(self._width)
        self._paint()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note whether the reader is at the end, and which line is the first they see; scroll as usual."""
        self._follow_end(round(new_value) >= self.max_scroll_y)
        self._place = None if self._follows_end else self._text.place_of(round(new_value))
        self._shown = self._window_lines()
        super().watch_scroll_y(old_value, new_value)

    def _follow_end(self, follows: bool) -> None:
        self._follows_end = follows
        if follows:
            self._count_unseen(0)

    def _count_unseen(self, count: int) -> None:
        if count != self._unseen:
            self._unseen = count
            self.post_message(self.Unseen(count))

    def _go_to(self, y: int) -> None:
        self.scroll_to(y=y, animate=False, immediate=True)

    def _paint_soon(self) -> None:
        if not self._paint_is_due and self._is_in_view and self.is_attached:
            self._paint_is_due = True
            self.set_timer(self._paint_pause_s, self._paint)

    def _paint(self) -> None:
        self._paint_is_due = False
        if not self._is_in_view:
            return
        old = self._shown
        self._update_height()
        self._keep_place()
        self._shown = self._window_lines()
        changed = [
            y for y in range(max(len(old), len(self._shown))) if _line_at(old, y) != _line_at(self._shown, y)
        ]
        sizes = (len(_line_at(self._shown, y).text.encode()) + _BYTES_PER_LINE for y in changed)
        self._paint_pause_s = max(PAINT_INTERVAL_S, sum(sizes) / MAX_BYTES_PER_S)
        if not old or not self._text.line_count:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, self._width, 1) for y in changed))

    def _keep_place(self) -> None:
        """Go to the end if the reader is there, else to the line they read first, wherever it is now."""
        follows, here = self._follows_end, self.scroll_offset.y
        place = None if self._place is None else self._text.index_of(self._place)
        wanted = self.max_scroll_y if follows else min(here if place is None else place, self.max_scroll_y)
        if wanted != here:
            self._go_to(wanted)
            self._follows_end = follows

    def _update_height(self) -> None:
        """Tell Textual the new height without the screen-wide layout pass that assigning it costs.

        The scroll bar is always there, so a new height can move nothing but its thumb.
        """
        height = self._text.line_count
        if height != self.virtual_size.height:
            self.set_reactive(StreamingLog.virtual_size, Size(self._width, height))
            self.vertical_scrollbar.window_virtual_size = height

    def _window_lines(self) -> list[LogLine]:
        first = self.scroll_offset.y
        last = min(first + self.size.height, self._text.line_count)
        return [self._text.line(index) for index in range(first, last)]

    def _strip(self, line: LogLine) -> Strip:
        styles = self._role_styles
        style = styles[line.role] + _CURSOR_STYLE if line.has_cursor else styles[line.role]
        return Strip([Segment(line.text, style)]).adjust_cell_length(self._width, styles.base)


def _line_at(lines: list[LogLine], y: int) -> LogLine:
    return lines[y] if y < len(lines) else BLANK_LINE
