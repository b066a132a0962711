"""What a stored series is called: its venue, symbol and period, and the folder that follows from them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period, parse_period
from engine.text import safe_line

_VENUE = re.compile(r"[a-z0-9][a-z0-9_-]{0,15}", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}", re.ASCII)


class SeriesKey(msgspec.Struct, frozen=True, order=True):
    """One series of candles; its parts are names of folders, so nothing that could lead elsewhere.

    Raises `InvalidInput` for a venue or symbol with any other character than letters, digits, `_`, `-`.
    """

    venue: str
    symbol: str
    period: Period

    def __post_init__(self) -> None:
        if not _VENUE.fullmatch(self.venue):
            raise InvalidInput.of(
                "venue", safe_line(self.venue, 40), "allowed is 1 to 16 of a-z 0-9 _ -, such as binance"
            )
        if not _SYMBOL.fullmatch(self.symbol):
            raise InvalidInput.of(
                "symbol", safe_line(self.symbol, 40), "allowed is 1 to 20 of A-Z a-z 0-9 _ -, such as BTC"
            )

    @classmethod
    def of(cls, venue: str, symbol: str, period: str) -> SeriesKey:
        """Return the key of names as a person types them: `btc` means `BTC`, while `kPEPE` stays."""
        return cls(venue.lower(), parse_symbol(symbol), parse_period(period))

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol} {self.period}"

    @property
    def folder(self) -> Path:
        """Where the series lies below the store's folder."""
        return Path(f"venue={self.venue}", f"symbol={self.symbol}", f"period={self.period}")


def parse_symbol(text: str) -> str:
    """Return a typed symbol in the store's spelling: one without a capital letter is all capitals."""
    return text.upper() if text == text.lower() else text


def key_of_folder(folder: Path) -> SeriesKey | None:
    """Return the key of a series' folder, or None for a folder that no series has."""
    venue, symbol, period = (
        part.partition("=")[2] for part in (folder.parent.parent.name, folder.parent.name, folder.name)
    )
    if period not in set(Period):
        return None
    try:
        return SeriesKey(venue, symbol, Period(period))
    except InvalidInput:
        return None
