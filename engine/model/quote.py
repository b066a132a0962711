"""Quotes and books: what the market offers at one moment."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Quote(msgspec.Struct, frozen=True):
    """Best bid and ask of one symbol, with the mark price that margin and liquidation use.

    Prices in the quote currency, quantities in the base currency. `ts_ms` is when the venue made it.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_quantity: Decimal
    ask_quantity: Decimal
    mark: Decimal
    ts_ms: int

    @property
    def mid(self) -> Decimal:
        """The price halfway between bid and ask."""
        return (self.bid + self.ask) / 2


class BookLevel(msgspec.Struct, frozen=True):
    """One price level: the price and the whole quantity resting there."""

    price: Decimal
    quantity: Decimal


class BookSnapshot(msgspec.Struct, frozen=True):
    """The order book of one symbol, best levels first on both sides.

    `near_bids` and `near_asks` are what rests within 0.5 % of the mid in the quote currency, where
    more of the book is known than the levels here.
    """

    symbol: str
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    ts_ms: int
    near_bids: Decimal | None = None
    near_asks: Decimal | None = None


class Ticker(msgspec.Struct, frozen=True):
    """What a watchlist row shows: the quote and the change over the last 24 hours of market time.

    `change_24h` is a fraction (0.01 is +1 %), None while less than 24 hours are known.
    """

    quote: Quote
    change_24h: float | None
