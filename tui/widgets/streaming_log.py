"""A log of text blocks whose last ones still grow: the model chat.

Only lines in the window are ever rendered, and only those that differ are painted. What arrives
between two paints is painted together. Texts are plain; nothing is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import fit
from tui.widgets.log_text import BLANK_LINE, LogBlock, LogLine, LogText
from tui.widgets.role_styles import RoleStyles

__all__ = ["LogBlock", "StreamingLog"]

PAINT_INTERVAL_S = 0.1
MAX_BLOCKS = 500


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
    ]

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
        self._paint_is_due = False

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def put(self, block: LogBlock, below: str = "") -> None:
        """Add a block at the end, or right below another one; replace the one with its id."""
        self._text.put(block, below)
        self._paint_soon()

    def append(self, block_id: str, delta: str) -> None:
        """Add text to the body of a block; an id that has left the log changes nothing."""
        self._text.append(block_id, delta)
        self._paint_soon()

    def reset(self, blocks: Iterable[LogBlock] = ()) -> None:
        """Replace everything, and show the end."""
        self._text.clear()
        for block in blocks:
            self._text.put(block)
        self._follows_end = True
        self._paint_soon()

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by a number of windows."""
        self.action_scroll_lines(pages * max(1, self.size.height - 1))

    def action_scroll_first(self) -> None:
        """Scroll to the first line."""
        self.scroll_to(y=0, animate=False)

    def action_scroll_last(self) -> None:
        """Scroll to the last line and follow the end from now on."""
        self.scroll_to(y=self.max_scroll_y, animate=False)

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
        """Note whether the reader is at the end, then scroll as usual."""
        self._follows_end = round(new_value) >= self.max_scroll_y
        self._shown = self._window_lines()
        super().watch_scroll_y(old_value, new_value)

    def _paint_soon(self) -> None:
        if not self._paint_is_due and self.is_attached:
            self._paint_is_due = True
            self.set_timer(PAINT_INTERVAL_S, self._paint)

    def _paint(self) -> None:
        self._paint_is_due = False
        self._update_height()
        if self._follows_end and self.scroll_offset.y != self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        old, self._shown = self._shown, self._window_lines()
        if not old or not self._text.line_count:
            self.refresh()
            return
        changed = [
            Region(0, y, self._width, 1)
            for y in range(max(len(old), len(self._shown)))
            if _line_at(old, y) != _line_at(self._shown, y)
        ]
        if changed:
            self.refresh(*changed)

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
        return Strip([Segment(line.text, styles[line.role])]).adjust_cell_length(self._width, styles.base)


def _line_at(lines: list[LogLine], y: int) -> LogLine:
    return lines[y] if y < len(lines) else BLANK_LINE
