"""TA-Lib's functions as functions of the factor language, in array and in streaming form.

TA-Lib's stream handles give bit for bit what its arrays give, and take no missing value: it is
called once for every stretch without one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from engine.market.factors.forms import FunctionStream, present_rows, rows_since_missing
from engine.market.indicators.functions import lookback, talib

if TYPE_CHECKING:
    from engine.market.factors.forms import Column


class TalibElementwise(msgspec.Struct, frozen=True):
    """A function of one value that only a mathematics library can round, such as the logarithm.

    Python's and numpy's may differ in the last bit, TA-Lib's two forms do not. `only_positive` makes
    it missing for everything else.
    """

    function: str
    only_positive: bool = False

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the function at every row."""
        (values,) = arguments
        allowed = values > 0.0 if self.only_positive else values == values
        result = getattr(talib(), self.function)(np.where(allowed, values, 1.0))
        return np.where(allowed, result, math.nan)

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the function, which remembers nothing."""
        return _TalibElementwiseStream(self)


class _TalibElementwiseStream:
    def __init__(self, form: TalibElementwise) -> None:
        self._handle = getattr(talib().stream, form.function)(np.ones(1))
        self._only_positive = form.only_positive

    def open(self, arguments: Sequence[Column]) -> None:
        pass

    def update(self, values: Sequence[float]) -> float:
        (value,) = values
        if value != value or (self._only_positive and value <= 0.0):
            return math.nan
        result: float = self._handle.update(value)
        return result


class Talib(msgspec.Struct, frozen=True):
    """One of TA-Lib's functions; `parameters` are its names for the windows, in their order.

    `output` picks one of several results. `needs_movement` makes it missing until an argument has
    changed, where TA-Lib would call a market that stands still a 0.
    """

    function: str
    parameters: tuple[str, ...] = ("timeperiod",)
    output: int | None = None
    needs_movement: bool = False

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the function of every stretch without a missing value."""
        parameters = tuple(zip(self.parameters, windows, strict=True))
        warm_up = lookback(self.function, parameters)
        function = getattr(talib(), self.function)
        result = np.full(len(arguments[0]), math.nan)
        edges = np.flatnonzero(np.diff(present_rows(arguments), prepend=False, append=False)).tolist()
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop - start <= warm_up:
                continue
            stretch = [column[start:stop] for column in arguments]
            values = function(*stretch, **dict(parameters))
            result[start:stop] = values if self.output is None else values[self.output]
            if self.needs_movement:
                result[start : start + _still_for(stretch)] = math.nan
        return result

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the function before its first candle."""
        return _TalibStream(self, windows)


class _TalibStream:
    def __init__(self, form: Talib, windows: Sequence[int]) -> None:
        parameters = tuple(zip(form.parameters, windows, strict=True))
        self._parameters = dict(parameters)
        self._open_handle = getattr(talib().stream, form.function)
        self._warm_up = lookback(form.function, parameters)
        self._output = form.output
        self._needs_movement = form.needs_movement
        self._begin()

    def _begin(self) -> None:
        self._handle: Any = None
        self._unopened: list[Sequence[float]] = []
        self._first: Sequence[float] | None = None
        self._still = self._needs_movement

    def open(self, arguments: Sequence[Column]) -> None:
        present = present_rows(arguments)
        missing = np.flatnonzero(~present)
        stretch = [column[missing[-1] + 1 if len(missing) else 0 :] for column in arguments]
        if len(stretch[0]) == 0:
            return
        self._first = [float(column[0]) for column in stretch]
        self._still = self._needs_movement and _still_for(stretch) == len(stretch[0])
        if len(stretch[0]) > self._warm_up:
            self._handle = self._open_handle(*stretch, **self._parameters)
        else:
            self._unopened = list(rows_since_missing(stretch))

    def update(self, values: Sequence[float]) -> float:
        for value in values:
            if value != value:
                self._begin()
                return math.nan
        if self._still:
            self._first = values if self._first is None else self._first
            self._still = all(value == first for value, first in zip(values, self._first, strict=True))
        if self._handle is not None:
            return self._result(self._handle.update(*values))
        self._unopened.append(values)
        if len(self._unopened) <= self._warm_up:
            return math.nan
        columns = [np.array(column) for column in zip(*self._unopened, strict=True)]
        self._handle = self._open_handle(*columns, **self._parameters)
        self._unopened = []
        return self._result(self._handle.value)

    def _result(self, result: Any) -> float:
        value: float = result if self._output is None else result[self._output]
        return math.nan if self._still else value


def _still_for(stretch: Sequence[Column]) -> int:
    """Return how many rows at the start are equal to the first one."""
    moved = np.zeros(len(stretch[0]), dtype=bool)
    for column in stretch:
        moved |= column != column[0]
    return int(moved.argmax()) if moved.any() else len(moved)
