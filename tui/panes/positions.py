"""The positions pane: what every trader holds, what it is worth, and where it would be liquidated."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.model.position import Position
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.messages import SymbolChosen, TraderChosen
from tui.panes.base import Pane
from tui.view import DeskView
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("trader", "trader", 10, weight=1),
    Column("symbol", "sym", 4),
    Column("side", "side", 5),
    Column("size", "size", 7, weight=1, align="right"),
    Column("entry", "entry", 9, weight=1, align="right", priority=3),
    Column("mark", "mark", 9, weight=1, align="right", priority=2),
    Column("pnl", "P&L", 11, weight=1, align="right"),
    Column("return", "return", 8, align="right", priority=4),
    Column("liquidation", "liquid.", 9, weight=1, align="right", priority=1),
    Column("leverage", "lev", 4, align="right", priority=5),
    Column("margin", "margin", 10, align="right", priority=6),
    Column("funding", "funding", 9, align="right", priority=7),
)


def position_key(position: Position) -> str:
    """Return what names a position among all: a trader holds one per symbol."""
    return f"{position.trader_id}:{position.symbol}"


def position_row(view: DeskView, position: Position) -> Row:
    """Return the cells of one position."""
    tick, lot = view.tick_size(position.symbol), view.lot_size(position.symbol)
    profit = position.unrealized_pnl
    is_long = position.quantity > 0
    margin = position.isolated_margin
    liquidation = position.liquidation_price
    instrument = view.instrument(position.symbol)
    if liquidation is not None and instrument is not None:
        liquidation = instrument.round_price(liquidation)
    entry = instrument.round_price(position.entry_price) if instrument else position.entry_price
    return Row(
        position_key(position),
        (
            Cell(view.trader_name(position.trader_id)),
            Cell(position.symbol),
            Cell("long" if is_long else "short", "bid" if is_long else "ask"),
            Cell(fmt.quantity(abs(position.quantity), lot)),
            Cell(fmt.price(entry, tick), "muted"),
            Cell(fmt.price(position.mark_price, tick)),
            Cell(fmt.profit(profit), fmt.trend_role(profit)),
            Cell(fmt.percent(profit / margin if margin else None), fmt.trend_role(profit)),
            Cell(fmt.price(liquidation, tick), "muted"),
            Cell(f"{position.leverage}×", "muted"),
            Cell(fmt.money(margin), "muted"),
            Cell(fmt.money(position.funding), "muted"),
        ),
    )


class PositionsPane(Pane):
    """A row for each open position of every trader."""

    context = Context.POSITIONS
    BINDINGS = bindings_for(Context.POSITIONS)
    HELP = "x closes the position under the cursor. Enter selects its trader and its symbol."

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(COLUMNS, empty_text="no open positions · b buys, s sells")

    def show(self, view: DeskView) -> None:
        """Show the positions."""
        self.query_one(LiveTable).show([position_row(view, position) for position in view.positions])
        count = len(view.positions)
        self.set_subtitle(f"{count} open" if count else "")

    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowSelected) -> None:
        """Select the trader and the symbol of the row."""
        event.stop()
        trader_id, _, symbol = event.key.partition(":")
        self.post_message(TraderChosen(int(trader_id)))
        self.post_message(SymbolChosen(symbol))
