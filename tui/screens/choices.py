"""A dialog with a list to choose one thing from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui.screens.dialog import DialogScreen
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column


class ChoiceScreen(DialogScreen[str | None], inherit_bindings=False):
    """Offers (key, words) pairs; dismissed with the key chosen, or None."""

    DEFAULT_CSS = """
    ChoiceScreen .dialog { width: 34; }
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
            columns = (Column("key", "", 6), Column("words", "", 12, weight=1))
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
