"""Instrument: what can be traded, and the venue's rules for its orders."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import msgspec


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A linear perpetual future and its trading rules.

    `symbol` is the desk's name (`BTC`), `venue_symbol` the venue's (`BTCUSDT`). `tick_size` is the
    price step, `lot_size` the quantity step, both in the units of price (quote currency) and
    quantity (base currency). `min_notional` is in the quote currency; a reduce-only order is exempt.
    Rates are fractions: a `taker_fee` of 0.0005 is 5 basis points of the notional. A limit may not be
    further through the mark price than `price_band`, a fraction (`PERCENT_PRICE` of Binance USD-M).
    """

    symbol: str
    venue_symbol: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional: Decimal
    max_leverage: int
    maintenance_margin_rate: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    funding_interval_hours: int
    price_band: Decimal = Decimal("0.05")

    def round_price(self, price: Decimal) -> Decimal:
        """Return the price on the tick grid nearest to `price`."""
        ticks = (price / self.tick_size).to_integral_value(rounding=ROUND_HALF_EVEN)
        return ticks * self.tick_size

    def round_quantity_down(self, quantity: Decimal) -> Decimal:
        """Return the largest quantity on the lot grid that is not above `quantity`."""
        lots = (quantity / self.lot_size).to_integral_value(rounding=ROUND_DOWN)
        return lots * self.lot_size

    def is_on_tick(self, price: Decimal) -> bool:
        """Tell whether `price` lies on the tick grid."""
        return price % self.tick_size == 0

    def is_on_lot(self, quantity: Decimal) -> bool:
        """Tell whether `quantity` lies on the lot grid."""
        return quantity % self.lot_size == 0
