"""Fills: one execution of one order."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.order import Side


class Liquidity(enum.StrEnum):
    """Whether the fill took liquidity from the book or provided it."""

    MAKER = "maker"
    TAKER = "taker"


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; `trade_id` is the venue's and makes counting it twice impossible.

    `fee` is what was paid (positive) in the quote currency; `realized_pnl` is the profit locked in
    by the part of this fill that reduced a position, before fees.
    """

    trade_id: str
    client_order_id: str
    trader_id: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    liquidity: Liquidity
    realized_pnl: Decimal
    ts_ms: int
