"""What the panes of the programs screen share: they show a `ProgramView`, most of them as one table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.panes.base import WorkspacePane
from tui.program_view import ProgramView
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column


class ProgramPane(WorkspacePane):
    """A pane of the programs screen."""

    def show(self, view: ProgramView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class ProgramTablePane(ProgramPane):
    """A pane with a table in which a row's key is the id of what it is about."""

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
    def cursor_id(self) -> int | None:
        """The id of what the cursor is on."""
        key = self.table.cursor_key
        return int(key) if key is not None else None
