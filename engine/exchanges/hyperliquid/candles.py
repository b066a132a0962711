"""Candles of Hyperliquid perpetuals, from the public `POST /info` with `candleSnapshot`.

The venue keeps only the latest 5,000 candles of each period. A reply of n rows weighs 20 + n/60 of
the 1,200 a minute that an address may use.
"""

from __future__ import annotations

import msgspec

from engine.errors import InvalidInput, NotFound
from engine.exchanges.candle_pages import (
    SHARE_OF_LIMIT,
    TIMEOUT_SECONDS,
    CandlePage,
    FirstCandle,
    VenueHttp,
    candle_of,
    decode,
    written,
)
from engine.model.candle import Candle
from engine.text import safe_line

BASE_URL = "https://api.hyperliquid.xyz"
WEIGHT_PER_MINUTE = 1200
PAGE_ROWS = 500
LATEST_ROWS = 5000
_PAGE_WEIGHT = 20 + -(-PAGE_ROWS // 60)


class _Row(
    msgspec.Struct,
    frozen=True,
    rename={
        "open_ms": "t",
        "close_ms": "T",
        "coin": "s",
        "interval": "i",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
    },
):
    """One candle as the venue writes it."""

    open_ms: int
    close_ms: int
    coin: str
    interval: str
    open: str
    high: str
    low: str
    close: str
    volume: str


_Rows = list[_Row] | None


class HyperliquidCandles:
    """Pages of candles, read-only and without a key; symbols are the venue's coins."""

    page_rows = PAGE_ROWS

    def __init__(self, base_url: str = BASE_URL, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._http = VenueHttp("hyperliquid", base_url, timeout_seconds)

    async def first(self, symbol: str, period: str, length_ms: int, now_ms: int) -> FirstCandle:
        """Return the earliest candle the venue can still have; a young coin has fewer."""
        # Counted back from the last full period, the forming candle being one of the 5,000.
        open_ms = now_ms - now_ms % length_ms - (LATEST_ROWS - 1) * length_ms
        return FirstCandle(
            open_ms,
            False,
            f"hyperliquid serves only the latest {LATEST_ROWS:,} candles of a period, "
            f"{period} from {written(open_ms)}: what is earlier cannot be fetched",
        )

    async def page(self, symbol: str, period: str, length_ms: int, start_ms: int, end_ms: int) -> CandlePage:
        """Return the candles that open from `start_ms` until before `end_ms`."""
        source = f"hyperliquid {symbol} {period}"
        request = {"coin": symbol, "interval": period, "startTime": start_ms, "endTime": end_ms - 1}
        reply = await self._http.post("/info", {"type": "candleSnapshot", "req": request})
        rows: list[_Row] | None = decode(reply, _Rows, source)
        if rows is None:
            raise NotFound(f"{source}: the venue has no such coin", symbol=symbol)
        candles = tuple(
            _candle(row, symbol, period, length_ms, place, source) for place, row in enumerate(rows, 1)
        )
        pause_seconds = 60.0 * _PAGE_WEIGHT / (WEIGHT_PER_MINUTE * SHARE_OF_LIMIT)
        return CandlePage(candles, reply.server_ms, pause_seconds)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()


def _candle(row: _Row, symbol: str, period: str, length_ms: int, place: int, source: str) -> Candle:
    if row.coin != symbol or row.interval != period:
        raise InvalidInput.of(
            f"{source}: row {place}: series",
            safe_line(f"{row.coin} {row.interval}", 40),
            f"{symbol} {period}, as asked for",
        )
    texts = (row.open, row.high, row.low, row.close, row.volume)
    return candle_of(row.open_ms, row.close_ms, texts, length_ms, place, source)
