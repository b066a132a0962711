"""The executions pane: every run of a binding, what woke it, what it decided, and what came of that."""

from __future__ import annotations

from engine.model.program import ProgramExecution
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.program_base import ProgramTablePane
from tui.program_view import ProgramView, decisions_words, milliseconds, trigger_words
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("sign", " ", 1),
    Column("time", "time", 11),
    Column("trigger", "woken by", 10, weight=2, cut="words"),
    Column("decision", "decided", 10, weight=2, cut="words"),
    Column("outcome", "outcome or error", 14, weight=5, priority=1),
    Column("took", "took", 7, align="right", priority=2),
    Column("program", "program", 14, weight=2, priority=3, cut="words"),
    Column("trader", "trader", 9, weight=1, priority=4, cut="words"),
)


def execution_row(view: ProgramView, execution: ProgramExecution) -> Row:
    """Return the cells of one run."""
    failed = execution.error is not None or not execution.success
    words, role = ("failed", "danger") if failed else decisions_words(execution.decisions)
    outcome = execution.error.sentence() if execution.error else execution.outcome
    return Row(
        execution.decision_id,
        (
            Cell("✗", "danger") if failed else Cell("✓", "gain"),
            Cell(fmt.time_or_day(execution.started_ms, view.now_ms), "muted"),
            Cell(trigger_words(execution.trigger)),
            Cell(words, role),
            Cell(outcome, "danger" if failed else "muted"),
            Cell(milliseconds(execution.duration_ms), "muted"),
            Cell(f"{view.program_name(execution.program_id)} v{execution.program_version}", "muted"),
            Cell(view.desk.trader_name(execution.trader_id), "muted"),
        ),
    )


class ExecutionsPane(ProgramTablePane):
    """A row for each run, newest first."""

    context = Context.EXECUTIONS
    BINDINGS = bindings_for(Context.EXECUTIONS)
    HELP = "Enter shows everything a run saw, asked for, printed and decided."
    columns = COLUMNS
    empty_text = "nothing has run yet · bindings wake programs"

    def show(self, view: ProgramView) -> None:
        """Show the runs, of all programs or of one."""
        shown = [item for item in view.executions if view.scope in (None, item.program_id)]
        self.table.show([execution_row(view, item) for item in shown])
        whose = "" if view.scope is None else f"of {view.program_name(view.scope)} · o shows all"
        self.set_subtitle(whose)
