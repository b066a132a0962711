"""The bindings pane: which trader runs which program, what wakes it, and why it stopped if it did."""

from __future__ import annotations

from textual.app import ComposeResult

from engine.model.program import BindingState
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.panes.program_base import ProgramTablePane
from tui.panes.program_outline_view import OutlineView
from tui.program_params import params_text
from tui.program_reports import failure_nodes
from tui.program_view import ProgramView, binding_state_words, wakes_words
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("state", "state", 10),
    Column("trader", "trader", 9, weight=1),
    Column("program", "program", 12, weight=2),
    Column("wakes", "woken by", 17, weight=4),
    Column("last", "last run", 11, align="right", priority=1),
    Column("runs", "runs", 5, align="right", priority=2),
    Column("failures", "failed", 6, align="right", priority=2),
    Column("params", "params", 12, weight=2, priority=4, cut="words"),
    Column("exchange", "on", 6, priority=3),
)


def binding_row(view: ProgramView, state: BindingState) -> Row:
    """Return the cells of one binding."""
    binding = state.binding
    role = "text" if binding.active else "muted"
    wakes = wakes_words(view, binding)
    return Row(
        str(binding.binding_id),
        (
            Cell(*binding_state_words(state)),
            Cell(view.desk.trader_name(binding.trader_id), role),
            Cell(view.program_name(binding.program_id), role),
            Cell(wakes, "warning" if wakes == "nothing" else "muted"),
            Cell(fmt.time_or_day(state.last_trigger_ms, view.now_ms), "muted"),
            Cell(f"{state.runs:,}", "muted"),
            Cell(f"{state.failures:,}", "danger" if state.failures else "muted"),
            Cell(params_text(binding.params) or fmt.ABSENT, "muted"),
            Cell(binding.exchange, "muted"),
        ),
    )


class BindingsPane(ProgramTablePane):
    """A row for each binding; below, why the one under the cursor is not as it should be."""

    context = Context.BINDINGS
    BINDINGS = bindings_for(Context.BINDINGS)
    HELP = "N lets a trader run a program, y tries a binding without trading, Enter says all of it."
    DEFAULT_CSS = """
    BindingsPane LiveTable { height: 1fr; min-height: 2; }
    BindingsPane OutlineView { height: auto; max-height: 60%; background: $surface; display: none; }
    BindingsPane OutlineView.-any { display: block; }
    """
    columns = COLUMNS
    empty_text = "no trader runs a program · N binds one"

    def compose(self) -> ComposeResult:
        """Build the table and the place for a failure."""
        yield LiveTable(self.columns, empty_text=self.empty_text)
        failure = OutlineView(id="failure")
        failure.can_focus = False
        yield failure

    def show(self, view: ProgramView) -> None:
        """Show how the bindings do."""
        self.table.show([binding_row(view, state) for state in view.bindings])
        state = view.binding(self.cursor_id)
        nodes = failure_nodes(state) if state is not None else ()
        failure = self.query_one("#failure", OutlineView)
        failure.show(nodes)
        failure.set_class(bool(nodes), "-any")
        failing = sum(1 for item in view.bindings if item.traceback)
        self.set_subtitle(f"{failing} failed at its last run · Enter says all of it" if failing else "")
