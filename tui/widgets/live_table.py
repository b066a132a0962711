"""A table whose cells change many times a second.

The owner hands over the complete rows it wants to see; the table compares them with what it
shows and repaints only the cells that differ. Equal values cost nothing, rows outside the
window cost nothing. Cells are plain text with a colour role; nothing is read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import Align, fit
from tui.widgets.role_styles import RoleStyles
from tui.widgets.table_layout import COLUMN_GAP, Column, PlacedColumn, place_columns

HEADER_HEIGHT = 1


class Cell(msgspec.Struct, frozen=True):
    """A text and the colour role it has; `align` overrides the column's."""

    text: str
    role: str = "text"
    align: Align | None = None


class Row(msgspec.Struct, frozen=True):
    """One row: a key that stays the same while its cells change, and a cell for every column."""

    key: str
    cells: tuple[Cell, ...]


class LiveTable(ScrollView, can_focus=True):
    """A table with a row cursor that repaints only the cells that changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "live-table--header",
        "live-table--cursor",
        "live-table--cursor-blurred",
        "live-table--empty",
    }
    DEFAULT_CSS = """
    LiveTable {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    LiveTable > .live-table--header { color: $header; text-style: $header-style; }
    LiveTable > .live-table--cursor {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    LiveTable > .live-table--cursor-blurred {
        color: $block-cursor-blurred-foreground;
        background: $block-cursor-blurred-background;
    }
    LiveTable > .live-table--empty { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move_cursor(1)", "Down", show=False),
        Binding("up,k", "move_cursor(-1)", "Up", show=False),
        Binding("home,g", "cursor_first", "First", show=False),
        Binding("end,G", "cursor_last", "Last", show=False),
        Binding("pagedown", "move_cursor_page(1)", "Page down", show=False),
        Binding("pageup", "move_cursor_page(-1)", "Page up", show=False),
        Binding("enter", "select_row", "Select", show=False),
    ]

    class RowHighlighted(Message):
        """The cursor came to stand on another row (`key` is None when the table became empty)."""

        def __init__(self, table: LiveTable, key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LiveTable:
            """The table, for `@on(..., "#selector")`."""
            return self.table

    class RowSelected(Message):
        """Enter or a click on the row under the cursor."""

        def __init__(self, table: LiveTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LiveTable:
            """The table, for `@on(..., "#selector")`."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty_text: str = "",
        show_header: bool = True,
        show_cursor: bool = True,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._columns = tuple(columns)
        self._empty_text = empty_text
        self._header_height = HEADER_HEIGHT if show_header else 0
        self._show_cursor = show_cursor
        self._rows: tuple[Row, ...] = ()
        self._index_of: dict[str, int] = {}
        self._cursor = 0
        self._styles_of_rows = RoleStyles(self)
        self._styles_of_cursor = RoleStyles(self)
        self._needed = [column.width for column in self._columns]
        self._placed: tuple[PlacedColumn, ...] = ()
        self._placed_width = -1

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows as last shown."""
        return self._rows

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor, or None in an empty table."""
        return self._rows[self._cursor].key if self._rows else None

    def show(self, rows: Sequence[Row]) -> None:
        """Make the table show exactly these rows; the cursor stays on its row's key.

        Raises `ValueError` if two rows have one key.
        """
        wanted = tuple(rows)
        if wanted == self._rows:
            return
        index_of = {row.key: index for index, row in enumerate(wanted)}
        if len(index_of) != len(wanted):
            raise ValueError("live table: two rows have the same key")
        shown, old_cursor, old_key = self._rows, self._cursor, self.cursor_key
        self._make_room(wanted)
        self._rows, self._index_of = wanted, index_of
        self._cursor = index_of.get(old_key or "", min(old_cursor, max(0, len(wanted) - 1)))
        self._repaint_differences(shown, old_cursor)
        if len(shown) != len(wanted):
            self.virtual_size = Size(self._width, len(wanted) + self._header_height)
        if self.cursor_key != old_key:
            self.post_message(self.RowHighlighted(self, self.cursor_key))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Replace the columns; the next `show` brings rows that fit them."""
        self._columns = tuple(columns)
        self._needed = [column.width for column in self._columns]
        self._rows, self._index_of, self._cursor = (), {}, 0
        self._placed_width = -1
        self.refresh()

    def move_cursor_to(self, key: str) -> None:
        """Put the cursor on the row of that key; an unknown key changes nothing."""
        if key in self._index_of:
            self._set_cursor(self._index_of[key])

    def action_move_cursor(self, distance: int) -> None:
        """Move the cursor by a number of rows."""
        self._set_cursor(self._cursor + distance)

    def action_move_cursor_page(self, pages: int) -> None:
        """Move the cursor by a number of windows full of rows."""
        self._set_cursor(self._cursor + pages * max(1, self._window_height - 1))

    def action_cursor_first(self) -> None:
        """Move the cursor to the first row."""
        self._set_cursor(0)

    def action_cursor_last(self) -> None:
        """Move the cursor to the last row."""
        self._set_cursor(len(self._rows) - 1)

    def action_select_row(self) -> None:
        """Tell the owner that the row under the cursor was chosen."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.RowSelected(self, key))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._update_styles()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window: the header, a row, or blank."""
        width = self._width
        if y < self._header_height:
            return self._header_strip(width)
        if not self._rows:
            return self._empty_strip(y, width)
        index = self._first_visible + y - self._header_height
        if index >= len(self._rows):
            return Strip.blank(width, self._styles_of_rows.base)
        return self._row_strip(index, width)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in the window."""
        self.virtual_size = Size(self._width, len(self._rows) + self._header_height)
        self._scroll_to_cursor()
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor as the one that keys move."""
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        """Show the cursor as one that waits."""
        self._refresh_row(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; a click on the cursor's row selects it."""
        index = self._first_visible + event.y - self._header_height
        if event.y < self._header_height or index >= len(self._rows):
            return
        if index == self._cursor:
            self.action_select_row()
        else:
            self._set_cursor(index)

    def _make_room(self, rows: Sequence[Row]) -> None:
        """Widen the columns whose texts are never cut; they keep their width, so nothing jitters."""
        for index, column in enumerate(self._columns):
            if not column.is_whole:
                continue
            longest = max((cell_len(_cell(row, index).text) for row in rows), default=0)
            if longest > self._needed[index]:
                self._needed[index] = longest
                self._placed_width = -1
                self.refresh()

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _placement(self) -> tuple[PlacedColumn, ...]:
        """Return the columns as placed in the present width, which a scroll bar can change."""
        if (width := self._width) != self._placed_width:
            columns = [
                msgspec.structs.replace(column, width=needed)
                for column, needed in zip(self._columns, self._needed, strict=True)
            ]
            self._placed, self._placed_width = place_columns(columns, width), width
        return self._placed

    @property
    def _first_visible(self) -> int:
        return self.scroll_offset.y

    @property
    def _window_height(self) -> int:
        return max(0, self.size.height - self._header_height)

    def _set_cursor(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        if index == self._cursor or not self._rows:
            return
        old, self._cursor = self._cursor, index
        self._refresh_row(old)
        self._refresh_row(index)
        self._scroll_to_cursor()
        self.post_message(self.RowHighlighted(self, self.cursor_key))

    def _scroll_to_cursor(self) -> None:
        first, height = self._first_visible, self._window_height
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif height and self._cursor >= first + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)

    def _refresh_row(self, index: int) -> None:
        line = index - self._first_visible
        if 0 <= line < self._window_height:
            self.refresh(Region(0, line + self._header_height, self._width, 1))

    def _repaint_differences(self, shown: tuple[Row, ...], old_cursor: int) -> None:
        if not shown or not self._rows:
            self.refresh()
            return
        regions: list[Region] = []
        first = self._first_visible
        for line in range(self._window_height):
            index = first + line
            old = shown[index] if index < len(shown) else None
            new = self._rows[index] if index < len(self._rows) else None
            y = line + self._header_height
            if (index == old_cursor) != (index == self._cursor):
                regions.append(Region(0, y, self._width, 1))
            elif old is None or new is None:
                if old is not new:
                    regions.append(Region(0, y, self._width, 1))
            elif old.cells != new.cells and (region := self._changed_cells(old, new, y)):
                regions.append(region)
        if regions:
            self.refresh(*regions)

    def _changed_cells(self, old: Row, new: Row, y: int) -> Region | None:
        """Return the part of a line from its first to its last differing cell."""
        differing = [
            (x, x + width)
            for column, x, width in self._placement()
            if _cell(old, column) != _cell(new, column)
        ]
        return Region(differing[0][0], y, differing[-1][1] - differing[0][0], 1) if differing else None

    def _header_strip(self, width: int) -> Strip:
        style = self.get_component_rich_style("live-table--header")
        columns = self._columns
        titles = (
            Segment(
                fit(columns[column].title, cells, columns[column].align) + " " * COLUMN_GAP,
                style,
            )
            for column, _, cells in self._placement()
        )
        return Strip(titles).adjust_cell_length(width, style)

    def _empty_strip(self, y: int, width: int) -> Strip:
        style = self.get_component_rich_style("live-table--empty")
        middle = self._header_height + max(0, self._window_height - 1) // 3
        return Strip([Segment(fit(self._empty_text if y == middle else "", width, "center"), style)], width)

    def _update_styles(self) -> None:
        self._styles_of_rows.update(self.rich_style)
        suffix = "" if self.has_focus else "-blurred"
        self._styles_of_cursor.update(self.get_component_rich_style(f"live-table--cursor{suffix}"))

    def _row_strip(self, index: int, width: int) -> Strip:
        row, styles, keeps_roles = self._rows[index], self._styles_of_rows, True
        if self._show_cursor and index == self._cursor:
            styles = self._styles_of_cursor
            # Sixteen colours leave no hue that is readable on the cursor's background.
            keeps_roles = not self.app.native_ansi_color
        base, gap = styles.base, " " * COLUMN_GAP
        segments: list[Segment] = []
        for column, _, cells in self._placement():
            cell = _cell(row, column)
            style = styles[cell.role] if keeps_roles else base
            text = self._columns[column].fitted(cell.text, cells, cell.align)
            if style.reverse or style.underline:
                segments += (Segment(text, style), Segment(gap, base))
            else:
                segments.append(Segment(text + gap, style))
        return Strip(segments).adjust_cell_length(width, base)


_NO_CELL = Cell("")


def _cell(row: Row, index: int) -> Cell:
    return row.cells[index] if index < len(row.cells) else _NO_CELL
