"""What the panes of the programs screen share: they show a `ProgramView`, most of them as one table."""

from __future__ import annotations

from tui.panes.base import WorkspacePane
from tui.panes.table_pane import NumberedTablePane
from tui.program_view import ProgramView


class ProgramPane(WorkspacePane):
    """A pane of the programs screen."""

    def show(self, view: ProgramView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class ProgramTablePane(ProgramPane, NumberedTablePane):
    """A pane of the programs screen that is one table."""
