"""A small market for snapshots: the readers a desk would connect."""

from __future__ import annotations

import math

import msgspec

from engine.errors import NotFound
from engine.intelligence.picture.snapshots import MarketReaders
from engine.market.flow.series import FlowSeries
from engine.market.periods import Period
from engine.model.flow import SAMPLE_MS, FlowMetric, FlowReading, FlowSample, FlowValue
from engine.model.regime import CoarseRegime, Regime, RegimeDirection, RegimeInputs, RegimeReading
from engine.model.trade import Trade
from tests.intelligence.articles import NOW_MS

NOTHING = RegimeInputs(
    cvd_ratio=None, taker_ratio=None, oi_delta=None, price_atr=None, range_atr=None, body=None, rsi=None
)


def sample(close_ms: int, **known: float) -> FlowSample:
    unknown = math.nan
    plain = FlowSample(close_ms, 1.0, 1.0, 1.0, 1.0, unknown, unknown, unknown, unknown, unknown, unknown)
    return msgspec.structs.replace(plain, **known)


class SmallMarket:
    """BTC and ETH; tests change its attributes."""

    def __init__(self) -> None:
        self.cvd: float | None = 1.0
        self.as_of_ms = NOW_MS
        self.regime = Regime.NOISE
        self.close_ms = NOW_MS
        self.samples = [sample(NOW_MS - SAMPLE_MS, buy_notional=3.0, sell_notional=1.0)]
        self.trades: tuple[Trade, ...] = ()

    def readers(self) -> MarketReaders:
        return MarketReaders(
            flow=self._flow,
            flow_series=lambda symbol: FlowSeries.of(self.samples),
            trades=lambda symbol: self.trades,
            regime=self._regime,
        )

    def _flow(self, symbol: str, window: str) -> FlowReading:
        if symbol not in ("BTC", "ETH"):
            raise NotFound(f"symbol: {symbol}")
        values = (FlowValue(FlowMetric.CVD, self.cvd),)
        return FlowReading(symbol, window, Period(window).open_of(NOW_MS), self.as_of_ms, values)

    def _regime(self, symbol: str, period: str) -> RegimeReading:
        return RegimeReading(
            symbol=symbol,
            period=period,
            close_ms=self.close_ms,
            regime=self.regime,
            coarse=CoarseRegime.CALM,
            direction=RegimeDirection.NEUTRAL,
            confidence=0.5,
            reasons=(),
            inputs=NOTHING,
        )
