"""Positions: what a trader holds in one symbol."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.order import Side


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """An isolated-margin position in one symbol.

    `quantity` is signed: positive long, negative short, in the base currency. `isolated_margin` is
    the collateral set aside for it in the quote currency (initial margin plus funding received or
    paid). `liquidation_price` is None when no price above zero would liquidate it. `funding` is the
    sum received (positive) or paid since it opened, `realized_pnl` the profit of parts closed,
    before fees.
    """

    trader_id: int
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    leverage: int
    isolated_margin: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None
    opened_ms: int
    funding: Decimal = Decimal(0)
    realized_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def side(self) -> Side:
        """The side that opened it: buy for long, sell for short."""
        return Side.BUY if self.quantity > 0 else Side.SELL

    @property
    def notional(self) -> Decimal:
        """The absolute value at the mark price, in the quote currency."""
        return abs(self.quantity) * self.mark_price

    @property
    def unrealized_pnl(self) -> Decimal:
        """Profit at the mark price, in the quote currency, before fees."""
        return self.quantity * (self.mark_price - self.entry_price)
