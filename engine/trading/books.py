"""One trader's books: its orders, fills, positions and wallet, as its venue reports them.

Every change is published to the streams and handed to the store as one unit together with the
market time, so that a restart finds books and market at the same moment. Order states are
ranked: a report that would leave a terminal state is ignored, and a fill counts once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.exchanges.base import (
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    VenueReport,
    WalletReport,
)
from engine.model.event import FillEvent, OrderEvent, Topic
from engine.model.fill import Fill
from engine.model.order import Order, OrderStatus
from engine.model.position import Position
from engine.store.changes import Change, PositionClosed, Wallet
from engine.store.restore import RECENT_FILLS, RECENT_ORDERS
from engine.trading.ledger import TraderLedger


class TraderBooks:
    """What one trader has open and what it did lately."""

    def __init__(self, trader_id: int, wallet: Wallet, ledger: TraderLedger) -> None:
        self.trader_id = trader_id
        self.wallet = wallet
        self.open_orders: dict[str, Order] = {}
        self.positions: dict[str, Position] = {}
        self.recent_orders: dict[str, Order] = {}
        self.recent_fills: deque[Fill] = deque(maxlen=RECENT_FILLS)
        self._trade_ids: deque[str] = deque(maxlen=RECENT_FILLS * 10)
        self._ledger = ledger

    def restore(self, orders: Iterable[Order], fills: Iterable[Fill], positions: Iterable[Position]) -> None:
        """Take what the store had, oldest first; nothing is published.

        An order that was journalled but whose fate was not is `unknown` until the venue was asked.
        """
        for order in orders:
            if order.status in (OrderStatus.INTENT, OrderStatus.SENT):
                order = msgspec.structs.replace(order, status=OrderStatus.UNKNOWN)
            self._keep(order)
        for fill in fills:
            self.recent_fills.append(fill)
            self._trade_ids.append(fill.trade_id)
        self.positions = {position.symbol: position for position in positions}

    def record(self, order: Order, *extra: Change) -> tuple[Change, ...]:
        """Take an order's new state from the desk itself and return the changes to store."""
        if not self._accepts(order):
            return extra
        self._keep(order)
        self._ledger.publish(Topic.ORDERS, lambda seq: OrderEvent(order, seq))
        return (order, *extra)

    def apply(self, reports: tuple[VenueReport, ...]) -> None:
        """Take what the venue reports of one event, and store it as one unit."""
        changes: list[Change] = []
        for report in reports:
            changes += self._changes_of(report)
        if changes:
            self._ledger.write(*changes)

    def order(self, client_order_id: str) -> Order | None:
        """Return an open or recent order."""
        return self.open_orders.get(client_order_id) or self.recent_orders.get(client_order_id)

    def _changes_of(self, report: VenueReport) -> tuple[Change, ...]:
        match report:
            case OrderReport(order):
                return self.record(order)
            case FillReport(fill):
                return self._take_fill(fill)
            case PositionReport(trader_id, symbol, position):
                if position is None:
                    self.positions.pop(symbol, None)
                    return (PositionClosed(trader_id=trader_id, symbol=symbol),)
                self.positions[symbol] = position
                return (position,)
            case WalletReport():
                self.wallet = Wallet(**msgspec.structs.asdict(report))
                return (self.wallet,)
            case BalanceReport():
                self._ledger.alert_balance(report)
                return ()

    def _take_fill(self, fill: Fill) -> tuple[Change, ...]:
        if fill.trade_id in self._trade_ids:
            return ()
        self.recent_fills.append(fill)
        self._trade_ids.append(fill.trade_id)
        self._ledger.publish(Topic.FILLS, lambda seq: FillEvent(fill, seq))
        return (fill,)

    def _accepts(self, order: Order) -> bool:
        known = self.order(order.client_order_id)
        if known is None:
            return True
        return known.status.can_become(order.status) and order.filled_quantity >= known.filled_quantity

    def _keep(self, order: Order) -> None:
        identity = order.client_order_id
        self.recent_orders.pop(identity, None)
        self.recent_orders[identity] = order
        if len(self.recent_orders) > RECENT_ORDERS:
            oldest = next(iter(self.recent_orders))
            del self.recent_orders[oldest]
        if order.status.is_open:
            self.open_orders[identity] = order
        else:
            self.open_orders.pop(identity, None)

    def symbols_at_risk(self) -> frozenset[str]:
        """Return the symbols with a position or an open entry order."""
        # Copied first, here and below: previews read the books from the screen's thread.
        entries = {order.symbol for order in tuple(self.open_orders.values()) if not order.reduce_only}
        return frozenset(self.positions) | entries

    def marked_positions(self, marks: dict[str, Decimal]) -> tuple[Position, ...]:
        """Return the positions at the present mark prices."""
        return tuple(
            msgspec.structs.replace(position, mark_price=marks.get(symbol, position.mark_price))
            for symbol, position in tuple(self.positions.items())
        )
