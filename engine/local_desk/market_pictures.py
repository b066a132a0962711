"""What a program would see of one symbol now, as the texts of a `MarketPicture`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput
from engine.model.program import MarketPicture
from engine.strategies.programs.batch import Answer, DataQuery

if TYPE_CHECKING:
    from engine.strategies.programs.data.live import LiveData

SHOWN_KLINES = 5
SHOWN_VALUES = 20
MAX_NAMES = 40
_KLINE_KEYS = {"t": "timestamp", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
_MISSING_TEXT = "\0"


async def market_picture(
    data: LiveData,
    symbol: str,
    period: str,
    indicators: tuple[str, ...],
    flow_metrics: tuple[str, ...],
    price: float | None,
    now_ms: int,
) -> MarketPicture:
    """Return everything asked for; a name that is not known is answered by its error.

    Raises `InvalidInput` for a period that does not exist, or too many names.
    """
    from engine.strategies.programs.data.queries import question_of

    if len(indicators) + len(flow_metrics) > MAX_NAMES:
        given = len(indicators) + len(flow_metrics)
        raise InvalidInput.of("indicators", given, f"at most {MAX_NAMES} names at once")
    klines = DataQuery("klines", symbol, period=period, count=SHOWN_KLINES)
    question_of(klines)
    of_indicator = {name: DataQuery("indicator", symbol, name, period) for name in indicators}
    of_flow = {name: DataQuery("flow", symbol, name, period) for name in flow_metrics}
    regime = DataQuery("regime", symbol, period=period)
    asked = (klines, regime, *of_indicator.values(), *of_flow.values())

    def answers() -> dict[DataQuery, Answer]:
        data.prepare(asked, now_ms)
        return {query: data.answer(query, now_ms) for query in asked}

    answered = await asyncio.to_thread(answers)
    return MarketPicture(
        symbol=symbol,
        period=period,
        price=price,
        indicators={
            name: _named(query, answered[query], indicator_text) for name, query in of_indicator.items()
        },
        flow={name: _named(query, answered[query], values_text) for name, query in of_flow.items()},
        regime=values_text(answered[regime]),
        klines=klines_text(answered[klines]),
        ts_ms=now_ms,
    )


def indicator_text(answer: Answer) -> str:
    """Return an indicator at the last closed candle: `value` and `series`, or those of each line."""
    lines = {key: _series(answer, column) for key, column in answer.numbers.items()}
    if not lines or any(not values or values[-1] is None for values in lines.values()):
        return "{}"
    if list(lines) == ["value"]:
        return _json({"value": lines["value"][-1], "series": lines["value"][-SHOWN_VALUES:]})
    latest: dict[str, object] = {key: values[-1] for key, values in lines.items()}
    return _json(latest | {"series": {key: values[-SHOWN_VALUES:] for key, values in lines.items()}})


def values_text(answer: Answer) -> str:
    """Return an answer of one value for each key, such as a measure of order flow, `null` where missing."""
    values: dict[str, object] = {}
    for key, column in answer.numbers.items():
        known = _numbers(column)
        values[key] = known[0] if len(known) == 1 else known
    for key, texts in answer.texts.items():
        values[key] = None if texts[0] == _MISSING_TEXT else texts[0]
    return _json(values)


def klines_text(answer: Answer) -> str:
    """Return the last closed candles, oldest first; `timestamp` is when each opens, in seconds."""
    columns = {_KLINE_KEYS[key]: _series(answer, column) for key, column in answer.numbers.items()}
    rows = zip(*(values[-SHOWN_KLINES:] for values in columns.values()), strict=True)
    return _json([dict(zip(columns, row, strict=True)) for row in rows])


def _named(query: DataQuery, answer: Answer, text: Callable[[Answer], str]) -> str:
    from engine.strategies.programs.data.queries import question_of

    try:
        question_of(query)
    except InvalidInput as error:
        return _json({"error": error.message})
    return text(answer)


def _series(answer: Answer, column: bytes) -> list[float | None]:
    visible = memoryview(answer.visible).cast("q")[0] if answer.visible else 0
    return _numbers(column)[:visible]


def _numbers(column: bytes) -> list[float | None]:
    return [None if math.isnan(value) else value for value in memoryview(column).cast("d")]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
