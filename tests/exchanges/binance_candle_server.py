"""Binance's `GET /fapi/v1/klines`, with its limits, its forming last row and its refusals."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from engine.market.periods import Period
from tests.candle_rows import candle_at
from tests.exchanges.candle_server import CandleServer, Rows, Status

MAX_ROWS = 1500


class BinanceCandleServer(CandleServer):
    """Knows BTCUSDT only, whose first candle opens at `first_ms`."""

    def parse(self, method: str, path: str, body: bytes) -> dict[str, object]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return {"method": method, "path": parts.path, **query}

    def rows(self, request: dict[str, object]) -> Rows | Status:
        if (request["method"], request["path"]) != ("GET", "/fapi/v1/klines"):
            return Status(404)
        if request["symbol"] != "BTCUSDT":
            return Status(400, b'{"code":-1121,"msg":"Invalid symbol."}')
        limit = int(str(request.get("limit", "500")))
        if not 1 <= limit <= MAX_ROWS:
            return Status(400, b'{"code":-1130,"msg":"Data sent for parameter limit is not valid."}')
        period = Period(str(request["interval"]))
        length = period.length_ms
        start_ms = max(int(str(request["startTime"])), self.first_ms)
        end_ms = min(int(str(request.get("endTime", self.now_ms()))), self.now_ms())
        opens = range(period.close_of(start_ms - 1), end_ms + 1, length)
        return [self._row(open_ms, length) for open_ms in opens[:limit]]

    def _row(self, open_ms: int, length: int) -> object:
        candle = candle_at(open_ms, length)
        prices = [str(each) for each in (candle.open, candle.high, candle.low, candle.close, candle.volume)]
        return [open_ms, *prices, open_ms + length - 1, "0", 7, "0", "0", "0"]
