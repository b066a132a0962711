"""The traders pane: who trades, how each is doing, and which one the keys act on."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.model.account import TraderStatus, TraderSummary
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.messages import TraderChosen
from tui.panes.base import Pane
from tui.view import DeskView, marked
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.sparkline import sparkline
from tui.widgets.table_layout import Column

SPARKLINE_WIDTH = 12
SUBTITLE_EDGES = 4
"""Cells of the lower edge around what it says."""

COLUMNS = (
    Column("status", "status", 10),
    Column("name", "  trader", 12, weight=1),
    Column("kind", "kind", 7, priority=3),
    Column("equity", "equity", 11, align="right"),
    Column("day", "day P&L", 12, align="right", priority=1),
    Column("strategy", "strategy", 16, weight=1, priority=5),
    Column("curve", "recent", SPARKLINE_WIDTH, align="right", priority=2),
    Column("positions", "pos", 3, align="right", priority=4),
)

_STATUS_CELLS = {
    TraderStatus.ACTIVE: Cell("● active", "gain"),
    TraderStatus.PAUSED: Cell("○ paused", "muted"),
    TraderStatus.ERROR: Cell("✗ error", "danger"),
}
_THINKING = Cell("◆ thinking", "accent")
_BLOCKED = Cell("◌ no entry", "warning")


def trader_row(trader: TraderSummary, *, is_selected: bool = False, is_blocked: bool = False) -> Row:
    """Return the cells of one trader; the selected one, on which keys act, is marked.

    `is_blocked` is one that may take no new risk.
    """
    account = trader.account
    return Row(
        str(trader.trader_id),
        (
            _status_cell(trader, is_blocked=is_blocked),
            Cell(marked(trader.name, is_selected=is_selected)),
            Cell(trader.kind, "muted"),
            Cell(fmt.money(account.equity)),
            Cell(fmt.profit(account.day_pnl), fmt.trend_role(account.day_pnl)),
            Cell(trader.model or trader.strategy or "by hand", "muted"),
            Cell(sparkline(trader.sparkline, SPARKLINE_WIDTH), "muted"),
            Cell(str(trader.open_positions), "muted"),
        ),
    )


def _status_cell(trader: TraderSummary, *, is_blocked: bool) -> Cell:
    if trader.status is not TraderStatus.ACTIVE:
        return _STATUS_CELLS[trader.status]
    if trader.thinking:
        return _THINKING
    return _BLOCKED if is_blocked else _STATUS_CELLS[trader.status]


def subtitle_of(view: DeskView, width: int) -> str:
    """Return why the selected trader is in error, or how many are hidden, with the key for either.

    The reason takes what the key leaves of `width` cells.
    """
    trader = view.trader
    if trader is not None and trader.status is TraderStatus.ERROR:
        key = " · e cause"
        return f"{fmt.fit(trader.status_reason, max(8, width - len(key))).rstrip()}{key}"
    hidden = sum(1 for config in view.configs if config.hidden)
    return f"{hidden} hidden · u lists them" if hidden else ""


class TradersPane(Pane):
    """A row for each trader; the row under the cursor is the selected trader."""

    context = Context.TRADERS
    BINDINGS = bindings_for(Context.TRADERS)
    HELP = "Move to a trader to select it: orders, the command line and p, t, X act on it, and o, v, h, D, E."

    def __init__(self) -> None:
        super().__init__()
        self._marked: int | None = None

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(COLUMNS, empty_text="starting the desk …")

    def show(self, view: DeskView) -> None:
        """Show the traders and put the cursor on the selected one."""
        table = self.query_one(LiveTable)
        chosen = view.selection.trader_id
        blocked = {config.trader_id for config in view.configs if not config.trading_enabled}
        table.show(
            [
                trader_row(item, is_selected=item.trader_id == chosen, is_blocked=item.trader_id in blocked)
                for item in view.traders
            ]
        )
        # Only a new selection moves the cursor: a picture must not undo a key pressed meanwhile.
        if view.traders and view.selection.trader_id != self._marked:
            self._marked = view.selection.trader_id
            table.move_cursor_to(str(self._marked))
        self.set_subtitle(subtitle_of(view, self.size.width - SUBTITLE_EDGES))

    @on(LiveTable.RowHighlighted)
    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowHighlighted | LiveTable.RowSelected) -> None:
        """Select the trader under the cursor."""
        event.stop()
        if event.key is not None and event.key == event.table.cursor_key and event.table.has_focus:
            self._marked = int(event.key)
            self.post_message(TraderChosen(self._marked))
