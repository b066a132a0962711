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


def use_columns(table: LiveTable, columns: Sequence[Column]) -> None:
    """Give a table these columns, unless it has them already."""
    if table.columns != tuple(columns):
        table.set_columns(columns)
