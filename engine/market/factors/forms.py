"""The kinds of functions there are, each in its array form and in its streaming form.

Both forms of a kind give bit for bit the same numbers. A missing argument (NaN) makes a function
that looks back begin anew behind it. TA-Lib's are in `engine.market.factors.talib_forms`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from engine.market.factors.arithmetic import Values
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
        return np.where(present_rows(arguments), result, math.nan) if self.loses_missing else result

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
        present = present_rows(arguments)
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
        self._rows.extend(rows_since_missing([column[-self._length :] for column in arguments]))

    def update(self, values: Sequence[float]) -> float:
        if any(value != value for value in values):
            self._rows.clear()
            return math.nan
        self._rows.append(values)
        if len(self._rows) < self._length:
            return math.nan
        result: float = self._arithmetic(*([*members] for members in zip(*self._rows, strict=True)))
        return result


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


def present_rows(arguments: Sequence[Column]) -> NDArray[np.bool_]:
    """Return at which rows no argument is missing."""
    present = ~np.isnan(arguments[0])
    for column in arguments[1:]:
        present &= ~np.isnan(column)
    return present


def rows_since_missing(arguments: Sequence[Column]) -> list[tuple[float, ...]]:
    """Return the rows behind the last one at which an argument is missing."""
    missing = np.flatnonzero(~present_rows(arguments))
    start = int(missing[-1]) + 1 if len(missing) else 0
    return list(zip(*(column[start:].tolist() for column in arguments), strict=True))
