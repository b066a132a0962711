"""The programs pane: every program, how it is written, who runs it and how that goes."""

from __future__ import annotations

from engine.model.program import Program
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.program_base import ProgramTablePane
from tui.program_params import params_text
from tui.program_view import FORM_WORDS, NEW_DRAFT, ProgramView, program_state_words
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("state", "state", 10),
    Column("name", "program", 18, weight=2),
    Column("version", "ver", 4, align="right"),
    Column("form", "form", 7, priority=2),
    Column("traders", "run by", 14, weight=2, priority=1, cut="words"),
    Column("last", "last run", 11, align="right"),
    Column("runs", "runs", 6, align="right"),
    Column("failures", "failed", 6, align="right"),
    Column("description", "what it does", 24, weight=5, priority=3, cut="words"),
)


def program_row(view: ProgramView, program: Program) -> Row:
    """Return the cells of one program."""
    states = view.bindings_of(program.program_id)
    last = max((item.last_trigger_ms for item in states if item.last_trigger_ms is not None), default=None)
    runs, failures = sum(item.runs for item in states), sum(item.failures for item in states)
    report = view.reports.get(program.program_id)
    is_changed = program.program_id in view.changed
    names = ", ".join(view.desk.trader_name(item.binding.trader_id) for item in states)
    return Row(
        str(program.program_id),
        (
            Cell(*program_state_words(view, program)),
            Cell(
                f"{program.name} {NEW_DRAFT}" if is_changed else program.name,
                "accent" if is_changed else "text" if program.enabled else "muted",
            ),
            Cell(f"v{program.version}", "muted"),
            Cell(
                "✗ error" if report and not report.ok else FORM_WORDS[report.form] if report else "", "muted"
            ),
            Cell(names or "nobody", "text" if names else "muted"),
            Cell(fmt.time_or_day(last, view.now_ms), "muted"),
            Cell(f"{runs:,}", "text" if runs else "muted"),
            Cell(f"{failures:,}", "danger" if failures else "muted"),
            Cell(program.description, "muted"),
        ),
    )


class ProgramsPane(ProgramTablePane):
    """A row for each program."""

    context = Context.PROGRAMS
    BINDINGS = bindings_for(Context.PROGRAMS)
    HELP = "Enter or e edits the program under the cursor, N starts one, w lets a trader run it."
    columns = COLUMNS
    empty_text = "no programs yet · N starts one from a template"

    def show(self, view: ProgramView) -> None:
        """Show the programs."""
        self.table.show([program_row(view, program) for program in view.programs])
        program = view.program(self.cursor_id)
        if program is None:
            self.set_subtitle("")
            return
        unsaved = "not saved yet" if program.program_id in view.changed else ""
        self.set_subtitle(
            " · ".join(filter(None, (unsaved, params_text(program.params), program.description)))
        )
