"""What the paper exchange lists: one table of perpetual futures with the venue's real rules.

Tick, lot, minimum notional, leverage, maintenance rate and fees are those of Binance USD-M for a
regular user while the shipped candles were recorded (May and June 2025); only the lowest
maintenance bracket is kept. SOL's tick is 0.01 as in the recording (all but two of its 292,564
prices lie on that grid). The recorded market is quoted in USDT; on paper a trader's money is called
USDC, one for one, so `quote` says USDC while `venue_symbol` names the market the prices come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engine.errors import NotFound
from engine.model.instrument import Instrument

_MAKER_FEE = Decimal("0.0002")
_TAKER_FEE = Decimal("0.0005")
_FUNDING_INTERVAL_HOURS = 8

INSTRUMENTS: Final[dict[str, Instrument]] = {
    "BTC": Instrument(
        symbol="BTC",
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDC",
        tick_size=Decimal("0.1"),
        lot_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_quantity=Decimal(1000),
        min_notional=Decimal(50),
        max_leverage=125,
        maintenance_margin_rate=Decimal("0.004"),
        maker_fee=_MAKER_FEE,
        taker_fee=_TAKER_FEE,
        funding_interval_hours=_FUNDING_INTERVAL_HOURS,
    ),
    "ETH": Instrument(
        symbol="ETH",
        venue_symbol="ETHUSDT",
        base="ETH",
        quote="USDC",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_quantity=Decimal(10000),
        min_notional=Decimal(20),
        max_leverage=100,
        maintenance_margin_rate=Decimal("0.005"),
        maker_fee=_MAKER_FEE,
        taker_fee=_TAKER_FEE,
        funding_interval_hours=_FUNDING_INTERVAL_HOURS,
    ),
    "SOL": Instrument(
        symbol="SOL",
        venue_symbol="SOLUSDT",
        base="SOL",
        quote="USDC",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.01"),
        min_quantity=Decimal("0.01"),
        max_quantity=Decimal(1000000),
        min_notional=Decimal(5),
        max_leverage=75,
        maintenance_margin_rate=Decimal("0.01"),
        maker_fee=_MAKER_FEE,
        taker_fee=_TAKER_FEE,
        funding_interval_hours=_FUNDING_INTERVAL_HOURS,
    ),
}


def instrument_of(symbol: str, instruments: Mapping[str, Instrument] = INSTRUMENTS) -> Instrument:
    """Return the instrument called `symbol`.

    Raises `NotFound` naming what is listed.
    """
    instrument = instruments.get(symbol)
    if instrument is None:
        listed = ", ".join(instruments)
        raise NotFound(
            f"symbol: {symbol} is not listed; listed are {listed}",
            field="symbol",
            value=symbol,
            allowed=listed,
        )
    return instrument
