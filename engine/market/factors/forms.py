"""The kinds of functions there are, each in its array form and in its streaming form.

Both forms of a kind give bit for bit the same numbers. A missing argument (NaN) makes a function
that looks back begin anew behind it: TA-Lib is called once for every stretch without one, and a
window that holds one is missing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from engine.market.factors.arithmetic import Values
from engine.market.indicator_functions import lookback, talib
from engine.market.periods import DAY_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Column = NDArray[np.float64]

_ROWS_AT_ONCE = 8192
"""How many windows are reduced at once: so many that their columns stay in the processor's cache."""


class FunctionStream(Protocol):
    """A function carried forward one candle at a time."""

    def open(self, arguments: Sequence[Column]) -> None:
        """Take what the arguments were so far; called once, before the first update."""
        ...

    def update(self, values: Sequence[float]) -> float:
        """Take the arguments at the next candle and return the function at it, NaN for missing."""
        ...


class Form(Protocol):
    """How a function is computed; `windows` are its whole-number arguments."""

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the function at every row of its arguments."""
        ...

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the function before its first candle."""
        ...


class Elementwise(msgspec.Struct, frozen=True):
    """A function of one candle's values alone.

    `loses_missing` says that the arithmetic would turn a missing argument into a number, as a
    comparison does.
    """

    arithmetic: Callable[..., Values]
    loses_missing: bool = False

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the function at every row."""
        result: Column = self.arithmetic(*arguments, *windows)
        return np.where(_present(arguments), result, math.nan) if self.loses_missing else result

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the function, which remembers nothing."""
        return _ElementwiseStream(self, windows)


class _ElementwiseStream:
    def __init__(self, form: Elementwise, windows: Sequence[int]) -> None:
        self._arithmetic = form.arithmetic
        self._loses_missing = form.loses_missing
        self._windows = windows

    def open(self, arguments: Sequence[Column]) -> None:
        pass

    def update(self, values: Sequence[float]) -> float:
        if self._loses_missing and any(value != value for value in values):
            return math.nan
        result: float = self._arithmetic(*values, *self._windows)
        return result


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


class Delayed(msgspec.Struct, frozen=True):
    """The argument as it was a number of candles ago."""

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the argument moved down by the window."""
        (values,), (ago,) = arguments, windows
        result = np.full(len(values), math.nan)
        result[ago:] = values[: max(0, len(values) - ago)]
        return result

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the delay before its first candle."""
        return _DelayedStream(*windows)


class _DelayedStream:
    def __init__(self, ago: int) -> None:
        self._values = deque([math.nan] * (ago + 1), maxlen=ago + 1)

    def open(self, arguments: Sequence[Column]) -> None:
        self._values.extend(arguments[0][-len(self._values) :].tolist())

    def update(self, values: Sequence[float]) -> float:
        self._values.append(values[0])
        return self._values[0]


class Windowed(msgspec.Struct, frozen=True):
    """A function of the last n values of each argument, reduced oldest first."""

    arithmetic: Callable[..., Values]

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the function of every full window that holds no missing value."""
        (length,) = windows
        rows = len(arguments[0])
        result = np.full(rows, math.nan)
        for start in range(0, rows - length + 1, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, rows - length + 1)
            members = [[column[start + age : stop + age] for age in range(length)] for column in arguments]
            result[start + length - 1 : stop + length - 1] = self.arithmetic(*members)
        present = _present(arguments)
        if not present.all():
            last_missing = np.maximum.accumulate(np.where(present, -1, np.arange(rows)))
            result[np.arange(rows) - last_missing < length] = math.nan
        return result

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the function before its first candle."""
        return _WindowedStream(self.arithmetic, *windows)


class _WindowedStream:
    def __init__(self, arithmetic: Callable[..., Values], length: int) -> None:
        self._arithmetic = arithmetic
        self._length = length
        self._rows: deque[Sequence[float]] = deque(maxlen=length)

    def open(self, arguments: Sequence[Column]) -> None:
        self._rows.extend(_rows_since_missing([column[-self._length :] for column in arguments]))

    def update(self, values: Sequence[float]) -> float:
        if any(value != value for value in values):
            self._rows.clear()
            return math.nan
        self._rows.append(values)
        if len(self._rows) < self._length:
            return math.nan
        result: float = self._arithmetic(*([*members] for members in zip(*self._rows, strict=True)))
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
        edges = np.flatnonzero(np.diff(_present(arguments), prepend=False, append=False)).tolist()
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
        present = _present(arguments)
        missing = np.flatnonzero(~present)
        stretch = [column[missing[-1] + 1 if len(missing) else 0 :] for column in arguments]
        if len(stretch[0]) == 0:
            return
        self._first = [float(column[0]) for column in stretch]
        self._still = self._needs_movement and _still_for(stretch) == len(stretch[0])
        if len(stretch[0]) > self._warm_up:
            self._handle = self._open_handle(*stretch, **self._parameters)
        else:
            self._unopened = list(_rows_since_missing(stretch))

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


class DaySum(msgspec.Struct, frozen=True):
    """The sum since UTC midnight of the first argument, the second being when each candle opens.

    Missing before the first midnight on record, and from a missing value to the day's end: the sum
    of a day of which a part is not known is not known.
    """

    def array(self, arguments: Sequence[Column], windows: Sequence[int]) -> Column:
        """Return the sum so far at every row."""
        values, open_ms = arguments
        result = np.full(len(values), math.nan)
        days = open_ms // DAY_MS
        begins = np.diff(days, prepend=days[:1]) != 0
        begins[:1] = open_ms[:1] % DAY_MS == 0
        edges = [*np.flatnonzero(begins).tolist(), len(values)]
        for start, stop in pairwise(edges):
            result[start:stop] = np.cumsum(values[start:stop])
        return result

    def stream(self, windows: Sequence[int]) -> FunctionStream:
        """Return the sum before its first candle."""
        return _DaySumStream(self)


class _DaySumStream:
    def __init__(self, form: DaySum) -> None:
        self._form = form
        self._day: float | None = None
        self._total = math.nan

    def open(self, arguments: Sequence[Column]) -> None:
        if len(arguments[0]):
            self._total = float(self._form.array(arguments, ())[-1])
            self._day = float(arguments[1][-1]) // DAY_MS

    def update(self, values: Sequence[float]) -> float:
        value, open_ms = values
        day = open_ms // DAY_MS
        begins = open_ms % DAY_MS == 0 if self._day is None else day != self._day
        self._total = value if begins else self._total + value
        self._day = day
        return self._total


def _present(arguments: Sequence[Column]) -> NDArray[np.bool_]:
    present = ~np.isnan(arguments[0])
    for column in arguments[1:]:
        present &= ~np.isnan(column)
    return present


def _still_for(stretch: Sequence[Column]) -> int:
    """Return how many rows at the start are equal to the first one."""
    moved = np.zeros(len(stretch[0]), dtype=bool)
    for column in stretch:
        moved |= column != column[0]
    return int(moved.argmax()) if moved.any() else len(moved)


def _rows_since_missing(arguments: Sequence[Column]) -> list[tuple[float, ...]]:
    missing = np.flatnonzero(~_present(arguments))
    start = int(missing[-1]) + 1 if len(missing) else 0
    return list(zip(*(column[start:].tolist() for column in arguments), strict=True))
