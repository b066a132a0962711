"""The regime of each symbol now: of its last closed candle, worked out once a candle."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from engine.market.candles import aggregate
from engine.market.periods import Period
from engine.market.regime import check_thresholds, classify, classify_series
from engine.market.regime_flow import candle_flow
from engine.model.regime import RegimeInputs, RegimeReading, RegimeThresholds

if TYPE_CHECKING:
    from engine.market.candles import CandleSeries
    from engine.market.flow_series import FlowSeries

_NOTHING_KNOWN = RegimeInputs(
    cvd_ratio=None,
    taker_ratio=None,
    oi_delta=None,
    price_atr=None,
    range_atr=None,
    body=None,
    rsi=None,
)


class RegimeMarket(Protocol):
    """Where regimes get their candles and flow; both methods may be called from any thread."""

    def minutes(self, symbol: str) -> CandleSeries:
        """Return every closed minute on record; raises `NotFound` for an unknown symbol."""
        ...

    def flow_series(self, symbol: str) -> FlowSeries:
        """Return every flow sample on record."""
        ...


class Regimes:
    """Answers for any symbol and period, from any thread; the thresholds may be changed at any time."""

    def __init__(self, market: RegimeMarket, thresholds: RegimeThresholds) -> None:
        self._market = market
        self._thresholds = check_thresholds(thresholds)
        self._lock = threading.Lock()
        self._readings: dict[tuple[str, Period], RegimeReading] = {}

    @property
    def thresholds(self) -> RegimeThresholds:
        """The numbers regimes are told apart by."""
        return self._thresholds

    def set_thresholds(self, thresholds: RegimeThresholds) -> None:
        """Tell regimes apart by other numbers; raises `InvalidInput` for one that makes no sense."""
        check_thresholds(thresholds)
        with self._lock:
            self._thresholds = thresholds
            self._readings.clear()

    def reading(self, symbol: str, period: Period) -> RegimeReading:
        """Return the regime of the last closed candle, unknown before there is one."""
        minutes = self._market.minutes(symbol)
        with self._lock:
            known = self._readings.get((symbol, period))
            if known is not None and known.close_ms == _last_close_ms(minutes, period):
                return known
            reading = self._read(symbol, period, minutes)
            self._readings[symbol, period] = reading
            return reading

    def _read(self, symbol: str, period: Period, minutes: CandleSeries) -> RegimeReading:
        candles = aggregate(minutes, period).closed
        if len(candles) == 0:
            return classify(_NOTHING_KNOWN, self._thresholds).reading(symbol, period, 0)
        flow = candle_flow(self._market.flow_series(symbol), candles.open_ms, period)
        verdict = classify_series(candles, flow, self._thresholds).verdict(-1)
        return verdict.reading(symbol, period, int(candles.open_ms[-1]) + period.length_ms)


def _last_close_ms(minutes: CandleSeries, period: Period) -> int:
    """Return when the last candle closed that the minutes complete, 0 if there are none."""
    if len(minutes) == 0:
        return 0
    return period.open_of(Period.M1.close_of(int(minutes.open_ms[-1])))
