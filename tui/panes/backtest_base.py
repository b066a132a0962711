"""What the panes of the backtests screen share: they show the run under the history's cursor."""

from __future__ import annotations

from collections.abc import Sequence

from tui.backtest_view import Subject
from tui.panes.base import WorkspacePane
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column


class BacktestPane(WorkspacePane):
    """A pane that shows a run, or what it came to."""

    def show(self, subject: Subject) -> None:
        """Show this from now on; called only when it is another one, or the pane another size."""
        raise NotImplementedError


class ChangingTable(LiveTable):
    """A table whose columns depend on what is shown."""

    def use_columns(self, columns: Sequence[Column]) -> None:
        """Have these columns from now on; the same ones again cost nothing."""
        if self._columns != tuple(columns):
            self.set_columns(columns)
