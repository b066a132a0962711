"""The recorded desk's market side: real candles, a real book and real trades, on the desk's quotes.

The candles are those of the shipped samples, their prices scaled by one factor to the fixed quotes
and their times moved by whole minutes to the fixed afternoon; book and trades are those of the
shipped capture, moved by whole ticks. Charts are made of them by the engine itself.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from decimal import Decimal
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.errors import NotFound
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.charts.source import ChartSource
from engine.market.factors.effectiveness import effectiveness
from engine.market.factors.formulas import vocabulary
from engine.market.factors.library import FactorLibrary
from engine.market.indicators import indicator_infos
from engine.market.periods import Period, parse_period
from engine.market.regime.classification import check_thresholds
from engine.model.candle import Candle
from engine.model.chart import Chart, ChartRequest, FeedStatus, IndicatorInfo
from engine.model.factor import FactorCategory, FactorDefinition, FactorEffectiveness, FactorWord
from engine.model.flow import FlowMetric, FlowReading, FlowValue
from engine.model.order import Side
from engine.model.quote import BookLevel, BookSnapshot, Quote
from engine.model.regime import (
    CoarseRegime,
    Regime,
    RegimeDirection,
    RegimeInputs,
    RegimeReading,
    RegimeThresholds,
)
from engine.model.trade import Trade
from engine.samples import MINUTE_MS, RAW_SAMPLE, load_candles

MINUTES = 30_000
D_TENTH = Decimal("0.1")
BOOK_LEVELS = 40
TRADES = 200

FLOW = {
    FlowMetric.CVD: -1_284_310.0,
    FlowMetric.TAKER: 0.83,
    FlowMetric.OI: 8_412_700_000.0,
    FlowMetric.OI_DELTA: -0.42,
    FlowMetric.FUNDING: 0.0081,
    FlowMetric.DEPTH: 1.31,
    FlowMetric.IMBALANCE: 0.13,
    FlowMetric.PRICE_CHANGE: -0.18,
    FlowMetric.VOLATILITY: 0.37,
}

REGIME_REASONS = (
    "takers sold 21.4 % more than they bought (at least 15 %)",
    "open interest fell by 0.42 % (at most -0.50 % for a trap)",
    "the candle moved 0.71 ATR (at least 0.50)",
)


@cache
def minutes_until(symbol: str, last_open_ms: int, last_close: float, decimals: int) -> CandleSeries:
    """Return recorded minutes moved and scaled so that the last one opens and closes there."""
    recorded = load_candles(symbol)
    rows = slice(len(recorded.open) - MINUTES, None)
    scale = last_close / float(recorded.close[-1])

    def prices(column: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.round(column[rows].astype(np.float64) * scale, decimals)

    open_ms = last_open_ms - np.arange(MINUTES - 1, -1, -1, dtype=np.int64) * MINUTE_MS
    volume = recorded.volume[rows].astype(np.float64) / 10**recorded.sample.volume_decimals
    return CandleSeries(
        open_ms,
        prices(recorded.open),
        prices(recorded.high),
        prices(recorded.low),
        prices(recorded.close),
        volume,
    )


@cache
def captured_book() -> tuple[tuple[tuple[Decimal, Decimal], ...], tuple[tuple[Decimal, Decimal], ...]]:
    """Return the capture's first book: for each side, how far from the best and how much."""
    with lzma.open(RAW_SAMPLE.path, "rt") as lines:
        line = next(line for line in lines if '"lastUpdateId"' in line[:80])
    frame = json.loads(line.split(" ", 1)[1])
    sides = []
    for name in ("bids", "asks"):
        levels = [(Decimal(price), Decimal(quantity)) for price, quantity in frame[name][:BOOK_LEVELS]]
        best = levels[0][0]
        sides.append(tuple((abs(price - best), quantity) for price, quantity in levels))
    return sides[0], sides[1]


@cache
def captured_trades() -> tuple[tuple[int, Decimal, Decimal, bool, int], ...]:
    """Return the capture's first trades: time, price, quantity, whether the taker bought, number."""
    trades: list[tuple[int, Decimal, Decimal, bool, int]] = []
    with lzma.open(RAW_SAMPLE.path, "rt") as lines:
        for line in lines:
            if '"e":"trade"' in line[:100]:
                data = json.loads(line.split(" ", 1)[1])["data"]
                trades.append((data["T"], Decimal(data["p"]), Decimal(data["q"]), not data["m"], data["t"]))
                if len(trades) == TRADES:
                    break
    return tuple(trades)


class _Minutes:
    """Where the charts get their candles: the last minute is still forming."""

    def __init__(self, desk: RecordedMarkets) -> None:
        self._desk = desk

    def minutes(self, symbol: str) -> CandleSeries:
        return self._desk.minutes(symbol).slice(0, -1)

    def forming(self, symbol: str, period: Period) -> Candle | None:
        minutes = self._desk.minutes(symbol)
        start = period.open_of(int(minutes.open_ms[-1]))
        rows = minutes.slice(int(minutes.open_ms.searchsorted(start)))
        candle = Candle(
            start,
            float(rows.open[0]),
            float(rows.high.max()),
            float(rows.low.min()),
            float(rows.close[-1]),
            float(rows.volume.sum()),
            closed=False,
        )
        last = self._desk.last_price.get(symbol)
        if last is None:
            return candle
        return msgspec.structs.replace(
            candle, close=last, high=max(candle.high, last), low=min(candle.low, last)
        )


