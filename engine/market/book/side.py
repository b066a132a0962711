"""One side of an order book: its levels, and what rests near the best price."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal

PriceLevel = tuple[Decimal, Decimal]
"""A price and the whole quantity there."""


class BookSide:
    """One side's levels: quantities by price, the prices in ascending order, and what is near.

    What rests between the best price and `edge` is kept as a running sum, since adding up thousands
    of levels would hold the engine up. Decimals make the sum exact however the edge moves. `outward`
    is the direction away from the mid: 1 for asks, -1 for bids.
    """

    def __init__(self, outward: int) -> None:
        self.quantities: dict[Decimal, Decimal] = {}
        self.prices: list[Decimal] = []
        self._outward = outward
        self._edge: Decimal | None = None
        self._near = Decimal(0)

    def replace(self, levels: tuple[PriceLevel, ...]) -> None:
        """Forget all levels and take these."""
        self.quantities = {price: quantity for price, quantity in levels if quantity}
        self.prices = sorted(self.quantities)
        self._edge = None

    def change(self, levels: tuple[PriceLevel, ...]) -> None:
        """Take the new quantities of some levels; zero removes one."""
        quantities, prices = self.quantities, self.prices
        for price, quantity in levels:
            if quantity:
                before = quantities.get(price)
                if before is None:
                    prices.insert(bisect_left(prices, price), price)
                quantities[price] = quantity
            else:
                before = quantities.pop(price, None)
                if before is not None:
                    del prices[bisect_left(prices, price)]
            if self._edge is not None and self._is_within(price, self._edge):
                self._near += price * (quantity - (before or 0))

    def notional_within(self, edge: Decimal) -> Decimal:
        """Return the worth of all levels from the best price to `edge`, both included."""
        if self._edge is None:
            self._near = self._notional_between(None, edge)
        elif self._is_within(edge, self._edge):
            self._near -= self._notional_between(edge, self._edge)
        else:
            self._near += self._notional_between(self._edge, edge)
        self._edge = edge
        return self._near

    def _is_within(self, price: Decimal, edge: Decimal) -> bool:
        return price <= edge if self._outward > 0 else price >= edge

    def _notional_between(self, inner: Decimal | None, outer: Decimal) -> Decimal:
        """Return the worth of the levels beyond `inner` up to and including `outer`."""
        prices = self.prices
        if self._outward > 0:
            start = 0 if inner is None else bisect_right(prices, inner)
            between = prices[start : bisect_right(prices, outer)]
        else:
            stop = len(prices) if inner is None else bisect_left(prices, inner)
            between = prices[bisect_left(prices, outer) : stop]
        return sum((price * self.quantities[price] for price in between), Decimal(0))
