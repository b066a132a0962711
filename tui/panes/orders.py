"""The orders pane: what rests and waits, and on request what became of the recent ones."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.messages import OrderChosen
from tui.order_entry import time_in_force_label
from tui.panes.base import Pane
from tui.view import DeskView
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column

COLUMNS = (
    Column("time", "time", 8, priority=2),
    Column("trader", "trader", 10, weight=1),
    Column("symbol", "sym", 4),
    Column("side", "side", 4),
    Column("type", "type", 6),
    Column("size", "size", 8, align="right"),
    Column("filled", "filled", 8, align="right", priority=3),
    Column("price", "price", 9, align="right"),
    Column("tif", "tif", 9, priority=5),
    Column("status", "status", 9),
    Column("reason", "reason", 14, weight=4, priority=4),
)

_TYPES = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP_MARKET: "stop",
    OrderType.TAKE_PROFIT_MARKET: "profit",
}
_STATUSES = {
    OrderStatus.INTENT: ("intent", "muted"),
    OrderStatus.SENT: ("sent", "muted"),
    OrderStatus.UNKNOWN: ("unknown", "warning"),
    OrderStatus.ACCEPTED: ("open", "text"),
    OrderStatus.PARTIALLY_FILLED: ("partial", "accent"),
    OrderStatus.FILLED: ("filled", "gain"),
    OrderStatus.CANCELLED: ("cancelled", "muted"),
    OrderStatus.REJECTED: ("rejected", "danger"),
    OrderStatus.DENIED: ("denied", "danger"),
    OrderStatus.EXPIRED: ("expired", "muted"),
}


def order_row(view: DeskView, order: Order) -> Row:
    """Return the cells of one order."""
    tick, lot = view.tick_size(order.symbol), view.lot_size(order.symbol)
    status, role = _STATUSES[order.status]
    price = order.price or order.trigger_price or order.average_price
    instrument = view.instrument(order.symbol)
    if price is not None and instrument is not None:
        price = instrument.round_price(price)
    flags = "reduce" if order.reduce_only else ""
    if order.time_in_force is not TimeInForce.GTC:
        flags = time_in_force_label(order.time_in_force)
    return Row(
        order.client_order_id,
        (
            Cell(fmt.market_time(order.created_ms), "muted"),
            Cell(view.trader_name(order.trader_id)),
            Cell(order.symbol),
            Cell(order.side, "bid" if order.side is Side.BUY else "ask"),
            Cell(_TYPES[order.type], "muted"),
            Cell(fmt.quantity(order.quantity, lot)),
            Cell(fmt.quantity(order.filled_quantity, lot), "muted"),
            Cell(fmt.price(price, tick)),
            Cell(flags, "muted"),
            Cell(status, role),
            Cell(order.status_reason, "muted"),
        ),
    )


class OrdersPane(Pane):
    """A row for each open order, or for each recent one, newest first."""

    context = Context.ORDERS
    BINDINGS = bindings_for(Context.ORDERS)
    HELP = "x cancels the order under the cursor, o shows recent orders of any status."

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(COLUMNS, empty_text="no open orders · o shows recent ones")

    def show(self, view: DeskView) -> None:
        """Show the orders, newest first."""
        self.query_one(LiveTable).show([order_row(view, order) for order in reversed(view.orders)])
        count = len(view.orders)
        if view.selection.order_history:
            self.set_subtitle(f"last {count}, any status")
        else:
            self.set_subtitle(f"{count} open" if count else "")

    @on(LiveTable.RowSelected)
    def choose(self, event: LiveTable.RowSelected) -> None:
        """Select the trader and the symbol of the row."""
        event.stop()
        self.post_message(OrderChosen(event.key))
