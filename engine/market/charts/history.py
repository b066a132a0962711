"""The closed candles of one symbol and period, and the indicator lines over them, as minutes close.

Both start at the first minute on record, so that a line equals the live indicator streams whatever
part of it is looked at. They are carried forward rather than computed again: a minute costs the same
after a year as after a day.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.candles.period_history import PeriodHistory
from engine.market.candles.series import CandleSeries
from engine.market.columns import GrowingColumns
from engine.market.indicators import FunctionStream, IndicatorDefinition
from engine.market.indicators.functions import function_arrays
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.model.candle import Candle

KEPT_FUNCTIONS = 48
MOST_TAKEN = 500


class ChartHistory:
    """What a chart of one symbol and period is cut from."""

    def __init__(self, minutes: CandleSeries, period: Period) -> None:
        self.period = period
        self._candles = PeriodHistory(minutes, period)
        self._functions: dict[tuple[str, tuple[tuple[str, int | float], ...]], _FunctionHistory] = {}

    def continues_in(self, minutes: CandleSeries) -> bool:
        """Tell whether `minutes` is what has been taken so far and not so many more.

        After more than `MOST_TAKEN` it is quicker to begin again.
        """
        taken = self._candles.minutes
        known = len(taken)
        if known == 0:
            return len(minutes) == 0
        return known <= len(minutes) <= known + MOST_TAKEN and all(
            msgspec.structs.astuple(minutes.candle(row)) == msgspec.structs.astuple(taken.candle(row))
            for row in (0, known - 1)
        )

    def take(self, minutes: CandleSeries) -> bool:
        """Take the minutes that have closed since; return whether that closed a candle."""
        candles = self._candles.take(minutes)
        for candle in candles:
            for function in self._functions.values():
                function.append(candle)
        return bool(candles)

    def closed(self) -> CandleSeries:
        """Return every closed candle."""
        return self._candles.closed()

    def forming(self) -> Candle | None:
        """Return the closed minutes of the candle that has not closed yet, as one candle."""
        return self._candles.forming()

    def line(self, definition: IndicatorDefinition, start: int, stop: int) -> list[float | None]:
        """Return a line at the closed candles `start` to `stop` (exclusive), None where missing."""
        column = self._function(definition).column(definition.output or 0)
        return [value if math.isfinite(value) else None for value in column[start:stop].tolist()]

    def peek(self, definition: IndicatorDefinition, forming: Candle) -> float | None:
        """Return a line at the forming candle, as if it closed as it is now."""
        values = self._function(definition).stream.peek(forming)
        value = None if values is None else values[definition.output or 0]
        return value if value is not None and math.isfinite(value) else None

    def _function(self, definition: IndicatorDefinition) -> _FunctionHistory:
        key = (definition.function, definition.parameters)
        found = self._functions.pop(key, None) or _FunctionHistory(definition, self.closed())
        self._functions[key] = found  # at the end: the one looked at longest ago comes first
        if len(self._functions) > KEPT_FUNCTIONS:
            del self._functions[next(iter(self._functions))]
        return found


class _FunctionHistory:
    """One function's outputs at every closed candle, and the stream that carries them forward."""

    def __init__(self, definition: IndicatorDefinition, closed: CandleSeries) -> None:
        outputs = function_arrays(definition.function, definition.inputs, definition.parameters, closed)
        self._columns = GrowingColumns([np.float64] * len(outputs))
        self._columns.extend(outputs)
        self._missing = (math.nan,) * len(outputs)
        self.stream = FunctionStream(definition, closed)

    def append(self, candle: Candle) -> None:
        values = self.stream.update(candle) or self._missing
        self._columns.append(*(math.nan if value is None else value for value in values))

    def column(self, output: int) -> NDArray[np.float64]:
        return self._columns.view()[output]
