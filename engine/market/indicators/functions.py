"""TA-Lib's functions: which there are, what each takes and gives, and its values over arrays.

What TA-Lib knows about itself is read from it, never written down a second time. Every import of
TA-Lib is in here and happens at first use.

Two things are ours. Where TA-Lib fills its warm-up with zeros, because the result is a whole number
(candle patterns and the like), the zeros are made missing. And `VWAP`, which TA-Lib sums up from the
first candle it is given, begins anew with each UTC day, and is missing while the day has no volume.
"""

from __future__ import annotations

import difflib
import importlib
import itertools
import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import InvalidInput, NotFound
from engine.market.periods import DAY_MS
from engine.model.chart import ChartPlace

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries

type Parameters = tuple[tuple[str, int | float], ...]
"""Each parameter's name and value: an int where the function wants a whole number, else a float."""

SESSION_FUNCTION = "VWAP"
_CANDLE_COLUMNS = frozenset(("open", "high", "low", "close", "volume"))
_OWN_SCALE = frozenset((("AVGDEV", "real"), ("SUPERTREND", "trend")))
_INTEGER_TYPES = frozenset((2, 3))  # TA-Lib's "integer range" and "integer list"


class FunctionParameter(msgspec.Struct, frozen=True):
    """A parameter of a function: an int default means that only whole numbers are taken."""

    name: str
    default: int | float
    meaning: str


class TalibFunction(msgspec.Struct, frozen=True):
    """What TA-Lib says of one function: `inputs` are columns of a candle in the order it takes them.

    `on_price_scale` is whether its values are prices; see `place` for a single output.
    """

    name: str
    meaning: str
    inputs: tuple[str, ...]
    parameters: tuple[FunctionParameter, ...]
    outputs: tuple[str, ...]
    on_price_scale: bool

    def place(self, output: str) -> ChartPlace:
        """Return where a line of this output belongs on a chart."""
        over_candles = self.on_price_scale and (self.name, output) not in _OWN_SCALE
        return ChartPlace.PRICE if over_candles else ChartPlace.BELOW


def function_names() -> tuple[str, ...]:
    """Return the name of every function TA-Lib has, in upper case."""
    return tuple(talib().get_functions())


@cache
def talib_function(name: str) -> TalibFunction:
    """Return the function called `name` in any case.

    Raises `NotFound` naming the nearest ones, and `InvalidInput` for a function that needs a column
    candles do not have.
    """
    function = name.upper()
    known = function_names()
    if function not in known:
        near = ", ".join(difflib.get_close_matches(function, known, n=3)).lower()
        hint = f"the nearest are {near}" if near else "TA-Lib has no function of a like name"
        raise NotFound(f"indicator: {name} is not known; {hint}", field="indicator", value=name, allowed=hint)
    info = _abstract(function).info
    inputs = tuple(
        column
        for columns in info["input_names"].values()
        for column in (columns if isinstance(columns, list) else (columns,))
    )
    if not _CANDLE_COLUMNS.issuperset(inputs):
        missing = ", ".join(sorted(set(inputs) - _CANDLE_COLUMNS))
        raise InvalidInput.of("indicator", name, f"it needs {missing}, which candles do not have")
    return TalibFunction(
        name=function,
        meaning=info["display_name"],
        inputs=inputs,
        parameters=_parameters(function, len(info["parameters"])),
        outputs=tuple(info["output_names"]),
        on_price_scale="Output scale same as input" in info["function_flags"],
    )


def _parameters(function: str, count: int) -> tuple[FunctionParameter, ...]:
    described = (
        talib()._ta_lib._ta_getOptInputParameterInfo(function.encode(), index) for index in range(count)
    )
    return tuple(
        FunctionParameter(
            each["name"],
            int(each["default_value"]) if each["type"] in _INTEGER_TYPES else float(each["default_value"]),
            each["help"],
        )
        for each in described
    )


def check_parameters(function: TalibFunction, values: Parameters) -> None:
    """Raise `InvalidInput` naming the first value TA-Lib does not take, and the range it takes.

    TA-Lib does not publish its ranges, so they are found by asking it, when there is an error only.
    """
    if _takes(function, dict(values)):
        return
    known = {parameter.name: parameter for parameter in function.parameters}
    for name, value in values:
        if not _takes(function, {name: value}):
            lowest, highest = _range(function, known[name])
            raise InvalidInput.of(
                f"{function.name.lower()} {name}", value, f"allowed is {lowest:g} to {highest:g}"
            )
    together = ", ".join(f"{name}={value:g}" for name, value in values)
    raise InvalidInput.of(f"{function.name.lower()} parameters", together, "they do not go together")


