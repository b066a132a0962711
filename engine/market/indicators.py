"""Indicators: one table from a name to a definition, in array and in streaming form.

Both forms are TA-Lib's own, whose stream handles give bit for bit what the arrays give, so that
what a trader sees live is what a history of the same candles shows. Values exist once an indicator
has warmed up; before that they are missing: NaN in arrays, None in a stream, absent from
`IndicatorSet.values`; never 0 or 50.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import NotFound

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.market.candles import CandleSeries
    from engine.model.candle import Candle


class IndicatorDefinition(msgspec.Struct, frozen=True):
    """Which TA-Lib function an indicator is, on which columns of a candle, with which parameters.

    `output` picks one of the function's results where it has several, else it is None.
    """

    name: str
    function: str
    inputs: tuple[str, ...]
    parameters: tuple[tuple[str, int], ...]
    output: int | None = None


def rsi(length: int) -> IndicatorDefinition:
    """Return Wilder's relative strength index of the last `length` candles, 0 to 100."""
    return _of_close(f"RSI{length}", "RSI", length)


def _of_close(name: str, function: str, length: int) -> IndicatorDefinition:
    return IndicatorDefinition(name, function, ("close",), (("timeperiod", length),))


def _macd(name: str, output: int) -> IndicatorDefinition:
    parameters = (("fastperiod", 12), ("slowperiod", 26), ("signalperiod", 9))
    return IndicatorDefinition(name, "MACD", ("close",), parameters, output)


INDICATORS = {
    definition.name: definition
    for definition in (
        rsi(14),
        rsi(7),
        _of_close("MA20", "SMA", 20),
        _of_close("EMA20", "EMA", 20),
        _of_close("EMA50", "EMA", 50),
        IndicatorDefinition("ATR14", "ATR", ("high", "low", "close"), (("timeperiod", 14),)),
        _macd("MACD", 0),
        _macd("MACD_SIGNAL", 1),
        _macd("MACD_HIST", 2),
    )
}


def indicator(name: str) -> IndicatorDefinition:
    """Return the definition called `name`; raise `NotFound` naming those that exist."""
    if name not in INDICATORS:
        known = ", ".join(INDICATORS)
        raise NotFound(f"indicator: {name} is not known; there are {known}", field="indicator", value=name)
    return INDICATORS[name]


def indicator_array(definition: IndicatorDefinition, series: CandleSeries) -> NDArray[np.float64]:
    """Return the indicator at every candle of `series`, NaN where it has not warmed up."""
    function = getattr(_talib(), definition.function)
    result = function(*_columns(definition, series), **dict(definition.parameters))
    values: NDArray[np.float64] = result if definition.output is None else result[definition.output]
    return values


class IndicatorStream:
    """One indicator carried forward one closed candle at a time, at a cost that does not grow."""

    def __init__(self, definition: IndicatorDefinition) -> None:
        self.definition = definition
        self.value: float | None = None
        """The indicator at the last closed candle, None before it has warmed up."""
        self.previous: float | None = None
        """The same at the candle before that one."""
        self._parameters = dict(definition.parameters)
        self._unopened: list[tuple[float, ...]] = []
        self._handle: Any = None

    def update(self, candle: Candle) -> float | None:
        """Take the next closed candle and return the indicator at it."""
        inputs = self._inputs(candle)
        if self._handle is not None:
            value = self._result(self._handle.update(*inputs))
        else:
            self._unopened.append(inputs)
            value = self._open()
        self.previous, self.value = self.value, value
        return value

    def peek(self, forming: Candle) -> float | None:
        """Return what the indicator would be if the forming candle closed as it is now."""
        if self._handle is None:
            return None
        return self._result(self._handle.peek(*self._inputs(forming)))

    def _inputs(self, candle: Candle) -> tuple[float, ...]:
        return tuple(getattr(candle, column) for column in self.definition.inputs)

    def _open(self) -> float | None:
        import numpy as np

        talib = _talib()
        columns = (np.array(column) for column in zip(*self._unopened, strict=True))
        try:
            self._handle = getattr(talib.stream, self.definition.function)(*columns, **self._parameters)
        except talib.InsufficientHistory:
            return None
        self._unopened.clear()
        return self._result(self._handle.value)

    def _result(self, result: Any) -> float | None:
        value = float(result if self.definition.output is None else result[self.definition.output])
        return None if math.isnan(value) else value


class IndicatorSet:
    """Several indicators over the closed candles of one symbol and period."""

    def __init__(self, names: Iterable[str] = tuple(INDICATORS)) -> None:
        self._streams = [IndicatorStream(indicator(name)) for name in names]

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        for stream in self._streams:
            stream.update(candle)

    def values(self) -> dict[str, tuple[float, float]]:
        """Return each indicator at the last closed candle and at its predecessor, by name.

        An indicator that has not warmed up at both is absent.
        """
        return {
            stream.definition.name: (stream.value, stream.previous)
            for stream in self._streams
            if stream.value is not None and stream.previous is not None
        }


def _columns(definition: IndicatorDefinition, series: CandleSeries) -> list[NDArray[np.float64]]:
    return [getattr(series, column) for column in definition.inputs]


_import_lock = threading.Lock()
_ADAPTERS = ("polars", "pandas")


def _talib() -> ModuleType:
    with _import_lock, _without_modules(() if "talib" in sys.modules else _ADAPTERS):
        import talib
    return talib


@contextmanager
def _without_modules(names: Iterable[str]) -> Iterator[None]:
    """Make modules that are not loaded yet look as if they were not installed.

    TA-Lib imports polars and pandas if it can, only to accept their columns as well: 300 ms and
    40 MB that the desk, which hands it plain arrays, has no use for.
    """
    loaded: MutableMapping[str, Any] = sys.modules
    hidden = [name for name in names if name not in loaded]
    loaded.update(dict.fromkeys(hidden))  # None means "no such module" to the import system
    try:
        yield
    finally:
        for name in hidden:
            del loaded[name]
