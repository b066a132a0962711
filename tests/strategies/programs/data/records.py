"""Recorded markets as programs meet them: growing live, or whole as a history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.exchanges.instruments import INSTRUMENTS
from engine.market.candles.series import CandleSeries
from engine.market.flow.series import FlowSeries
from engine.market.indicators import INDICATOR_INFOS
from engine.market.period_streams import VALUES_KEPT
from engine.market.periods import MINUTE_MS, Period
from engine.market.regime.classification import DEFAULT_THRESHOLDS
from engine.market.regime.live import Regimes
from engine.model.flow import FlowMetric
from engine.model.quote import Quote
from engine.signals.conditions.metric_names import built_in_factors
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory
from engine.strategies.programs.data.live import LiveData
from engine.strategies.programs.data.queries import LEAST_KLINES

SOL = "SOL"
FACTORS = built_in_factors()
GENERAL = (
    "adx(14)",
    "bbands(10, 1.5)",
    "bbands(10, 1.5).lowerband",
    "cci(20)",
    "RSI21",
    "EMA200",
    "MA_50",
    "stochrsi",
    "mfi(14)",
    "ht_trendline",
    "cdlengulfing",
    "sar",
    "BOLL_UPPER",
)
PER_TRIGGER_FIVES = ("last_5", "ratio_last_5", "volume_last_5")


class GrowingRecord:
    """A market of one symbol of which so much is on record as has happened by `now_ms`."""

    def __init__(self, minutes: CandleSeries, flow: FlowSeries | None = None) -> None:
        self._minutes = minutes
        self._flow = flow
        self.now_ms = 0

    def minutes(self, symbol: str) -> CandleSeries:
        return self._minutes.slice(0, self._closed())

    def flow_series(self, symbol: str) -> FlowSeries:
        if self._flow is None:
            return FlowSeries.of_minutes(self.minutes(symbol))
        return self._flow.slice(0, int(self._flow.close_ms.searchsorted(self.now_ms, side="right")))

    def quote_or_none(self, symbol: str) -> Quote | None:
        closed = self._closed()
        return quote_at(float(self._minutes.close[closed - 1]), self.now_ms) if closed else None

    def _closed(self) -> int:
        return int(self._minutes.open_ms.searchsorted(self.now_ms - MINUTE_MS, side="right"))


def quote_at(price: float, ts_ms: int) -> Quote:
    mark = Decimal(str(price))
    one = Decimal(1)
    return Quote(SOL, mark - Decimal("0.01"), mark + Decimal("0.02"), one, one, mark, ts_ms)


def markets_at(minutes: CandleSeries, ts_ms: NDArray[np.int64]) -> MarketColumns:
    """The quotes that `GrowingRecord` shows at these times."""
    rows = minutes.open_ms.searchsorted(ts_ms - MINUTE_MS, side="right") - 1
    quotes = [quote_at(float(minutes.close[row]), 0) if row >= 0 else None for row in rows.tolist()]
    mark, bid, ask = (
        np.array([np.nan if quote is None else float(getattr(quote, name)) for quote in quotes]).tobytes()
        for name in ("mark", "bid", "ask")
    )
    return MarketColumns(mark=mark, bid=bid, ask=ask, tick_size=float(INSTRUMENTS[SOL].tick_size))


def history_of(
    minutes: CandleSeries,
    flow: FlowSeries | None = None,
    funding: FundingHistory | None = None,
    base: Period = Period.M1,
) -> HistoryData:
    flow = FlowSeries.of_minutes(minutes, base) if flow is None else flow
    funding = FundingHistory.none() if funding is None else funding
    return HistoryData({SOL: SymbolHistory(minutes, flow, FACTORS, funding, base)})


def live_of(record: GrowingRecord) -> LiveData:
    return LiveData(record, lambda: FACTORS, Regimes(record, DEFAULT_THRESHOLDS), {SOL: INSTRUMENTS[SOL]})


def queries(periods: tuple[Period, ...] = tuple(Period)) -> list[DataQuery]:
    """Every kind of question, over each of these periods."""
    asked = [
        DataQuery("market_data", SOL),
        DataQuery("factor_ranking", SOL, count=5),
        *(DataQuery("price_change", SOL, period=span) for span in ("1m", "7m", "1h", "24h", "1d", "3d")),
    ]
    for period in periods:
        asked += [
            DataQuery("klines", SOL, period=period, count=50),
            DataQuery("klines", SOL, period=period, count=700),
            DataQuery("regime", SOL, period=period),
            *(DataQuery("indicator", SOL, name, period) for name in (*INDICATOR_INFOS, *GENERAL)),
            *(DataQuery("flow", SOL, metric.upper(), period) for metric in FlowMetric),
            *(DataQuery("factor", SOL, each.name, period) for each in FACTORS.definitions()[::9]),
        ]
    return asked


def seen(answer: Answer, trigger: int, triggers: int) -> dict[str, Any]:
    """What a program sees of an answer at one trigger: bit for bit, and of series the last ones."""
    if answer.visible is not None:
        visible = int(np.frombuffer(answer.visible, dtype="<i8")[trigger])
        kept = LEAST_KLINES if "c" in answer.numbers else VALUES_KEPT
        assert len(np.frombuffer(answer.visible, dtype="<i8")) == triggers
        return {
            key: np.frombuffer(column, dtype="<u8")[max(0, visible - kept) : visible].tolist()
            for key, column in answer.numbers.items()
        }
    values: dict[str, Any] = {}
    for key, column in answer.numbers.items():
        wide = np.frombuffer(column, dtype="<u8").reshape(triggers, -1)
        assert wide.shape[1] == (5 if key in PER_TRIGGER_FIVES else 1)
        values[key] = wide[trigger].tolist()
    assert all(len(texts) in (1, triggers) for texts in answer.texts.values())
    return values | {
        key: texts[trigger] if len(texts) > 1 else texts[0] for key, texts in answer.texts.items()
    }


def numbers(answer: Answer, key: str) -> list[float]:
    """An answer's numbers as floats."""
    return np.frombuffer(answer.numbers[key], dtype="<f8").tolist()


def altered_after(series: CandleSeries, ts_ms: int, row: int, factor: float) -> CandleSeries:
    """The record with one candle changed that had not closed by `ts_ms`."""
    first = int(series.open_ms.searchsorted(ts_ms - MINUTE_MS, side="right"))
    at = min(first + row, len(series) - 1)
    assert at >= first
    columns = {}
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(series, name).copy()
        column[at] *= factor
        columns[name] = column
    return msgspec.structs.replace(series, **columns)
