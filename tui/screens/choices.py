"""A dialog with a list to choose one thing from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui.screens.dialog import DialogScreen
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

KEY_WIDTH = 6
AROUND = 8
"""Cells of a line besides its two texts: the frame, its padding, and the gap."""


class ChoiceScreen(DialogScreen[str | None], inherit_bindings=False):
    """Offers (key, words) pairs; dismissed with the key chosen, or None."""

    DEFAULT_CSS = """
    ChoiceScreen .dialog { min-width: 34; }
    ChoiceScreen LiveTable { height: auto; max-height: 100%; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Back")]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], chosen: str) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Build the list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter chooses · Esc leaves"
            key = max([KEY_WIDTH, *(cell_len(key) for key, _ in self._choices)])
            words = max([0, *(cell_len(words) for _, words in self._choices)])
            dialog.styles.width = key + words + AROUND
            columns = (Column("key", "", key), Column("words", "", 12, weight=1))
            yield LiveTable(columns, show_header=False)

    def on_mount(self) -> None:
        """Fill the list and put the cursor on what holds now."""
        table = self.query_one(LiveTable)
        table.styles.height = len(self._choices)
        table.show([Row(key, (Cell(key, "accent"), Cell(words, "muted"))) for key, words in self._choices])
        table.move_cursor_to(self._chosen)
        table.focus()

    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowSelected) -> None:
        """Answer with the row under the cursor."""
        event.stop()
        self.dismiss(event.key)