def _takes(function: TalibFunction, values: dict[str, int | float]) -> bool:
    import numpy as np

    columns = [np.ones(1)] * len(function.inputs)
    try:
        getattr(talib(), function.name)(*columns, **values)
    except Exception as error:  # TA-Lib raises this bare class, or OverflowError, for a bad parameter
        if isinstance(error, OverflowError) or "TA_BAD_PARAM" in str(error):
            return False
        raise
    return True


def _range(function: TalibFunction, parameter: FunctionParameter) -> tuple[float, float]:
    def takes(value: float) -> bool:
        return _takes(function, {parameter.name: value})

    if isinstance(parameter.default, int):
        return _furthest(takes, parameter.default, -(2**31)), _furthest(takes, parameter.default, 2**31 - 1)
    return round(_edge(takes, parameter.default, -1e38), 9), round(_edge(takes, parameter.default, 1e38), 9)


def _furthest(takes: Callable[[int], bool], inside: int, outside: int) -> int:
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if takes(middle) else (inside, middle)
    return inside


def _edge(takes: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(200):  # enough halvings to get from 1e38 to the last digit of any double near 1
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if takes(middle) else (inside, middle)
    return inside


@cache
def lookback(function: str, parameters: Parameters) -> int:
    """Return how many candles come before the first one at which the function has a value."""
    candles: int = _abstract(function, **dict(parameters)).lookback
    return candles


def function_arrays(
    function: str, inputs: tuple[str, ...], parameters: Parameters, series: CandleSeries
) -> tuple[NDArray[np.float64], ...]:
    """Return each of a function's outputs at every candle of `series`, NaN where it is missing."""
    columns = [getattr(series, column) for column in inputs]
    if function == SESSION_FUNCTION:
        return (_by_session(function, columns, series.open_ms),)
    result = getattr(talib(), function)(*columns, **dict(parameters))
    outputs = result if isinstance(result, tuple) else (result,)
    return tuple(
        values if values.dtype == float else _without_warm_up(values, lookback(function, parameters))
        for values in outputs
    )


def _without_warm_up(whole_numbers: NDArray[np.int32], warm_up: int) -> NDArray[np.float64]:
    values = whole_numbers.astype(float)
    values[:warm_up] = math.nan
    return values


def _by_session(
    function: str, columns: list[NDArray[np.float64]], open_ms: NDArray[np.int64]
) -> NDArray[np.float64]:
    import numpy as np

    calculate = getattr(talib(), function)
    values = np.empty(len(open_ms))
    for start, stop in itertools.pairwise([*session_starts(open_ms), len(open_ms)]):
        session = calculate(*[column[start:stop] for column in columns])
        if session[0] == 0.0:  # no price is 0: TA-Lib says so until something has been traded
            session[session == 0.0] = math.nan
        values[start:stop] = session
    return values


def session_starts(open_ms: NDArray[np.int64]) -> list[int]:
    """Return the row of each UTC day's first candle; `open_ms` is in time order."""
    import numpy as np

    if len(open_ms) == 0:
        return []
    midnights = np.arange(open_ms[0] // DAY_MS * DAY_MS, open_ms[-1] + 1, DAY_MS)
    starts: list[int] = np.unique(open_ms.searchsorted(midnights)).tolist()
    return starts


def _abstract(function: str, **parameters: int | float) -> Any:
    talib()  # which is what must load it first
    return importlib.import_module("talib.abstract").Function(function, **parameters)


_import_lock = threading.Lock()
_ADAPTERS = ("polars", "pandas")


def talib() -> ModuleType:
    """Return TA-Lib, loading it at the first call."""
    with _import_lock:
        if "talib" in sys.modules:
            import talib
        else:
            with _hidden_from_this_thread(_ADAPTERS):
                import talib
    return talib


@contextmanager
def _hidden_from_this_thread(names: tuple[str, ...]) -> Iterator[None]:
    """Make modules that are not loaded yet look, to this thread only, as if not installed.

    TA-Lib imports polars and pandas if it can, only to accept their columns as well: 300 ms and
    40 MB that the desk, which hands it plain arrays, has no use for.
    """
    finder = _Refusal(names, threading.get_ident())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Refusal(MetaPathFinder):
    """An import finder that knows of no such module when one thread asks."""

    def __init__(self, names: tuple[str, ...], thread: int) -> None:
        self._names = names
        self._thread = thread

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None
