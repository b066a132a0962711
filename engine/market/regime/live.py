"""The regime of each symbol now: of its last closed candle, carried forward as minutes close."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from engine.market.candles.builder import CandleBuilder
from engine.market.candles.series import aggregate
from engine.market.periods import Period
from engine.market.regime.candle_flow import flow_of_candle
from engine.market.regime.classification import RegimeStream, check_thresholds, classify
from engine.model.regime import RegimeInputs, RegimeReading, RegimeThresholds

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.market.flow.series import FlowSeries

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
        """Return every closed minute on record, of which later answers only have more."""
        ...

    def flow_series(self, symbol: str) -> FlowSeries:
        """Return every flow sample on record."""
        ...


class Regimes:
    """Answers for any symbol and period, from any thread; the thresholds may be changed at any time.

    The first question about a symbol and period reads its whole history, later ones what is new.
    """

    def __init__(self, market: RegimeMarket, thresholds: RegimeThresholds) -> None:
        self._market = market
        self._thresholds = check_thresholds(thresholds)
        self._live: dict[tuple[str, Period], _LiveRegime] = {}

    @property
    def thresholds(self) -> RegimeThresholds:
        """The numbers regimes are told apart by."""
        return self._thresholds

    def set_thresholds(self, thresholds: RegimeThresholds) -> None:
        """Tell regimes apart by other numbers; raises `InvalidInput` for one that makes no sense."""
        self._thresholds = check_thresholds(thresholds)

    def warm_up(self, symbols: Iterable[str], period: Period) -> None:
        """Read each symbol's history now, so that the first question about it is quick."""
        for symbol in symbols:
            self.reading(symbol, period)

    def reading(self, symbol: str, period: Period) -> RegimeReading:
        """Return the regime of the last closed candle, unknown before there is one."""
        live = self._live.setdefault((symbol, period), _LiveRegime(symbol, period))
        # One lock for each, so that reading one's long history does not hold up another.
        with live.lock:
            live.take(self._market.minutes(symbol))
            return live.reading(self._market.flow_series(symbol), self._thresholds)


class _LiveRegime:
    """The regime of one symbol and period, as far as its minutes have been taken."""

    def __init__(self, symbol: str, period: Period) -> None:
        self.lock = threading.Lock()
        self._symbol = symbol
        self._period = period
        self._taken = 0
        self._builder = CandleBuilder([period], keep=1)
        self._stream = RegimeStream(period)
        self._open_ms: int | None = None
        self._known_from: tuple[int, RegimeThresholds] | None = None

    def take(self, minutes: CandleSeries) -> None:
        """Take the minutes that are new."""
        if self._taken == 0:
            self._begin(minutes)
        for minute in minutes.slice(self._taken).candles():
            for closed in self._builder.add_minute(minute):
                if closed.period is self._period:
                    self._stream.take(closed.candle)
                    self._open_ms = closed.candle.open_ms
                    self._known_from = None
        self._taken = len(minutes)

    def _begin(self, minutes: CandleSeries) -> None:
        closed = aggregate(minutes, self._period).closed
        self._builder.warm_up(minutes)
        self._stream = RegimeStream(self._period, history=closed)
        self._open_ms = int(closed.open_ms[-1]) if len(closed) else None
        self._taken = len(minutes)

    def reading(self, samples: FlowSeries, thresholds: RegimeThresholds) -> RegimeReading:
        """Return the regime of the last closed candle, judged anew when more of its flow is known."""
        if self._open_ms is None:
            return classify(_NOTHING_KNOWN, thresholds).reading(self._symbol, self._period, 0)
        close_ms = self._period.close_of(self._open_ms)
        # The candle may have closed before the last flow sample inside it.
        known_from = int(samples.close_ms.searchsorted(close_ms, side="right")), thresholds
        if self._known_from != known_from:
            self._known_from = known_from
            self._stream.thresholds = thresholds
            self._stream.judge(flow_of_candle(samples, self._open_ms, self._period))
        reading = self._stream.reading(self._symbol)
        assert reading is not None
        return reading
