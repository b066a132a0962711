"""The runs pane: the history of backtests and sweeps, what runs now, and how each came out."""

from __future__ import annotations

from engine.model.backtest import BacktestRun, BacktestStatus
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_view import (
    INCOMPLETE,
    MARK,
    BacktestView,
    RunSort,
    name_words,
    percent,
    progress_words,
    reason_words,
    state_words,
)
from tui.panes.table_pane import TablePane
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("mark", " ", 1),
    Column("id", "run", 6),
    Column("name", "program", 14, weight=3),
    Column("symbols", "on", 5, weight=1, priority=2, cut="words"),
    Column("state", "state", 13),
    Column("return", "return", 8, align="right"),
    Column("drawdown", "drawdown", 8, align="right", priority=1),
    Column("sharpe", "Sharpe", 6, align="right", priority=1),
    Column("trades", "trades", 6, align="right", priority=3),
    Column("when", "started", 11, align="right", priority=4),
    Column("equity", "equity", 12, align="right", priority=5),
)
EMPTY = "no runs yet · N backtests a program over recorded history"
STARTING = "the desk is still starting"


def run_row(run: BacktestRun, *, is_marked: bool) -> Row:
    """Return the cells of one run."""
    made, fell = run.summary.get("total_return_pct"), run.summary.get("max_drawdown_pct")
    sharpe = run.summary.get("sharpe")
    is_known = bool(run.summary) or run.final_equity is not None
    return Row(
        run.run_id,
        (
            Cell(MARK if is_marked else "", "accent"),
            Cell(run.run_id, "accent" if is_marked else "muted"),
            Cell(name_words(run)),
            Cell(" ".join(run.symbols), "muted"),
            Cell(*state_words(run)),
            Cell(percent(made), fmt.trend_role(made)),
            Cell(percent(fell), "muted"),
            Cell(
                fmt.ABSENT if sharpe is None else f"{sharpe:.2f}", "text" if sharpe is not None else "muted"
            ),
            Cell(f"{run.total_trades:,}" if is_known else fmt.ABSENT, "muted"),
            Cell(fmt.short_date_time(run.created_ms), "muted"),
            Cell(fmt.ABSENT if run.final_equity is None else f"{run.final_equity:,.2f}", "muted"),
        ),
    )


def run_words(run: BacktestRun) -> str:
    """Return what the pane says of the run under its cursor: its progress, or why it is incomplete."""
    if run.status in INCOMPLETE:
        return f"{run.status.value}: {reason_words(run)}"
    if run.status is BacktestStatus.RUNNING:
        return progress_words(run)
    return run.error


class RunsPane(TablePane):
    """A row for each run."""

    context = Context.RUNS
    BINDINGS = bindings_for(Context.RUNS)
    HELP = "N backtests a program, W sweeps its parameters, c marks runs to compare."
    columns = COLUMNS
    empty_text = EMPTY

    def show(self, view: BacktestView) -> None:
        """Show the history."""
        self.table.show([run_row(run, is_marked=run.run_id in view.marked) for run in view.runs])
        by = "" if view.sort is RunSort.NEWEST else f" · by {view.sort}"
        self.set_heading(f"{self.title}{by}")
        run = view.run(self.cursor_key)
        marked = len([run_id for run_id in view.marked if view.run(run_id) is not None])
        words = [run_words(run)] if run else [STARTING] if view.is_starting else []
        if marked == 1:
            words.insert(0, "one marked · c marks another to compare with")
        self.set_subtitle(" · ".join(filter(None, words)))
