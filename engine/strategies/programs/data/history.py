"""Answers over a whole history: what each trigger would have been told live, computed over arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import InvalidInput, NotFound
from engine.market.candles.series import CandleSeries
from engine.market.closed_candles import ClosedCandles
from engine.market.factors.library import FactorLibrary
from engine.market.flow.buckets import BucketArrays
from engine.market.flow.metrics import last_known
from engine.market.flow.series import FlowSeries
from engine.market.period_streams import VALUES_KEPT
from engine.market.periods import DAY_MS, Period
from engine.market.regime.candle_flow import candle_flow
from engine.market.regime.classification import (
    DEFAULT_THRESHOLDS,
    RegimeSeries,
    RegimeVerdict,
    classify_series,
)
from engine.model.regime import RegimeThresholds
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.programs.data.columns import NOTHING, kline_columns, per_trigger, series
from engine.strategies.programs.data.factor_answer import factor_answer
from engine.strategies.programs.data.flow_numbers import FlowMoment, flow_answer
from engine.strategies.programs.data.funding import FundingHistory, with_funding
from engine.strategies.programs.data.price_numbers import (
    QuoteColumns,
    TradedVolume,
    market_numbers,
    price_change,
)
from engine.strategies.programs.data.queries import (
    LEAST_KLINES,
    Factor,
    FactorRanking,
    Flow,
    Klines,
    Lines,
    PriceChange,
    Question,
    RegimeOf,
    Snapshot,
    period_of,
    question_of,
)
from engine.strategies.programs.data.regime_answer import regime_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Column = NDArray[np.float64]
    type Times = NDArray[np.int64]


_KNOWN_VERDICTS = 16_384


class SymbolHistory(msgspec.Struct, frozen=True, eq=False):
    """What is on record of one symbol: closed candles of `base`, flow samples, funding settlements.

    `closed` is what the candles come to where somebody else looks at it too.
    """

    minutes: CandleSeries
    flow: FlowSeries
    factors: FactorLibrary
    funding: FundingHistory
    base: Period = Period.M1
    closed: ClosedCandles | None = None
    thresholds: RegimeThresholds = DEFAULT_THRESHOLDS


class HistoryData:
    """Answers what programs ask, for many times at once; each array is computed once and kept."""

    def __init__(self, symbols: Mapping[str, SymbolHistory]) -> None:
        self._symbols = {symbol: _SymbolData(symbol, history) for symbol, history in symbols.items()}
        self._questions: dict[DataQuery, Question | None] = {}

    def answer(self, query: DataQuery, ts_ms: Times, market: MarketColumns | None = None) -> Answer:
        """Return what `query` answers at each time, in time order; nothing later is looked at.

        `market` are the quotes of the query's symbol at these times, which the mark, bid and ask of an
        answer, and what is measured against the mark, are taken from.
        """
        data, question = self._symbols.get(query.symbol), self._question(query)
        if data is None or question is None or not len(ts_ms):
            return NOTHING
        quote = QuoteColumns.missing(len(ts_ms)) if market is None else QuoteColumns.of_columns(market)
        return data.answer(question, ts_ms, quote)

    def _question(self, query: DataQuery) -> Question | None:
        if query not in self._questions:
            try:
                self._questions[query] = question_of(query)
            except InvalidInput:
                self._questions[query] = None
        return self._questions[query]


class _SymbolData:
    """The arrays of one symbol."""

    def __init__(self, symbol: str, history: SymbolHistory) -> None:
        self._symbol = symbol
        self._history = history
        self._flow = with_funding(history.flow, history.funding)
        self._closed = history.closed or ClosedCandles(history.minutes, history.base)
        self._buckets: dict[Period, BucketArrays] = {}
        self._factors: dict[Factor, Column] = {}
        self._regimes: dict[Period, RegimeSeries] = {}
        self._verdicts: dict[tuple[Period, int], RegimeVerdict] = {}
        self._last_known: dict[str, Column] = {}
        self._volume: TradedVolume | None = None

    def answer(self, question: Question, ts_ms: Times, quote: QuoteColumns) -> Answer:
        period = period_of(question)
        if period is not None and not period.is_made_of(self._history.base):
            return NOTHING
        match question:
            case PriceChange(span_ms):
                return self._price_change(span_ms, ts_ms, quote)
            case Snapshot():
                return self._snapshot(ts_ms, quote)
            case FactorRanking():
                return per_trigger({}, {"rows": ("[]",)})
            case Klines():
                return self._klines(question, ts_ms)
            case Lines():
                return self._lines(question, ts_ms)
            case Flow():
                return self._flow_answer(question, ts_ms, quote)
            case RegimeOf():
                return self._regime(question.period, ts_ms)
            case Factor():
                return self._factor(question, ts_ms)

    def _klines(self, question: Klines, ts_ms: Times) -> Answer:
        closed = self._closed.of(question.period)
        visible = closed.visible(ts_ms)
        first = max(0, int(visible[0]) - max(question.count, LEAST_KLINES))
        candles = closed.candles.slice(first, int(visible[-1]))
        return series(kline_columns(candles), visible - first)

    def _lines(self, question: Lines, ts_ms: Times) -> Answer:
        visible = self._closed.of(question.period).visible(ts_ms)
        first = max(0, int(visible[0]) - VALUES_KEPT)
        rows = slice(first, int(visible[-1]))
        columns = {key: self._closed.indicator(line, question.period)[rows] for key, line in question.lines}
        return series(columns, visible - first)

    def _flow_answer(self, question: Flow, ts_ms: Times, quote: QuoteColumns) -> Answer:
        window = question.period
        if window not in self._buckets:
            self._buckets[window] = BucketArrays(self._flow, window)
        buckets, rows = self._buckets[window], self._sample_rows(ts_ms)
        moment = FlowMoment(
            _at(self._flow.bid_depth, rows),
            _at(self._flow.ask_depth, rows),
            quote.ask - quote.bid,
            self._history.funding.interval_hours,
        )
        return flow_answer(question, lambda quantity, count: buckets.recent(quantity, rows, count), moment)

    def _regime(self, period: Period, ts_ms: Times) -> Answer:
        rows = self._closed.of(period).visible(ts_ms) - 1
        return regime_answer([self._verdict(period, row) if row >= 0 else None for row in rows.tolist()])

    def _factor(self, question: Factor, ts_ms: Times) -> Answer:
        try:
            definition = self._history.factors.get(question.name)
        except NotFound:
            return NOTHING
        closed = self._closed.of(question.period)
        if question not in self._factors:
            self._factors[question] = self._history.factors.array(definition.name, closed.candles)
        values = _at(self._factors[question], closed.visible(ts_ms) - 1)
        return factor_answer(definition, self._symbol, question.period, values)

    def _price_change(self, span_ms: int, ts_ms: Times, quote: QuoteColumns) -> Answer:
        history = self._history
        if span_ms % history.base.length_ms:
            return NOTHING
        return per_trigger(price_change(history.minutes, history.base, ts_ms, span_ms, quote.mark))

    def _snapshot(self, ts_ms: Times, quote: QuoteColumns) -> Answer:
        history, rows = self._history, self._sample_rows(ts_ms)
        if self._volume is None:
            self._volume = TradedVolume(history.minutes, history.base)
        return per_trigger(
            market_numbers(
                quote,
                price_change(history.minutes, history.base, ts_ms, DAY_MS, quote.mark),
                self._volume.at(ts_ms),
                _at(self._known("open_interest"), rows),
                _at(self._known("funding_rate"), rows),
            )
        )

    def _verdict(self, period: Period, row: int) -> RegimeVerdict:
        key = period, row
        if key not in self._verdicts:
            if period not in self._regimes:
                candles = self._closed.of(period).candles
                flow = candle_flow(self._flow, candles.open_ms, period)
                self._regimes[period] = classify_series(candles, flow, self._history.thresholds)
            if len(self._verdicts) >= _KNOWN_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = self._regimes[period].verdict(row)
        return self._verdicts[key]

    def _known(self, column: str) -> Column:
        if column not in self._last_known:
            self._last_known[column] = last_known(getattr(self._flow, column))
        return self._last_known[column]

    def _sample_rows(self, ts_ms: Times) -> NDArray[np.intp]:
        """Return the last flow sample closed by each time, -1 before the first."""
        return self._flow.close_ms.searchsorted(ts_ms, side="right") - 1


def _at(column: Column, rows: NDArray[np.intp]) -> Column:
    """Return a column at rows, NaN at those below 0."""
    values = np.full(len(rows), math.nan)
    begun = rows >= 0
    values[begun] = column[rows[begun]]
    return values
