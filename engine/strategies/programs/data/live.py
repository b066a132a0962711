"""Answers of this moment, from streams that are opened at first use and carried forward.

They equal bit for bit what `HistoryData` gives at the same time over the same record. What is measured
of a factor is the one thing a history does not tell: it is there once `prepare` has measured it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.errors import InvalidInput, NotFound
from engine.market.flow.buckets import BucketStream
from engine.market.period_streams import VALUES_KEPT, PeriodStreams
from engine.market.periods import DAY_MS, Period
from engine.strategies.programs.data.columns import NOTHING, kline_columns, per_trigger, series
from engine.strategies.programs.data.factor_answer import (
    RANKING_PERIOD,
    FactorMeasure,
    factor_answer,
    measure_factor,
    ranking_text,
)
from engine.strategies.programs.data.flow_numbers import FlowMoment, flow_answer
from engine.strategies.programs.data.price_numbers import (
    QuoteColumns,
    day_volume_now,
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
    question_of,
)
from engine.strategies.programs.data.regime_answer import regime_answer

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.market.factors.library import FactorLibrary
    from engine.market.flow.series import FlowSeries
    from engine.market.regime.live import Regimes
    from engine.model.instrument import Instrument
    from engine.model.quote import Quote
    from engine.strategies.programs.batch import Answer, DataQuery

_KNOWN_QUESTIONS = 1024
_ANY_WINDOW = Period.H1
"""What was last told does not depend on the window."""


class ProgramMarket(Protocol):
    """Where answers get the market from, as `MarketState` has it; records only get longer."""

    def minutes(self, symbol: str) -> CandleSeries:
        """Return every closed minute on record."""
        ...

    def flow_series(self, symbol: str) -> FlowSeries:
        """Return every flow sample on record."""
        ...

    def quote_or_none(self, symbol: str) -> Quote | None:
        """Return the latest quote, None before the first."""
        ...


class LiveData:
    """Answers what programs ask now, from any thread; the first question of a kind reads all history."""

    def __init__(
        self,
        market: ProgramMarket,
        factors: Callable[[], FactorLibrary],
        regimes: Regimes,
        instruments: Mapping[str, Instrument],
    ) -> None:
        self._market = market
        self._factors = factors
        self._regimes = regimes
        self._instruments = instruments
        self._lock = threading.Lock()
        self._symbols: dict[str, _SymbolStreams] = {symbol: _SymbolStreams() for symbol in instruments}
        self._questions: dict[DataQuery, Question | None] = {}
        self._measures: dict[tuple[str, Period, str], FactorMeasure] = {}

    def answer(self, query: DataQuery, now_ms: int) -> Answer:
        """Return what `query` answers now."""
        question = self._question(query)
        if question is None or query.symbol not in self._instruments:
            return NOTHING
        return self._answer(query.symbol, question, now_ms)

    def prepare(self, queries: Iterable[DataQuery], now_ms: int) -> None:
        """Open what these queries read and measure the factors they ask for.

        Takes as long as the history is long, so it belongs in a thread of its own; afterwards the same
        queries are answered at once.
        """
        for query in queries:
            question = self._question(query)
            if question is None or query.symbol not in self._instruments:
                continue
            match question:
                case Factor(name, period):
                    self._measure(query.symbol, period, (name,))
                case FactorRanking():
                    names = tuple(each.name for each in self._factors().definitions())
                    self._measure(query.symbol, RANKING_PERIOD, names)
            self._answer(query.symbol, question, now_ms)

    def keep_up(self) -> None:
        """Take the minutes and samples that have closed, so that no answer has many to take.

        Worth calling after each minute; answers are the same without.
        """
        for symbol, streams in self._symbols.items():
            with streams.lock:
                streams.keep_up(self._market, symbol)

    def _question(self, query: DataQuery) -> Question | None:
        if query not in self._questions:
            if len(self._questions) >= _KNOWN_QUESTIONS:
                self._questions.clear()
            try:
                self._questions[query] = question_of(query)
            except InvalidInput:
                self._questions[query] = None
        return self._questions[query]

    def _answer(self, symbol: str, question: Question, now_ms: int) -> Answer:
        match question:
            case RegimeOf(period):
                reading = self._regimes.reading(symbol, period)
                return regime_answer([reading if reading.close_ms else None])
            case FactorRanking(count):
                return self._ranking(symbol, count)
            case PriceChange(span_ms):
                return self._price_change(symbol, span_ms, now_ms)
        streams = self._symbols[symbol]
        with streams.lock:
            match question:
                case Klines():
                    return _klines(streams.period(self._market, symbol, question.period), question)
                case Lines():
                    return _lines(streams.period(self._market, symbol, question.period), question)
                case Flow():
                    return self._flow(streams, symbol, question)
                case Factor():
                    return self._factor(streams, symbol, question)
                case Snapshot():
                    return self._snapshot(streams, symbol, now_ms)

    def _flow(self, streams: _SymbolStreams, symbol: str, question: Flow) -> Answer:
        buckets = streams.window(self._market, symbol, question.period)
        quote = self._quote(symbol)
        moment = FlowMoment(
            np.array([buckets.bucket.bid_depth]),
            np.array([buckets.bucket.ask_depth]),
            quote.ask - quote.bid,
            self._instruments[symbol].funding_interval_hours,
        )
        return flow_answer(
            question,
            lambda quantity, count: np.array(buckets.recent(quantity, count)).reshape(count, 1),
            moment,
        )

    def _factor(self, streams: _SymbolStreams, symbol: str, question: Factor) -> Answer:
        library = self._factors()
        try:
            definition = library.get(question.name)
        except NotFound:
            return NOTHING
        value = streams.period(self._market, symbol, question.period).factor(definition.name, library)
        values = np.array([math.nan if value is None else value])
        measure = self._measures.get((symbol, question.period, definition.name))
        return factor_answer(definition, symbol, question.period, values, measure)

    def _ranking(self, symbol: str, count: int) -> Answer:
        measures = (
            measure
            for (of_symbol, period, _), measure in tuple(self._measures.items())
            if of_symbol == symbol and period is RANKING_PERIOD
        )
        return per_trigger({}, {"rows": (ranking_text(measures, count),)})

    def _price_change(self, symbol: str, span_ms: int, now_ms: int) -> Answer:
        minutes = self._market.minutes(symbol)
        mark = self._quote(symbol).mark
        return per_trigger(price_change(minutes, Period.M1, np.array([now_ms]), span_ms, mark))

    def _snapshot(self, streams: _SymbolStreams, symbol: str, now_ms: int) -> Answer:
        minutes, quote = self._market.minutes(symbol), self._quote(symbol)
        known = streams.window(self._market, symbol, _ANY_WINDOW).bucket
        return per_trigger(
            market_numbers(
                quote,
                price_change(minutes, Period.M1, np.array([now_ms]), DAY_MS, quote.mark),
                day_volume_now(minutes),
                np.array([known.known_open_interest]),
                np.array([known.known_funding_rate]),
            )
        )

    def _quote(self, symbol: str) -> QuoteColumns:
        quote, tick_size = self._market.quote_or_none(symbol), float(self._instruments[symbol].tick_size)
        if quote is None:
            return QuoteColumns.missing(1, tick_size)
        return QuoteColumns.of_quote(quote, tick_size)

    def _measure(self, symbol: str, period: Period, names: Iterable[str]) -> None:
        """Measure factors of which a candle has closed since the last time."""
        library, streams = self._factors(), self._symbols[symbol]
        with streams.lock:
            closed = streams.period(self._market, symbol, period).closed()
        if not len(closed):
            return
        for name in names:
            try:
                definition = library.get(name)
            except NotFound:
                continue
            key = symbol, period, definition.name
            known = self._measures.get(key)
            is_current = known is not None and known.last_open_ms == closed.open_ms[-1]
            if known is None or not is_current or known.definition != definition:
                self._measures[key] = measure_factor(definition.name, library, closed, symbol, period)


class _SymbolStreams:
    """What is carried forward of one symbol; read and written under its lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._periods: dict[Period, PeriodStreams] = {}
        self._windows: dict[Period, BucketStream] = {}

    def period(self, market: ProgramMarket, symbol: str, period: Period) -> PeriodStreams:
        """Return the streams over a period's closed candles, which have taken all of them."""
        minutes = market.minutes(symbol)
        found = self._periods.get(period)
        if found is None:
            found = self._periods[period] = PeriodStreams(minutes, period)
        else:
            found.take(minutes)
        return found

    def window(self, market: ProgramMarket, symbol: str, window: Period) -> BucketStream:
        """Return the buckets of a flow window, which have taken every sample."""
        samples = market.flow_series(symbol)
        found = self._windows.get(window)
        if found is None:
            found = self._windows[window] = BucketStream(samples, window)
        else:
            found.take(samples)
        return found

    def keep_up(self, market: ProgramMarket, symbol: str) -> None:
        """Take what is new in everything that was ever asked for."""
        for period in self._periods:
            self.period(market, symbol, period)
        for window in self._windows:
            self.window(market, symbol, window)


def _klines(streams: PeriodStreams, question: Klines) -> Answer:
    closed = streams.closed()
    candles = closed.slice(max(0, len(closed) - max(question.count, LEAST_KLINES)))
    return series(kline_columns(candles), np.array([len(candles)]))


def _lines(streams: PeriodStreams, question: Lines) -> Answer:
    columns = {key: streams.recent(line) for key, line in question.lines}
    return series(columns, np.array([min(len(streams.closed()), VALUES_KEPT)]))
