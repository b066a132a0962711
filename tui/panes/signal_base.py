"""What the panes of the signals screen share: they show a `SignalView`, mostly as one table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.panes.base import WorkspacePane
from tui.signal_view import SignalView
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column


class SignalPane(WorkspacePane):
    """A pane of the signals screen."""

    def show(self, view: SignalView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class SignalTablePane(SignalPane):
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


def subject_key(subject_id: int, symbol: str) -> str:
    """Return the key of a row about a signal or a pool on a symbol."""
    return f"{subject_id}:{symbol}"


def subject_of(key: str | None) -> tuple[int, str] | None:
    """Return what a row's key is about: an id and a symbol, "" where it stands for none."""
    if key is None:
        return None
    subject_id, _, symbol = key.partition(":")
    return int(subject_id), symbol
