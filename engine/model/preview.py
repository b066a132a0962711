"""Previews: what an order would do, before anyone confirms it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.order import OrderRequest


class OrderPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would do if it met the market now, in the quote currency.

    `expected_price` is the average price after walking the book, or the limit or trigger price of
    an order that waits; `slippage` its distance from the mid price as a fraction (positive is
    worse). `margin` is what its opening part sets aside (0 when it only reduces), `fee` the
    expected fee, `liquidation_price` that of the position it would leave (None: none above zero)
    and `position_after` the signed quantity once all that can fill has filled. `warning` is a
    sentence to show, or "".
    """

    request: OrderRequest
    expected_price: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    slippage: Decimal
    liquidation_price: Decimal | None
    position_after: Decimal
    warning: str = ""
