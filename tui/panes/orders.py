"""The orders pane: what rests and waits, and on request what became of the recent ones."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.model.order import Order, OrderStatus, Side, TimeInForce
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.messages import OrderChosen
from tui.panes.base import Pane
from tui.view import DeskView
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column
from tui.wording import ORDER_TYPE_LABELS, STATUS_LABELS, TIME_IN_FORCE_LABELS, plain_words


def _columns(details: int, time: int, filled: int, reason: int) -> tuple[Column, ...]:
    """Return the columns with the priorities of those that not every width has room for."""
    return (
        Column("time", "time", 11, priority=time),
        Column("trader", "trader", 10, weight=1),
        Column("symbol", "sym", 4),
        Column("side", "side", 4),
        Column("type", "type", 11, priority=1),
        Column("size", "size", 8, align="right"),
        Column("filled", "filled", 8, align="right", priority=filled),
        Column("price", "price", 9, align="right"),
        Column("details", "details", 22, weight=2, priority=details, cut="words"),
        Column("status", "status", 9, priority=2),
        Column("reason", "reason", 14, weight=4, priority=reason),
    )


OPEN_COLUMNS = _columns(details=3, time=4, filled=5, reason=6)
HISTORY_COLUMNS = _columns(reason=3, time=4, details=5, filled=6)

_STATUS_ROLES = {
    OrderStatus.UNKNOWN: "warning",
    OrderStatus.ACCEPTED: "text",
    OrderStatus.PARTIALLY_FILLED: "accent",
    OrderStatus.FILLED: "gain",
    OrderStatus.REJECTED: "danger",
    OrderStatus.DENIED: "danger",
}


def order_details(order: Order) -> str:
    """Return what else belongs to an order: its exits, and how it may fill."""
    words = []
    if order.stop_loss is not None:
        words.append(f"SL {fmt.plain_price(order.stop_loss)}")
    if order.take_profit is not None:
        words.append(f"TP {fmt.plain_price(order.take_profit)}")
    if order.time_in_force is not TimeInForce.GTC:
        words.append(TIME_IN_FORCE_LABELS[order.time_in_force])
    if order.reduce_only:
        words.append("reduce")
    return " ".join(words)


def order_row(view: DeskView, order: Order) -> Row:
    """Return the cells of one order."""
    tick, lot = view.tick_size(order.symbol), view.lot_size(order.symbol)
    price = order.price or order.trigger_price or order.average_price
    instrument = view.instrument(order.symbol)
    if price is not None and instrument is not None:
        price = instrument.round_price(price)
    return Row(
        order.client_order_id,
        (
            Cell(fmt.time_or_day(order.created_ms, view.market.now_ms), "muted"),
            Cell(view.trader_name(order.trader_id)),
            Cell(order.symbol),
            Cell(order.side, "bid" if order.side is Side.BUY else "ask"),
            Cell(ORDER_TYPE_LABELS[order.type], "muted"),
            Cell(fmt.quantity(order.quantity, lot)),
            Cell(fmt.quantity(order.filled_quantity, lot), "muted"),
            Cell(fmt.price(price, tick)),
            Cell(order_details(order), "muted"),
            Cell(STATUS_LABELS[order.status], _STATUS_ROLES.get(order.status, "muted")),
            Cell(plain_words(order.status_reason), "muted"),
        ),
    )


class OrdersPane(Pane):
    """A row for each open order, or for each recent one, newest first."""

    context = Context.ORDERS
    BINDINGS = bindings_for(Context.ORDERS)
    HELP = "x cancels the order under the cursor, o shows recent orders of any status."

    def __init__(self) -> None:
        super().__init__()
        self._shows_history = False

    def compose(self) -> ComposeResult:
        """Build the table."""
        yield LiveTable(OPEN_COLUMNS, empty_text="no open orders · o shows recent ones")

    def show(self, view: DeskView) -> None:
        """Show the orders, newest first."""
        table = self.query_one(LiveTable)
        if view.selection.order_history != self._shows_history:
            self._shows_history = view.selection.order_history
            table.set_columns(HISTORY_COLUMNS if self._shows_history else OPEN_COLUMNS)
        table.show([order_row(view, order) for order in reversed(view.orders)])
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
