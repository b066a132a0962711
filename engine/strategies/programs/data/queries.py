"""What a program can ask of the market: one table of methods, and what each question means.

What the answers hold, beyond what `DataQuery` says:

============== ======================================================================================
klines         series; the last `count` closed candles are there, and `LEAST_KLINES` at least
indicator      series, the last `VALUES_KEPT` at least: `value`, or a series for each line as
               `line_key` calls it
flow           one value per trigger; the keys `last_5`, `ratio_last_5` and `volume_last_5` have five,
               the oldest bucket first and all of one trigger before those of the next
regime         one value per trigger, missing before the first closed candle
factor         one value per trigger; what is measured of a factor is missing over a history
factor_ranking the text is a JSON array, empty over a history
price_change   one value per trigger: the mark against the last close at least `period` ago
market_data    one value per trigger
============== ======================================================================================

A text that is there once holds at every trigger. An answer without any key means that there is no such
symbol, indicator, metric or period.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput, NotFound
from engine.market.indicators import IndicatorDefinition, indicator_lines, with_length
from engine.market.periods import DAY_MS, HOUR_MS, MINUTE_MS, Period
from engine.model.flow import FlowMetric

if TYPE_CHECKING:
    from engine.market.factors.library import FactorLibrary
    from engine.strategies.programs.batch import DataQuery

LEAST_KLINES = 100
MOST_OF = {"klines": 5000, "factor_ranking": 500}
"""How many of them are given at most; who asks for more is given so many."""
_SPAN = re.compile(r"([1-9]\d{0,5})([mhdw])")
_SPAN_UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_LINE_KEYS = {
    "MACD": {"MACD": "macd", "MACD_SIGNAL": "signal", "MACD_HIST": "histogram"},
    "BOLL": {"BOLL_UPPER": "upper", "BOLL_MIDDLE": "middle", "BOLL_LOWER": "lower"},
    "STOCH": {"STOCH_K": "k", "STOCH_D": "d"},
}


class Klines(msgspec.Struct, frozen=True):
    """The last closed candles, of which `count` are wanted."""

    period: Period
    count: int


class Lines(msgspec.Struct, frozen=True):
    """The lines of an indicator, each with its key in the answer."""

    period: Period
    lines: tuple[tuple[str, IndicatorDefinition], ...]


class Flow(msgspec.Struct, frozen=True):
    """A measure of order flow over calendar windows."""

    metric: FlowMetric
    period: Period


class RegimeOf(msgspec.Struct, frozen=True):
    """The market regime of the last closed candle."""

    period: Period


class Factor(msgspec.Struct, frozen=True):
    """A factor at the last closed candle."""

    name: str
    period: Period


class FactorRanking(msgspec.Struct, frozen=True):
    """The factors that have foretold the price best."""

    count: int


class PriceChange(msgspec.Struct, frozen=True):
    """How the mark has changed over a span of time."""

    span_ms: int


class Snapshot(msgspec.Struct, frozen=True):
    """The market as a ticker shows it."""


type Question = Klines | Lines | Flow | RegimeOf | Factor | FactorRanking | PriceChange | Snapshot

METHODS: Mapping[str, Callable[[DataQuery], Question]] = {
    "klines": lambda query: Klines(_period(query), _count(query)),
    "indicator": lambda query: Lines(_period(query), _lines(query.name)),
    "flow": lambda query: Flow(_metric(query.name), _period(query)),
    "regime": lambda query: RegimeOf(_period(query)),
    "factor": lambda query: Factor(query.name.strip().lower(), _period(query)),
    "factor_ranking": lambda query: FactorRanking(_count(query)),
    "price_change": lambda query: PriceChange(_span_ms(query.period)),
    "market_data": lambda query: Snapshot(),
}
"""Every method by name, and how its fields are read."""


def question_of(query: DataQuery) -> Question:
    """Return what a query asks; raise `InvalidInput` naming the field, its value and what is allowed."""
    read = METHODS.get(query.method)
    if read is None:
        raise InvalidInput.of("method", query.method, f"allowed is {', '.join(METHODS)}")
    try:
        return read(query)
    except NotFound as error:
        raise InvalidInput(error.message, **error.details) from None


def period_of(question: Question) -> Period | None:
    """Return the candle period or flow window a question is about, None for one without."""
    if isinstance(question, FactorRanking | PriceChange | Snapshot):
        return None
    return question.period


def check_query(query: DataQuery, symbols: Collection[str], factors: FactorLibrary) -> None:
    """Raise `InvalidInput` for a query that could never be answered, naming what is allowed."""
    question = question_of(query)
    most = MOST_OF.get(query.method, query.count)
    if not 0 <= query.count <= most:
        raise InvalidInput.of("count", query.count, f"allowed is 0 to {most}")
    if query.symbol not in symbols:
        raise InvalidInput.of("symbol", query.symbol, f"allowed is {', '.join(symbols)}")
    if isinstance(question, Factor):
        try:
            factors.get(question.name)
        except NotFound as error:
            raise InvalidInput(error.message, **error.details) from None


def line_key(line: IndicatorDefinition, lines: int) -> str:
    """Return what a line of an indicator is called in an answer: `value` where it is the only one.

    The lines of MACD are `macd`, `signal` and `histogram`, those of BOLL `upper`, `middle` and
    `lower`, of STOCH `k` and `d`; in the general form they have TA-Lib's names.
    """
    if lines == 1:
        return "value"
    named = _LINE_KEYS.get(line.group, {}).get(line.name)
    return named or line.name.rpartition(".")[2]


def _period(query: DataQuery) -> Period:
    try:
        return Period(query.period)
    except ValueError:
        raise InvalidInput.of("period", query.period, f"allowed is {', '.join(Period)}") from None


def _count(query: DataQuery) -> int:
    """Return how many are wanted, no more than there ever are."""
    return max(0, min(query.count, MOST_OF[query.method]))


def _lines(name: str) -> tuple[tuple[str, IndicatorDefinition], ...]:
    try:
        lines = indicator_lines(name)
    except NotFound:
        general = with_length(name)
        if general is None:
            raise
        lines = indicator_lines(general)
    return tuple((line_key(line, len(lines)), line) for line in lines)


def _metric(name: str) -> FlowMetric:
    try:
        return FlowMetric(name.strip().lower())
    except ValueError:
        allowed = ", ".join(metric.upper() for metric in FlowMetric)
        raise InvalidInput.of("metric", name, f"allowed is {allowed}") from None


def _span_ms(text: str) -> int:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InvalidInput.of("period", text, "write a number of m, h, d or w, such as 15m, 4h or 24h")
    return int(found[1]) * _SPAN_UNITS_MS[found[2]]
