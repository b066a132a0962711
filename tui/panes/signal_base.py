"""What the panes of the signals screen share: they show a `SignalView`, mostly as one table."""

from __future__ import annotations

from tui.panes.base import WorkspacePane
from tui.panes.table_pane import TablePane
from tui.signal_view import SignalView


class SignalPane(WorkspacePane):
    """A pane of the signals screen."""

    def show(self, view: SignalView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class SignalTablePane(SignalPane, TablePane):
    """A pane of the signals screen that is one table."""


def subject_key(subject_id: int, symbol: str) -> str:
    """Return the key of a row about a signal or a pool on a symbol."""
    return f"{subject_id}:{symbol}"


def subject_of(key: str | None) -> tuple[int, str] | None:
    """Return what a row's key is about: an id and a symbol, "" where it stands for none."""
    if key is None:
        return None
    subject_id, _, symbol = key.partition(":")
    return int(subject_id), symbol
