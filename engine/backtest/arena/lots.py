"""Lots: what each entry opened, and what came of it, first in, first out.

A fill against the open side closes the oldest lots first, each at its own entry price; what is left of
it opens a lot of the other side. Fees are shared by quantity. Over a position that is flat again the
profits of its lots add up to what the account realised; funding is nobody's lot and is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.model.fill import Fill
from engine.model.order import Side

ZERO = Decimal(0)


class Lot:
    """What one fill opened; `held` of its `quantity` is still open.

    `gross` is the profit of the closed part before `fees`, which are its share of the entry's fee and
    those of its closings.
    """

    __slots__ = (
        "_entry_fee",
        "_entry_fee_left",
        "closed_ms",
        "fees",
        "gross",
        "held",
        "order_id",
        "price",
        "quantity",
        "side",
    )

    def __init__(self, order_id: str, side: Side, price: Decimal, quantity: Decimal, fee: Decimal) -> None:
        self.order_id = order_id
        self.side = side
        self.price = price
        self.quantity = self.held = quantity
        self.gross = self.fees = ZERO
        self.closed_ms = 0
        self._entry_fee = self._entry_fee_left = fee

    def close(self, part: Decimal, price: Decimal, fee: Decimal, ts_ms: int) -> Decimal:
        """Close a part, at a price and for a fee; return what it brought after both its fees."""
        share = self._entry_fee_left if part == self.held else self._entry_fee * part / self.quantity
        gross = (price - self.price) * part * self.side.sign
        self._entry_fee_left -= share
        self.held -= part
        self.gross += gross
        self.fees += fee + share
        self.closed_ms = ts_ms
        return gross - fee - share


class Closing(msgspec.Struct, frozen=True):
    """A part of a fill that closed a part of what an order had opened; `pnl` is after fees."""

    opened_by: str
    pnl: Decimal


class SymbolLots:
    """The lots of one trader in one symbol, which take its fills in the order they were made."""

    def __init__(self, trader_id: int, symbol: str) -> None:
        self.trader_id = trader_id
        self.symbol = symbol
        self.lots: list[Lot] = []
        self._open: deque[Lot] = deque()

    def take(self, fill: Fill) -> list[Closing]:
        """Add a fill; return which lots it closed."""
        left, fee_left = fill.quantity, fill.fee
        closings = []
        while left and self._open and self._open[0].side is not fill.side:
            lot = self._open[0]
            part = min(left, lot.held)
            fee = fee_left if part == left else fill.fee * part / fill.quantity
            pnl = lot.close(part, fill.price, fee, fill.ts_ms)
            closings.append(Closing(lot.order_id, pnl))
            left, fee_left = left - part, fee_left - fee
            if not lot.held:
                self._open.popleft()
        if left:
            lot = Lot(fill.client_order_id, fill.side, fill.price, left, fee_left)
            self.lots.append(lot)
            self._open.append(lot)
        return closings


class EntryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry order came to in one symbol so far: a trade.

    `pnl` is that of the closed part, after its `fees`. `closed_ms` is when something of it was closed
    last, 0 for never; `is_settled` says that nothing is held any more.
    """

    trader_id: int
    symbol: str
    order_id: str
    side: Side
    pnl: Decimal
    fees: Decimal
    closed_ms: int
    is_settled: bool


def entry_result(trader_id: int, symbol: str, lots: Iterable[Lot]) -> EntryResult:
    """Return what the lots of one order came to, of which there is one or more."""
    of_order = tuple(lots)
    closed_ms = max(lot.closed_ms for lot in of_order)
    fees = sum((lot.fees for lot in of_order), ZERO)
    gross = sum((lot.gross for lot in of_order), ZERO)
    return EntryResult(
        trader_id=trader_id,
        symbol=symbol,
        order_id=of_order[0].order_id,
        side=of_order[0].side,
        pnl=gross - fees,
        fees=fees,
        closed_ms=closed_ms,
        is_settled=not any(lot.held for lot in of_order),
    )
