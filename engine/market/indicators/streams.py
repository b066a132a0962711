"""Indicators carried forward one closed candle at a time, at a cost that does not grow.

Both forms are TA-Lib's own, whose stream handles give bit for bit what the arrays give, so that
what a trader sees live is what a history of the same candles shows, also after a restart: a stream
opened on a history equals the one that has seen its candles one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from engine.errors import InvalidInput
from engine.market.indicators.functions import SESSION_FUNCTION, lookback, talib
from engine.market.indicators.names import indicator
from engine.market.indicators.table import INDICATORS, IndicatorDefinition
from engine.market.periods import DAY_MS

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.model.candle import Candle

type Row = tuple[float, ...]
type Values = tuple[float | None, ...]


class FunctionStream:
    """One function of TA-Lib with all its outputs, shared by the lines that show them."""

    def __init__(self, definition: IndicatorDefinition, history: CandleSeries | None = None) -> None:
        """Start from nothing, or as if every closed candle of `history` had been taken."""
        self._function = definition.function
        self._inputs = definition.inputs
        self._parameters = definition.parameters
        self._columns = attrgetter(*definition.inputs)
        self._lookback = lookback(definition.function, definition.parameters)
        self._by_session = definition.function == SESSION_FUNCTION
        self._session = -1
        self._unopened: list[Row] = []
        self._handle: Any = None
        self.values: Values | None = None
        """Each output at the last closed candle; None before the function has warmed up."""
        self.previous: Values | None = None
        """The same at the candle before that one."""
        if history is not None and len(history):
            self._take_history(history.slice(0, -1))
            self.update(history.candle(-1))

    def update(self, candle: Candle) -> Values | None:
        """Take the next closed candle and return each output at it.

        Raises `InvalidInput`, having taken nothing, for a candle with a number that is not finite.
        """
        row = self._row(candle)
        if not math.isfinite(sum(row)):
            raise InvalidInput.of("candle", row, f"{', '.join(self._inputs)} are finite numbers")
        if self._by_session and candle.open_ms // DAY_MS != self._session:
            self._session = candle.open_ms // DAY_MS
            self._handle = None
        if self._handle is not None:
            values: Values | None = self._results(self._handle.update(*row))
        else:
            self._unopened.append(row)
            values = self._open()
        self.previous, self.values = self.values, values
        return values

    def peek(self, forming: Candle) -> Values | None:
        """Return what the outputs would be if the forming candle closed as it is now."""
        row = self._row(forming)
        if not math.isfinite(sum(row)):
            return None
        if self._by_session and forming.open_ms // DAY_MS != self._session:
            handle = self._opened([row])
        elif self._handle is not None:
            return self._results(self._handle.peek(*row))
        else:
            handle = self._opened([*self._unopened, row])
        return None if handle is None else self._results(handle.value)

    def _take_history(self, closed: CandleSeries) -> None:
        if self._by_session and len(closed):
            days = closed.open_ms // DAY_MS
            self._session = int(days[-1])
            closed = closed.slice(int(days.searchsorted(self._session)))
        columns = [getattr(closed, column) for column in self._inputs]
        if len(closed) > self._lookback:
            self._handle = self._open_on(columns)
        if self._handle is not None:
            self.values = self._results(self._handle.value)
        else:
            self._unopened = list(zip(*(column.tolist() for column in columns), strict=True))

    def _row(self, candle: Candle) -> Row:
        row = self._columns(candle)
        return row if len(self._inputs) > 1 else (row,)

    def _open(self) -> Values | None:
        self._handle = self._opened(self._unopened)
        if self._handle is None:
            return None
        self._unopened.clear()
        return self._results(self._handle.value)

    def _opened(self, rows: list[Row]) -> Any:
        if len(rows) <= self._lookback:
            return None
        import numpy as np

        return self._open_on([np.array(column) for column in zip(*rows, strict=True)])

    def _open_on(self, columns: list[Any]) -> Any:
        library = talib()
        try:
            return getattr(library.stream, self._function)(*columns, **dict(self._parameters))
        except library.InsufficientHistory:
            return None

    def _results(self, result: Any) -> Values:
        if self._by_session and result == 0.0:
            return (None,)
        if isinstance(result, tuple):
            return tuple(None if value != value else float(value) for value in result)
        return (None if result != result else float(result),)


class IndicatorStream:
    """One line of an indicator."""

    def __init__(self, definition: IndicatorDefinition, history: CandleSeries | None = None) -> None:
        """Start from nothing, or as if every closed candle of `history` had been taken."""
        self.definition = definition
        self._output = definition.output or 0
        self._stream = FunctionStream(definition, history)

    @property
    def value(self) -> float | None:
        """The indicator at the last closed candle, None before it has warmed up."""
        return self._line(self._stream.values)

    @property
    def previous(self) -> float | None:
        """The same at the candle before that one."""
        return self._line(self._stream.previous)

    def update(self, candle: Candle) -> float | None:
        """Take the next closed candle and return the indicator at it.

        Raises `InvalidInput`, having taken nothing, for a candle with a number that is not finite.
        """
        return self._line(self._stream.update(candle))

    def peek(self, forming: Candle) -> float | None:
        """Return what the indicator would be if the forming candle closed as it is now."""
        return self._line(self._stream.peek(forming))

    def _line(self, values: Values | None) -> float | None:
        return None if values is None else values[self._output]


class IndicatorSet:
    """Several indicators over the closed candles of one symbol and period.

    Lines of the same function, such as the three of MACD, are computed once.
    """

    def __init__(self, names: Iterable[str] = tuple(INDICATORS), history: CandleSeries | None = None) -> None:
        definitions = [indicator(name) for name in names]
        streams = {(each.function, each.parameters): FunctionStream(each, history) for each in definitions}
        self._streams = tuple(streams.values())
        self._lines = [
            (each.name, streams[each.function, each.parameters], each.output or 0) for each in definitions
        ]

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        for stream in self._streams:
            stream.update(candle)

    def values(self) -> dict[str, tuple[float, float]]:
        """Return each indicator at the last closed candle and at its predecessor, by name.

        An indicator that is missing at either is absent.
        """
        found = {}
        for name, stream, output in self._lines:
            value = None if stream.values is None else stream.values[output]
            previous = None if stream.previous is None else stream.previous[output]
            if value is not None and previous is not None:
                found[name] = (value, previous)
        return found
