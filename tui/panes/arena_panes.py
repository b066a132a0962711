"""The panes of the arena: who stands where, the equity curves on one chart, and where profit came from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.action import Context
from tui.actions import bindings_for
from tui.arena_view import DIMENSIONS, ArenaView, attribution_row, standing_row
from tui.panes.base import WorkspacePane
from tui.panes.span_line import Span, SpanLine
from tui.panes.table_pane import NumberedTablePane, TablePane
from tui.widgets.line_chart import LineChart
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column

STANDING_COLUMNS = (
    Column("rank", "#", 2, align="right"),
    Column("name", "trader", 12, weight=2),
    Column("return", "return", 11, align="right"),
    Column("equity", "equity", 12, align="right"),
    Column("drawdown", "max DD", 7, align="right"),
    Column("sharpe", "Sharpe", 6, align="right", priority=1),
    Column("trades", "trades", 6, align="right"),
    Column("wins", "wins", 5, align="right"),
    Column("fees", "fees", 9, align="right", priority=4),
    Column("decisions", "decided", 7, align="right", priority=2),
    Column("refused", "ref/fail", 8, align="right", priority=3),
    Column("tokens", "tokens", 11, align="right", priority=6),
    Column("usd", "model $", 8, align="right", priority=5),
    Column("strategy", "strategy", 12, weight=1, priority=7),
    Column("model", "model", 14, weight=1, priority=8),
)
ATTRIBUTION_COLUMNS = (
    Column("key", "by", 14, weight=2),
    Column("pnl", "P&L", 13, align="right"),
    Column("trades", "trades", 6, align="right"),
    Column("wins", "wins", 5, align="right"),
    Column("factor", "profit f.", 9, align="right", priority=1),
    Column("win", "avg win", 9, align="right", priority=2),
    Column("loss", "avg loss", 9, align="right", priority=3),
    Column("fees", "fees", 9, align="right", priority=4),
    Column("decisions", "decided", 7, align="right", priority=5),
    Column("tokens", "tokens", 11, align="right", priority=7),
    Column("usd", "model $", 8, align="right", priority=6),
)


class ArenaPane(WorkspacePane):
    """A pane of the arena."""

    def show(self, view: ArenaView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class StandingsPane(ArenaPane, NumberedTablePane):
    """A row for each trader, the highest return first."""

    context = Context.STANDINGS
    BINDINGS = bindings_for(Context.STANDINGS)
    HELP = "Ranked by total return; enter selects the trader, o attributes it alone."
    DEFAULT_CSS: ClassVar[str] = "StandingsPane LiveTable { height: 1fr; }"
    columns = STANDING_COLUMNS
    empty_text = "nobody stands anywhere yet"

    def show(self, view: ArenaView) -> None:
        """Show the standings."""
        self.table.show([standing_row(standing) for standing in view.standings])


class ArenaCurvesPane(ArenaPane, can_focus=True):
    """Every trader's equity since its start, in per cent, on one chart."""

    context = Context.ARENA_CURVES
    BINDINGS = bindings_for(Context.ARENA_CURVES)
    HELP = "Each trader's return since its start in per cent; the colour is the trader's everywhere."
    DEFAULT_CSS: ClassVar[str] = "ArenaCurvesPane LineChart { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Build the chart."""
        yield LineChart(empty_text="no equity recorded yet")

    def show(self, view: ArenaView) -> None:
        """Show the curves."""
        self.query_one(LineChart).show(view.curves)
        self.set_subtitle("return since the start, in per cent")


class AttributionPane(ArenaPane, TablePane):
    """What closed trades came to, told apart by one dimension."""

    context = Context.ATTRIBUTION
    BINDINGS = bindings_for(Context.ATTRIBUTION)
    HELP = "[ and ] change what profit is told apart by, o between one trader and all."
    DEFAULT_CSS: ClassVar[str] = "AttributionPane LiveTable { height: 1fr; }"
    columns = ATTRIBUTION_COLUMNS
    empty_text = "no decision to attribute yet"

    def compose(self) -> ComposeResult:
        """Build the line of dimensions and the table."""
        yield SpanLine()
        yield from super().compose()

    def show(self, view: ArenaView) -> None:
        """Show the rows of the dimension."""
        spans = [
            Span(f"[{item.value}]", "accent") if item is view.dimension else Span(f" {item.value} ", "muted")
            for item in DIMENSIONS
        ]
        self.query_one(SpanLine).show(spans)
        self.query_one(LiveTable).show([attribution_row(row) for row in view.rows or ()])
        self.set_subtitle(view.scope_name if view.rows is not None else f"{view.scope_name} · reading")
