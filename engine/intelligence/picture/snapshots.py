"""Snapshots: everything known of a symbol at one moment, gathered from those who know it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput
from engine.intelligence.news_desk import NewsDesk
from engine.intelligence.picture.flow_summary import summarise
from engine.intelligence.picture.large_trades import LargeTrades, zones
from engine.market.periods import Period, parse_period
from engine.model.flow import FlowReading
from engine.model.news import IntelligenceSnapshot
from engine.model.regime import RegimeReading
from engine.model.trade import Trade

if TYPE_CHECKING:
    from engine.market.flow.series import FlowSeries

TIMEFRAME = "15m"
WINDOW = "4h"
MAX_NEWS = 20
MAX_ZONES = 500


class MarketReaders(msgspec.Struct, frozen=True, eq=False):
    """Where a snapshot's market side comes from; each raises `NotFound` for an unknown symbol.

    `trades` returns recent trades, oldest first, empty where the feed has none.
    """

    flow: Callable[[str, str], FlowReading]
    flow_series: Callable[[str], FlowSeries]
    trades: Callable[[str], Sequence[Trade]]
    regime: Callable[[str, str], RegimeReading]


class Snapshots:
    """Makes snapshots; safe to use from several threads."""

    def __init__(self, readers: MarketReaders, news: NewsDesk) -> None:
        self._readers = readers
        self._news = news
        self._large: dict[str, LargeTrades] = {}
        self._lock = threading.Lock()

    def take_trades(self, symbol: str, trades: Iterable[Trade]) -> None:
        """Remember the large ones of trades as they happen; trades already taken change nothing."""
        with self._lock:
            self._large.setdefault(symbol, LargeTrades()).take(trades)

    def snapshot(
        self, symbol: str, now_ms: int, timeframe: str = TIMEFRAME, window: str = WINDOW
    ) -> IntelligenceSnapshot:
        """Return the picture of a symbol at `now_ms` of the market's time.

        The summary, the zones and the news are of the last `window` up to now; the zones and the
        regime are by `timeframe`. News counts from when the desk received it: in a replay of the past
        there is none from its future. Raises `InvalidInput` for a bad timeframe or window and
        `NotFound` for a symbol.
        """
        period, span = _checked(timeframe, window)
        start_ms = now_ms - span.length_ms
        flow = self._readers.flow(symbol, span.value)
        regime = self._readers.regime(symbol, period.value)
        series = self._readers.flow_series(symbol)
        self.take_trades(symbol, self._readers.trades(symbol))
        with self._lock:
            tape = self._large[symbol]
            large = tape.since(start_ms, now_ms) if tape.has_tape else None
        return IntelligenceSnapshot(
            symbol=symbol,
            timeframe=period.value,
            window=span.value,
            generated_ms=now_ms,
            flow=flow,
            summary=summarise(series, large, start_ms=start_ms, now_ms=now_ms),
            regime=regime,
            zones=zones(large or (), period)[-MAX_ZONES:],
            news=self._news.latest(symbol, limit=MAX_NEWS, since_ms=start_ms, known_by_ms=now_ms),
        )


def _checked(timeframe: str, window: str) -> tuple[Period, Period]:
    period, span = parse_period(timeframe), parse_period(window)
    if span.length_ms < period.length_ms:
        raise InvalidInput.of("window", window, f"allowed is {timeframe} or longer")
    return period, span
