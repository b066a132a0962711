"""Trades: what has been dealt on the market, by anybody."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.order import Side


class Trade(msgspec.Struct, frozen=True):
    """One trade of the market; `taker_side` is the side that crossed the spread.

    `price` in the quote currency, `quantity` in the base currency, `trade_id` the venue's number,
    `ts_ms` when the venue made it, on the clock of the feed's other events.
    """

    symbol: str
    price: Decimal
    quantity: Decimal
    taker_side: Side
    trade_id: int
    ts_ms: int
