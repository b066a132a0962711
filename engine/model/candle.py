"""Candles: open, high, low, close and volume over one period."""

from __future__ import annotations

import msgspec


class Candle(msgspec.Struct, frozen=True):
    """One candle; `open_ms` is the time it opens, `volume` is in the base currency.

    Prices are floats: candles feed indicators and charts, never orders. `closed` is False for the
    forming candle, which shows only what has been traded so far.
    """

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool = True
