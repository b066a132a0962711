"""Recorded market data small enough to ship: the offline default.

`README.md` beside this file says where the recordings come from and under which licence. Candles
are kept as exact integers (prices and volumes in units of a power of ten), so that loading them
needs nothing but numpy and gives back the recorded numbers to the last bit.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.errors import NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = Path(__file__).parent
MINUTE_MS = 60_000


class CandleSample(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file of one-minute candles.

    Stored prices count 10^-`price_decimals`, stored volumes 10^-`volume_decimals`. `tick_size` and
    `lot_size` are the venue's steps for orders; a few recorded prices lie between two ticks.
    """

    symbol: str
    venue_symbol: str
    price_decimals: int
    volume_decimals: int
    tick_size: Decimal
    lot_size: Decimal

    @property
    def path(self) -> Path:
        """Where the columns are stored."""
        return FOLDER / f"binance_um_{self.venue_symbol}_1m.npz"


class RawSample(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one capture of raw frames."""

    symbol: str
    venue_symbol: str
    file: str
    tick_size: Decimal
    lot_size: Decimal

    @property
    def path(self) -> Path:
        """Where the frames are stored."""
        return FOLDER / self.file


class RecordedCandles(msgspec.Struct, frozen=True, eq=False):
    """The closed one-minute candles of one symbol, without a gap, as exact integers.

    Row `i` opens at `start_ms + i * 60_000`. `open`, `high`, `low` and `close` (int32) count
    10^-`price_decimals` of the quote currency, `volume` (int32) 10^-`volume_decimals` of the base.
    """

    sample: CandleSample
    start_ms: int
    open: NDArray[np.int32]
    high: NDArray[np.int32]
    low: NDArray[np.int32]
    close: NDArray[np.int32]
    volume: NDArray[np.int32]

    @property
    def end_ms(self) -> int:
        """When the last candle closes."""
        return self.start_ms + len(self.open) * MINUTE_MS


CANDLE_SAMPLES = (
    CandleSample(
        symbol="BTC",
        venue_symbol="BTCUSDT",
        price_decimals=1,
        volume_decimals=3,
        tick_size=Decimal("0.1"),
        lot_size=Decimal("0.001"),
    ),
    CandleSample(
        symbol="ETH",
        venue_symbol="ETHUSDT",
        price_decimals=2,
        volume_decimals=3,
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.001"),
    ),
    CandleSample(
        symbol="SOL",
        venue_symbol="SOLUSDT",
        price_decimals=3,
        volume_decimals=2,
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.01"),
    ),
)

RAW_SAMPLE = RawSample(
    symbol="ETH",
    venue_symbol="ETHUSDT",
    file="binance_um_ETHUSDT_20240808.frames.xz",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
)


def candle_sample(symbol: str) -> CandleSample:
    """Return the description of a symbol's candles; raise `NotFound` when none are shipped."""
    for sample in CANDLE_SAMPLES:
        if sample.symbol == symbol:
            return sample
    known = ", ".join(sample.symbol for sample in CANDLE_SAMPLES)
    raise NotFound(
        f"symbol: no recorded candles of {symbol}; there are {known}", field="symbol", value=symbol
    )


def load_candles(symbol: str) -> RecordedCandles:
    """Return the shipped candles of a symbol; raise `NotFound` when there are none."""
    import numpy as np

    sample = candle_sample(symbol)
    with np.load(sample.path) as columns:
        return RecordedCandles(
            sample,
            int(columns["start_ms"]),
            columns["open"],
            columns["high"],
            columns["low"],
            columns["close"],
            columns["volume"],
        )


def load_all_candles() -> tuple[RecordedCandles, ...]:
    """Return the candles of every shipped symbol, in the watchlist's order."""
    return tuple(load_candles(sample.symbol) for sample in CANDLE_SAMPLES)