class RecordedMarkets:
    """The market desk over recorded values; the public attributes are what a test may change."""

    def __init__(self, quotes: Callable[[str], Quote | None], now_ms: Callable[[], int]) -> None:
        self._quotes = quotes
        self._now_ms = now_ms
        self._charts = ChartSource(_Minutes(self))
        self.requests: list[ChartRequest] = []
        self.last_price: dict[str, float] = {}
        self.has_book = True
        self.has_trades = True
        self.is_stale = False
        self.price_only = False
        self.flow_values: dict[FlowMetric, float | None] = dict(FLOW)
        self.thresholds = RegimeThresholds()
        self.library = FactorLibrary()
        self.measured: list[tuple[str, str, str]] = []

    def minutes(self, symbol: str) -> CandleSeries:
        quote = self._quotes(symbol)
        if quote is None:
            raise NotFound(f"symbol: {symbol} is not known", field="symbol", value=symbol)
        decimals = 1 if symbol == "BTC" else 2
        last_open = self._now_ms() // MINUTE_MS * MINUTE_MS
        return minutes_until(symbol, last_open, float(quote.mark), decimals)

    def periods(self) -> tuple[str, ...]:
        return tuple(str(period) for period in Period)

    def chart(self, request: ChartRequest) -> Chart:
        self.requests.append(request)
        return self._charts.chart(request)

    def indicators(self) -> tuple[IndicatorInfo, ...]:
        return indicator_infos()

    def book(self, symbol: str, depth: int) -> BookSnapshot | None:
        quote = self._quotes(symbol)
        if quote is None or not self.has_book:
            return None
        bids, asks = captured_book()
        # As many ticks away as in the capture, whose tick is a cent.
        scale = (D_TENTH if symbol == "BTC" else RAW_SAMPLE.tick_size) / RAW_SAMPLE.tick_size
        return BookSnapshot(
            symbol,
            tuple(BookLevel(quote.bid - away * scale, quantity) for away, quantity in bids[:depth]),
            tuple(BookLevel(quote.ask + away * scale, quantity) for away, quantity in asks[:depth]),
            quote.ts_ms,
        )

    def trades(self, symbol: str, limit: int = 100) -> tuple[Trade, ...]:
        quote = self._quotes(symbol)
        if quote is None or not self.has_trades:
            return ()
        rows = captured_trades()[-limit:]
        later, higher = self._now_ms() - rows[-1][0], quote.bid - rows[-1][1]
        return tuple(
            Trade(symbol, price + higher, quantity, Side.BUY if buys else Side.SELL, number, ts_ms + later)
            for ts_ms, price, quantity, buys, number in rows
        )

    def flow(self, symbol: str, window: str = "15m") -> FlowReading:
        now = self._now_ms()
        return FlowReading(
            symbol,
            window,
            now // 900_000 * 900_000,
            now,
            tuple(FlowValue(metric, self.flow_values.get(metric)) for metric in FlowMetric),
        )

    def regime(self, symbol: str, period: str = "5m") -> RegimeReading:
        inputs = RegimeInputs(
            cvd_ratio=-0.214,
            taker_ratio=0.83,
            oi_delta=-0.42,
            price_atr=-0.71,
            range_atr=1.2,
            body=0.58,
            rsi=41.7,
        )
        return RegimeReading(
            symbol=symbol,
            period=period,
            close_ms=self._now_ms() // 300_000 * 300_000,
            regime=Regime.UNKNOWN if self.price_only else Regime.CONTINUATION,
            coarse=CoarseRegime.TRENDING,
            direction=RegimeDirection.BEARISH,
            confidence=0.64,
            reasons=("no trades on this feed",) if self.price_only else REGIME_REASONS,
            inputs=inputs,
            price_only=self.price_only,
        )

    def regime_thresholds(self) -> RegimeThresholds:
        return self.thresholds

    async def set_regime_thresholds(self, thresholds: RegimeThresholds) -> RegimeThresholds:
        self.thresholds = check_thresholds(thresholds)
        return thresholds

    def feeds(self) -> tuple[FeedStatus, ...]:
        return tuple(
            FeedStatus(
                symbol=symbol,
                quote_age_ms=self._now_ms() - quote.ts_ms,
                is_stale=self.is_stale,
                book="true" if self.has_book else "none",
                resyncs=0,
                out_of_order=0,
                crossed=0,
            )
            for symbol in ("BTC", "ETH", "SOL")
            if (quote := self._quotes(symbol)) is not None
        )

    def factors(self) -> tuple[FactorDefinition, ...]:
        return self.library.definitions()

    def factor_words(self) -> tuple[FactorWord, ...]:
        return vocabulary()

    def check_factor(self, expression: str) -> None:
        self.library.check_expression(expression)

    async def save_factor(self, name: str, expression: str, meaning: str = "") -> FactorDefinition:
        factor = FactorDefinition(
            name=name, category=FactorCategory.CUSTOM, expression=expression, meaning=meaning
        )
        self.library = self.library.with_factor(factor)
        return self.library.get(name)

    async def delete_factor(self, name: str) -> None:
        self.library = self.library.without_factor(name)

    async def factor_effectiveness(
        self, name: str, symbol: str, period: str = "1h", horizon: int = 1
    ) -> FactorEffectiveness:
        self.measured.append((name, symbol, period))
        length = parse_period(period)
        series = aggregate(self.minutes(symbol), length).closed
        values = self.library.array(name, series)
        return effectiveness(values, series, factor=name, symbol=symbol, period=length, horizon=horizon)
