"""Variables of one symbol's market: its figures, candles, indicators and factors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.market.periods import Period
from engine.model.prompt import VariableFamily
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.prompts.variables.answers import last_number, recent_numbers, text_of
from engine.strategies.prompts.variables.row import MONTH, Holes, VariableRow
from engine.strategies.prompts.variables.wording import CANDLE_HEADING, candle_line, number, numbers
from engine.strategies.prompts.view import PromptView

if TYPE_CHECKING:
    from engine.strategies.context import StrategyContext

_CANDLES = 30
_DAYS_OF_MONTHS = 370
"""Days asked for monthly candles: a year of them, and the part of a month before."""
_LATEST = 5
_COLUMNS = ("o", "h", "l", "c", "v")
_GROUPS = {"MA": ("MA5", "MA10", "MA20"), "EMA": ("EMA20", "EMA50", "EMA100")}
"""Names without a length, and the indicators they stand for."""
_MARKET_FIGURES = (
    ("price", "mark"),
    ("bid", "bid"),
    ("ask", "ask"),
    ("change24h", "24h change"),
    ("percentage24h", "24h change %"),
    ("volume24h", "24h volume (quote)"),
    ("open_interest", "open interest (quote)"),
    ("funding_rate", "funding rate (fraction)"),
)
_FACTOR_FIGURES = (("ic", "IC"), ("icir", "ICIR"), ("win_rate", "win rate"))

type Candle = tuple[int, float, float, float, float, float]
"""Open time (ms), open, high, low, close, volume."""


def _market_query(_context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    return (DataQuery("market_data", holes["SYMBOL"]),)


def _market_data(view: PromptView, holes: Holes) -> str | None:
    answer = view.answer(_market_query(view.context, holes)[0])
    if answer is None or last_number(answer, "price") is None:
        return None
    return ", ".join(f"{label} {number(last_number(answer, key))}" for key, label in _MARKET_FIGURES)


def _kline_query(_context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    symbol, period = holes["SYMBOL"], holes["PERIOD"]
    if period == MONTH:
        return (DataQuery("klines", symbol, period=Period.D1, count=_DAYS_OF_MONTHS),)
    return (DataQuery("klines", symbol, period=period, count=_CANDLES),)


def _klines(view: PromptView, holes: Holes) -> str | None:
    query = _kline_query(view.context, holes)[0]
    answer = view.answer(query)
    candles = [] if answer is None else _candles(answer, query.count)
    if holes["PERIOD"] == MONTH:
        candles = months_of(candles)
    if not candles:
        return None
    heading = f"{holes['SYMBOL']} {holes['PERIOD']} {CANDLE_HEADING}"
    return "\n".join((heading, *(candle_line(*candle) for candle in candles)))


def _candles(answer: Answer, most: int) -> list[Candle]:
    times = recent_numbers(answer, "t", most)
    columns = (recent_numbers(answer, key, most) for key in _COLUMNS)
    return [
        (round(time * 1000), opened, high, low, close, volume)
        for time, opened, high, low, close, volume in zip(times, *columns, strict=True)
        if None not in (time, opened, high, low, close, volume)
    ]


def months_of(days: list[Candle]) -> list[Candle]:
    """Return closed daily candles, oldest first, as candles of whole calendar months (UTC).

    A month counts when its first and its last day are there; a gap in between is stepped over.
    """
    months: dict[tuple[int, int], list[Candle]] = {}
    for day in days:
        opened = datetime.fromtimestamp(day[0] / 1000, UTC)
        months.setdefault((opened.year, opened.month), []).append(day)
    return [
        (
            month[0][0],
            month[0][1],
            max(day[2] for day in month),
            min(day[3] for day in month),
            month[-1][4],
            sum(day[5] for day in month),
        )
        for month in months.values()
        if _day_of_month(month[0][0]) == 1 and _day_of_month(month[-1][0] + Period.D1.length_ms) == 1
    ]


def _day_of_month(ts_ms: int) -> int:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).day


def _indicator_queries(_context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    if holes["PERIOD"] == MONTH:
        return ()
    names = _GROUPS.get(holes["INDICATOR"], (holes["INDICATOR"],))
    return tuple(DataQuery("indicator", holes["SYMBOL"], name, holes["PERIOD"]) for name in names)


def _indicator(view: PromptView, holes: Holes) -> str | None:
    lines: list[str] = []
    for query in _indicator_queries(view.context, holes):
        answer = view.answer(query)
        if answer is None:
            continue
        for key in answer.numbers:
            values = recent_numbers(answer, key, _LATEST)
            if not values or values[-1] is None:
                continue
            label = query.name if key == "value" else f"{query.name} {key}"
            lines.append(f"{label} {number(values[-1])}, last {len(values)} {numbers(values)}")
    return "\n".join(lines) or None


def _factor_query(_context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    if holes["PERIOD"] == MONTH:
        return ()
    return (DataQuery("factor", holes["SYMBOL"], holes["FACTOR"], holes["PERIOD"]),)


def _factor(view: PromptView, holes: Holes) -> str | None:
    for query in _factor_query(view.context, holes):
        answer = view.answer(query)
        if answer is None or (value := last_number(answer, "value")) is None:
            return None
        parts = [f"{text_of(answer, 'factor_name') or query.name} {number(value)}"]
        parts += [
            f"{label} {number(figure)}"
            for key, label in _FACTOR_FIGURES
            if (figure := last_number(answer, key)) is not None
        ]
        if meaning := text_of(answer, "description"):
            parts.append(meaning)
        return ", ".join(parts)
    return None


ROWS = (
    VariableRow(
        pattern="<SYMBOL>_market_data",
        family=VariableFamily.SYMBOL,
        meaning="Mark, bid, ask, 24 h change and volume, open interest and funding rate of a symbol.",
        render=_market_data,
        queries=_market_query,
    ),
    VariableRow(
        pattern="<SYMBOL>_klines_<PERIOD>",
        family=VariableFamily.SYMBOL,
        meaning=f"The last {_CANDLES} closed candles of a symbol; of `{MONTH}` the whole months of a year.",
        render=_klines,
        queries=_kline_query,
    ),
    VariableRow(
        pattern="<SYMBOL>_<INDICATOR>_<PERIOD>",
        family=VariableFamily.SYMBOL,
        meaning=(
            f"An indicator at the last closed candle and the {_LATEST - 1} before, line by line where it has"
            " several. `MA` is MA5, MA10 and MA20, `EMA` is EMA20, EMA50 and EMA100. There are no data"
            f" for `{MONTH}`."
        ),
        render=_indicator,
        queries=_indicator_queries,
    ),
    VariableRow(
        pattern="<SYMBOL>_factor_<PERIOD>_<FACTOR>",
        family=VariableFamily.FACTOR,
        meaning="A factor at the last closed candle, with how well it has foretold the price where measured.",
        render=_factor,
        queries=_factor_query,
    ),
)
