"""A row of the table of variables, and how the names that it stands for are recognised."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.market.periods import Period
from engine.model.flow import FlowMetric
from engine.model.prompt import VariableFamily
from engine.strategies.programs.batch import DataQuery

if TYPE_CHECKING:
    from engine.strategies.context import StrategyContext
    from engine.strategies.prompts.view import PromptView

type Holes = Mapping[str, str]
"""What stands for the changing parts of a name: `SYMBOL`, `PERIOD` and so on, as the desk spells them."""

MONTH = "1M"
"""The one period that no candle store has: its candles are made of days."""
PERIODS = (*(period.value for period in Period), MONTH)
WINDOWS = {"1h": 1, "4h": 4, "12h": 12, "24h": 24}
"""How many hours back news is looked for."""
HOLES: Mapping[str, str] = {
    "SYMBOL": "a symbol of the desk, such as `BTC`",
    "PERIOD": f"one of {', '.join(f'`{period}`' for period in PERIODS)}",
    "INDICATOR": (
        "`RSI14`, `RSI7`, `MACD`, `STOCH`, `MA`, `EMA`, `BOLL`, `ATR14`, `VWAP`, `OBV`, or any other name"
        " that indicators have, such as `RSI21` or `adx(14)`"
    ),
    "METRIC": f"one of {', '.join(f'`{metric.upper()}`' for metric in FlowMetric)}",
    "WINDOW": f"one of {', '.join(f'`{window}`' for window in WINDOWS)}",
    "FACTOR": "a factor of the desk, such as `rsi21`",
}
"""The changing parts of names, and what each may be; upper and lower case are alike in them."""
_SAMPLES = {
    "SYMBOL": "BTC",
    "PERIOD": "15m",
    "INDICATOR": "RSI14",
    "METRIC": "CVD",
    "WINDOW": "4h",
    "FACTOR": "rsi14",
}
type Render = Callable[[PromptView, Holes], str | None]
"""Writes what a variable stands for; None when there are no data."""

_HOLE = re.compile(rf"<({'|'.join(HOLES)})>")
_INDICATOR_WORD = re.compile(r"(([a-z][a-z0-9_]*?)(?:_?\d{1,4})?)(?:\s*[(.].*)?")
_FREE = {"INDICATOR": r"[A-Za-z][\w(), .=-]{0,79}?", "FACTOR": r"[A-Za-z][\w.-]{0,79}"}


def no_questions(_context: StrategyContext, _holes: Holes) -> tuple[DataQuery, ...]:
    """Ask nothing beyond the context."""
    return ()


class VariableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One variable, or a family of them: what it is called, what it means and how it renders.

    `pattern` is a name, or a name with holes such as `<SYMBOL>_klines_<PERIOD>`. `render` returns None
    when there are no data. `queries` are the questions that rendering asks the view.
    """

    pattern: str
    family: VariableFamily
    meaning: str
    render: Render
    queries: Callable[[StrategyContext, Holes], tuple[DataQuery, ...]] = no_questions
    documented: bool = False

    def example(self, symbol: str = "") -> str:
        """Return a name of this row, of `symbol` if it is about one."""
        samples = _SAMPLES | ({"SYMBOL": symbol} if symbol else {})
        return _HOLE.sub(lambda hole: samples[hole[1]], self.pattern)


class Variable(msgspec.Struct, frozen=True):
    """A name that means something: its row, and what fills the holes."""

    row: VariableRow
    holes: Holes

    def render(self, view: PromptView) -> str | None:
        """Return what it stands for in a view, None without data."""
        return self.row.render(view, self.holes)

    def queries(self, context: StrategyContext) -> tuple[DataQuery, ...]:
        """Return what rendering asks."""
        return self.row.queries(context, self.holes)


class Names:
    """Every name that means something with certain symbols."""

    def __init__(self, rows: Iterable[VariableRow], symbols: tuple[str, ...]) -> None:
        self._symbols = {symbol.casefold(): symbol for symbol in symbols}
        table = tuple(rows)
        self._plain = {row.pattern: Variable(row, {}) for row in table if not _HOLE.search(row.pattern)}
        families = [row for row in table if _HOLE.search(row.pattern)]
        families.sort(key=_openness)
        self._families = [(re.compile(_expression(row.pattern, symbols)), row) for row in families]

    def find(self, name: str) -> Variable | None:
        """Return what a name means, None for nothing."""
        if (plain := self._plain.get(name)) is not None:
            return plain
        for expression, row in self._families:
            found = expression.fullmatch(name)
            if found is None:
                continue
            holes = {hole: self._spelled(hole, text) for hole, text in found.groupdict().items()}
            if "INDICATOR" not in holes or is_indicator(holes["INDICATOR"]):
                return Variable(row, holes)
        return None

    def _spelled(self, hole: str, text: str) -> str:
        match hole:
            case "SYMBOL":
                return self._symbols[text.casefold()]
            case "PERIOD":
                return text if text in PERIODS else text.lower()
            case "METRIC":
                return text.lower()
            case "INDICATOR":
                return text.upper() if text.isalnum() else text
            case _:
                return text.lower()


@functools.lru_cache(maxsize=1024)
def is_indicator(name: str) -> bool:
    """Tell whether indicators have a line or group of this name."""
    from engine.errors import InvalidInput
    from engine.strategies.programs.data.queries import question_of

    found = _INDICATOR_WORD.fullmatch(name.lower())
    if found is None or _indicator_words().isdisjoint(found.groups()):
        return False  # without looking for the nearest name, which takes long
    try:
        question_of(DataQuery("indicator", "", name, Period.M1.value))
    except InvalidInput:
        return False
    return True


@functools.cache
def _indicator_words() -> frozenset[str]:
    """Return what names of indicators begin with, in lower case."""
    from engine.market.indicators import INDICATOR_INFOS, INDICATORS
    from engine.market.indicators.functions import function_names

    return frozenset(map(str.lower, (*INDICATORS, *INDICATOR_INFOS, *function_names())))


def _openness(row: VariableRow) -> tuple[int, int]:
    """Return what puts the most particular family first: those with free text last, then by fixed length."""
    free = sum(hole in _FREE for hole in _HOLE.findall(row.pattern))
    return free, -len(_HOLE.sub("", row.pattern))


def _expression(pattern: str, symbols: tuple[str, ...]) -> str:
    choices = {
        "SYMBOL": symbols,
        "PERIOD": PERIODS,
        "METRIC": tuple(FlowMetric),
        "WINDOW": tuple(WINDOWS),
    }
    pieces: list[str] = []
    for index, piece in enumerate(_HOLE.split(pattern)):
        if index % 2 == 0:
            pieces.append(re.escape(piece))
        elif piece in _FREE:
            pieces.append(f"(?P<{piece}>{_FREE[piece]})")
        else:
            longest_first = sorted(choices[piece], key=len, reverse=True)
            # Without a symbol nothing may match, not even the empty text.
            either = "|".join(map(re.escape, longest_first)) or r"(?!)"
            pieces.append(f"(?P<{piece}>(?i:{either}))")
    return "".join(pieces)
