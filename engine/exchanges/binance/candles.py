"""Candles of Binance USD-M perpetuals, from the public `GET /fapi/v1/klines`.

A request for 500 to 1,000 rows weighs 5 of the 2,400 a minute that an address may use; pages have
1,000 rows, which is the most candles for that weight.
"""

from __future__ import annotations

import msgspec

from engine.errors import NotFound
from engine.exchanges.candle_pages import (
    SHARE_OF_LIMIT,
    TIMEOUT_SECONDS,
    CandlePage,
    FirstCandle,
    Reply,
    VenueHttp,
    candle_of,
    decode,
    written,
)
from engine.model.candle import Candle

BASE_URL = "https://fapi.binance.com"
WEIGHT_PER_MINUTE = 2400
PAGE_WEIGHT = 5
PAGE_ROWS = 1000
QUOTE = "USDT"
_USED_WEIGHT = "x-mbx-used-weight-1m"


class _Kline(msgspec.Struct, frozen=True, array_like=True):
    """The first seven elements of a row; the others are of no use here."""

    open_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_ms: int


class BinanceCandles:
    """Pages of candles, read-only and without a key; `BTC` is the perpetual `BTCUSDT`."""

    page_rows = PAGE_ROWS

    def __init__(self, base_url: str = BASE_URL, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._http = VenueHttp("binance", base_url, timeout_seconds)

    async def first(self, symbol: str, period: str, length_ms: int, now_ms: int) -> FirstCandle:
        """Return the first candle the venue has, which it tells when asked from 1970 on."""
        source = f"binance {symbol} {period}"
        reply = await self._klines(symbol, period, {"startTime": 0, "limit": 1})
        rows = decode(reply, list[_Kline], source)
        if not rows:
            raise NotFound(f"{source}: the venue has no such candles", symbol=symbol, period=period)
        open_ms = rows[0].open_ms
        return FirstCandle(open_ms, True, f"{source} begins at {written(open_ms)}: nothing is earlier")

    async def page(self, symbol: str, period: str, length_ms: int, start_ms: int, end_ms: int) -> CandlePage:
        """Return the candles that open from `start_ms` until before `end_ms`."""
        rows = min(PAGE_ROWS, (end_ms - start_ms) // length_ms)
        parameters = {"startTime": start_ms, "endTime": end_ms - 1, "limit": rows}
        reply = await self._klines(symbol, period, parameters)
        source = f"binance {symbol} {period}"
        candles = tuple(
            _candle(kline, length_ms, row, source)
            for row, kline in enumerate(decode(reply, list[_Kline], source), 1)
        )
        return CandlePage(candles, reply.server_ms, _pause_seconds(reply))

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()

    async def _klines(self, symbol: str, period: str, parameters: dict[str, int]) -> Reply:
        return await self._http.get(
            "/fapi/v1/klines", {"symbol": venue_symbol(symbol), "interval": period, **parameters}
        )


def venue_symbol(symbol: str) -> str:
    """Return the venue's name of a symbol's USDT perpetual."""
    return f"{symbol.upper()}{QUOTE}"


def _candle(kline: _Kline, length_ms: int, row: int, source: str) -> Candle:
    texts = (kline.open, kline.high, kline.low, kline.close, kline.volume)
    return candle_of(kline.open_ms, kline.close_ms, texts, length_ms, row, source)


def _pause_seconds(reply: Reply) -> float:
    """Return how long to wait so that neither these requests nor all of this address exceed the limit.

    The venue counts in whole minutes and says how much of the present one is used.
    """
    allowed = WEIGHT_PER_MINUTE * SHARE_OF_LIMIT
    used = reply.headers.get(_USED_WEIGHT, "")
    if used.isascii() and used.isdigit() and int(used) + PAGE_WEIGHT > allowed:
        return 60.0 - (reply.server_ms or 0) // 1000 % 60
    return 60.0 * PAGE_WEIGHT / allowed
