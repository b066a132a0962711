"""The protocol every venue speaks, with its capabilities as data.

A venue holds one trader's wallet. Commands are awaited: they return the order as the venue now
has it, raise `OrderRejected` on a proven no, and `VenueTimeout` when the outcome is not known,
which the desk keeps as `unknown` until the venue has been asked. What happens by itself (fills,
triggers, funding, liquidation) arrives through the listener as reports, in order.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.errors import DeskError
from engine.model.account import Account
from engine.model.fill import Fill
from engine.model.order import Order, OrderType, TimeInForce
from engine.model.position import Position


class VenueTimeout(DeskError):
    """The venue did not answer; whether the order exists there is unknown."""

    code = "unknown_outcome"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue can do, so that nobody has to ask which venue it is."""

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    can_amend: bool
    has_order_book: bool
    has_client_order_ids: bool


class OrderReport(msgspec.Struct, frozen=True, tag="order"):
    """An order as the venue now has it."""

    order: Order


class FillReport(msgspec.Struct, frozen=True, tag="fill"):
    """One execution."""

    fill: Fill


class PositionReport(msgspec.Struct, frozen=True, tag="position"):
    """The position in one symbol after a change; None when it is flat."""

    trader_id: int
    symbol: str
    position: Position | None


class BalanceReason(enum.StrEnum):
    """Why cash changed other than by a fill."""

    FUNDING = "funding"
    LIQUIDATION = "liquidation"


class BalanceReport(msgspec.Struct, frozen=True, tag="balance"):
    """Cash moved by something other than a fill; `amount` is signed, in the quote currency."""

    trader_id: int
    symbol: str
    reason: BalanceReason
    amount: Decimal
    ts_ms: int


class WalletReport(msgspec.Struct, frozen=True, tag="wallet"):
    """The wallet's running totals after a change, in the quote currency.

    `next_trade_number` is what the venue itself must remember to number its trades: 1 for a venue
    that keeps its own books.
    """

    trader_id: int
    cash: Decimal
    realized_pnl: Decimal
    fees: Decimal
    funding: Decimal
    next_trade_number: int = 1


VenueReport = OrderReport | FillReport | PositionReport | BalanceReport | WalletReport
ReportListener = Callable[[tuple[VenueReport, ...]], None]
"""Called with everything one event caused, to be stored as one unit."""


class Exchange(Protocol):
    """One trader's wallet at one venue."""

    @property
    def capabilities(self) -> Capabilities:
        """What this venue can do."""
        ...

    def account(self, marks: Mapping[str, Decimal]) -> Account:
        """Return the wallet's money at these mark prices, as last known."""
        ...

    async def place_order(self, order: Order) -> Order:
        """Send an order; a repeat of a client order id returns the order already there."""
        ...

    async def cancel_order(self, client_order_id: str) -> Order:
        """Cancel an order; cancelling one that is already terminal returns it unchanged."""
        ...

    async def amend_order(
        self, client_order_id: str, quantity: Decimal | None, price: Decimal | None
    ) -> Order:
        """Change a resting limit order."""
        ...

    async def find_order(self, client_order_id: str) -> Order | None:
        """Return the order with this client order id, or None when the venue never had it."""
        ...
