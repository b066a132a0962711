"""Whatever indicator or factor is asked of one symbol and period, opened at first use and kept up to date.

The first use reads the whole history, as a smoothing function needs for the last bit to be that of the
arrays; after that a candle costs the same however many came before.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from engine.market.candles.period_history import PeriodHistory
from engine.market.indicators import FunctionStream, IndicatorDefinition
from engine.market.indicators.streams import Values

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.market.factors.library import FactorLibrary
    from engine.market.factors.streams import FactorStream
    from engine.market.periods import Period
    from engine.model.candle import Candle

VALUES_KEPT = 20
KEPT_STREAMS = 64


class PeriodStreams:
    """The closed candles of one symbol and period, and the streams over them that are in use."""

    def __init__(self, minutes: CandleSeries, period: Period) -> None:
        self._candles = PeriodHistory(minutes, period)
        self._functions: dict[tuple[object, ...], _RecentValues] = {}
        self._factors: dict[str, FactorStream] = {}
        self._library: FactorLibrary | None = None

    def take(self, minutes: CandleSeries) -> None:
        """Take the minutes that have closed since; `minutes` are all on record."""
        if len(minutes) == len(self._candles.minutes):
            return
        for candle in self._candles.take(minutes):
            for function in self._functions.values():
                function.update(candle)
            for factor in self._factors.values():
                factor.update(candle)

    def closed(self) -> CandleSeries:
        """Return every closed candle."""
        return self._candles.closed()

    def recent(self, line: IndicatorDefinition) -> list[float]:
        """Return a line at the last `VALUES_KEPT` closed candles, oldest first, NaN where missing."""
        key = line.function, line.inputs, line.parameters
        function = self._functions.pop(key, None) or _RecentValues(line, self.closed())
        _keep(self._functions, key, function)
        output = line.output or 0
        found = (None if values is None else values[output] for values in function.values)
        return [math.nan if value is None else value for value in found]

    def factor(self, name: str, library: FactorLibrary) -> float | None:
        """Return a factor of `library` at the last closed candle, None where missing."""
        if library is not self._library:  # a name may mean something else now
            self._library = library
            self._factors.clear()
        stream = self._factors.pop(name, None) or library.stream(name, self.closed())
        _keep(self._factors, name, stream)
        return stream.value


class _RecentValues:
    """The outputs of one function at the last closed candles."""

    def __init__(self, definition: IndicatorDefinition, closed: CandleSeries) -> None:
        first = max(0, len(closed) - VALUES_KEPT)
        self.values: deque[Values | None] = deque(maxlen=VALUES_KEPT)
        self._stream = FunctionStream(definition, closed.slice(0, first))
        for candle in closed.slice(first).candles():
            self.update(candle)

    def update(self, candle: Candle) -> None:
        self.values.append(self._stream.update(candle))


def _keep[Key, Value](kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Put `value` at the end; what was used longest ago is at the front, and dropped."""
    kept[key] = value
    if len(kept) > KEPT_STREAMS:
        del kept[next(iter(kept))]
