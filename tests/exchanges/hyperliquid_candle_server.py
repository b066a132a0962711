"""Hyperliquid's `POST /info` with `candleSnapshot`: only the latest 5,000 candles of each period."""

from __future__ import annotations

import json

from engine.market.periods import Period
from tests.candle_rows import candle_at
from tests.exchanges.candle_server import CandleServer, Rows, Status

KEPT = 5000


class HyperliquidCandleServer(CandleServer):
    """Knows BTC only, whose first candle opened at `first_ms`; it still has the latest `KEPT`."""

    def parse(self, method: str, path: str, body: bytes) -> dict[str, object]:
        decoded: dict[str, object] = json.loads(body or b"{}")
        request = decoded.get("req", {})
        assert isinstance(request, dict)
        return {"method": method, "path": path, "type": decoded.get("type"), **request}

    def rows(self, request: dict[str, object]) -> Rows | Status:
        if (request["method"], request["path"], request["type"]) != ("POST", "/info", "candleSnapshot"):
            return Status(422, b"Failed to deserialize the JSON body into the target type")
        if request["coin"] != "BTC":
            return Status(200, b"null")
        period = Period(str(request["interval"]))
        length = period.length_ms
        last_ms = period.open_of(self.now_ms())
        start_ms = max(int(str(request["startTime"])), self.first_ms, last_ms - (KEPT - 1) * length)
        end_ms = min(int(str(request["endTime"])), self.now_ms())
        opens = range(period.close_of(start_ms - 1), end_ms + 1, length)
        return [self._row(open_ms, length, period) for open_ms in opens]

    def _row(self, open_ms: int, length: int, interval: str) -> object:
        candle = candle_at(open_ms, length)
        names = {"o": candle.open, "h": candle.high, "l": candle.low, "c": candle.close, "v": candle.volume}
        texts = {name: str(value) for name, value in names.items()}
        return {"t": open_ms, "T": open_ms + length - 1, "s": "BTC", "i": interval, **texts, "n": 7}
