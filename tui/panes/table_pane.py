"""Panes that are one table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.panes.base import WorkspacePane
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column


class TablePane(WorkspacePane):
    """A pane that is one table; a row's key says what it is about."""

    columns: ClassVar[tuple[Column, ...]]
    empty_text: ClassVar[str]

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(self.columns, empty_text=self.empty_text)

    @property
    def table(self) -> LiveTable:
        """The table."""
        return self.query_one(LiveTable)

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self.table.cursor_key


class NumberedTablePane(TablePane):
    """A pane that is one table; a row's key is the number of what it is about."""

    @property
    def cursor_id(self) -> int | None:
        """The number of what is under the cursor; None where no row is."""
        key = self.cursor_key
        return int(key) if key is not None else None
