"""What a freqtrade file's name tells of its candles, and refusing to guess where it does not.

freqtrade keeps `<venue>/futures/BTC_USDT_USDT-5m-futures.feather`: base, quote and settlement asset,
period, kind. Only the pairs a venue's perpetuals are usually quoted in are taken for plain `BTC`.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from engine.errors import InvalidInput
from engine.market.history.series_key import SeriesKey
from engine.market.periods import Period, parse_period

VENUE_QUOTES = {"binance": "USDT", "hyperliquid": "USDC"}
_NAME = re.compile(r"([A-Za-z0-9]+)_([A-Z0-9]+)_([A-Z0-9]+)-([0-9]+[mhdw])-futures")


class SourceName(msgspec.Struct, frozen=True):
    """What a file's name says; None for what it does not say."""

    venue: str | None = None
    symbol: str | None = None
    quote: str | None = None
    period: Period | None = None


def read_source_name(path: Path) -> SourceName:
    """Return what the name and the folders of a file say of its candles."""
    matched = _NAME.fullmatch(path.stem)
    if matched is None or matched[4] not in set(Period):
        return SourceName()
    folders = path.absolute().parent
    venue = folders.parent.name if folders.name == "futures" else None
    return SourceName(
        venue if venue in VENUE_QUOTES else None,
        matched[1],
        matched[2] if matched[2] == matched[3] else None,
        Period(matched[4]),
    )


def settle_key(
    path: Path, detected: Period | None, *, venue: str | None, symbol: str | None, period: str | None
) -> SeriesKey:
    """Return the series a file belongs to, from what is given, then its name, then its rows' spacing.

    Raises `InvalidInput` for what none of them says for certain, and where they contradict each other.
    """
    name = read_source_name(path)
    chosen_venue = (venue or name.venue or "").lower()
    if not chosen_venue:
        raise _unsure(path, "venue", "a venue the file's name and folder do not tell")
    chosen_symbol = symbol
    if chosen_symbol is None and name.symbol and name.quote == VENUE_QUOTES.get(chosen_venue):
        chosen_symbol = name.symbol
    if chosen_symbol is None:
        raise _unsure(path, "symbol", "a symbol the file's name does not tell for certain")
    given = parse_period(period) if period is not None else None
    if given and name.period and given is not name.period:
        raise InvalidInput.of(f"{path}: period", given, f"the file's name says {name.period}")
    chosen_period = given or name.period or detected
    if chosen_period is None:
        raise _unsure(path, "period", "a period that neither the name nor the rows tell")
    return SeriesKey.of(chosen_venue, chosen_symbol, chosen_period)


def _unsure(path: Path, field: str, value: str) -> InvalidInput:
    return InvalidInput.of(f"{path}: {field}", value, "say which")
