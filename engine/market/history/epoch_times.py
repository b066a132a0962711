"""Times as files write them, as UTC milliseconds: epochs in any unit, date columns, ISO texts.

An epoch's unit is told by its size, which is unmistakable from the year 2000 to 2100; a text without
a zone is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.market.history.row_checks import bad_row
from engine.text import safe_line

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

FIRST_SECOND = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
AFTER_LAST_SECOND = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_PER_SECOND = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_POLARS_UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_FIELD = "t_ms"
_ALLOWED = "a time of 2000 to 2099, as an epoch or an ISO date and time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def times_of(column: pl.Series, source: str) -> NDArray[np.int64]:
    """Return a column as UTC milliseconds; raise `InvalidInput` naming the first row that is none."""
    times = _times_of(column, source)
    outside = (times < FIRST_SECOND * 1000) | (times >= AFTER_LAST_SECOND * 1000)
    if outside.any():
        index = int(np.argmax(outside))
        raise bad_row(source, index, _FIELD, repr(safe_line(str(column[index]), 40)), _ALLOWED)
    return times


def _times_of(column: pl.Series, source: str) -> NDArray[np.int64]:
    import polars as pl

    dtype = column.dtype
    empty = column.is_null()
    if empty.any():
        raise bad_row(source, int(empty.arg_max() or 0), _FIELD, "an empty field", _ALLOWED)
    if isinstance(dtype, pl.Datetime):
        return _whole_ms(column.to_physical().to_numpy(), _POLARS_UNITS[dtype.time_unit], source)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("ms")).to_physical().to_numpy()
    if dtype == pl.String:
        return _times_of_texts(column.str.strip_chars(), source)
    if dtype.is_numeric():
        return _times_of_numbers(column, source)
    raise InvalidInput.of(f"{source}: {_FIELD}", f"a column of {dtype}", _ALLOWED)


def _times_of_texts(column: pl.Series, source: str) -> NDArray[np.int64]:
    import polars as pl

    numbers = column.cast(pl.Int64, strict=False)
    if numbers.null_count():
        numbers = column.cast(pl.Float64, strict=False)
    if not numbers.null_count():
        return _times_of_numbers(numbers, source)
    if numbers[0] is not None:
        raise _mixed(source, int(numbers.is_null().arg_max() or 0), column, "numbers")
    times = np.empty(len(column), dtype=np.int64)
    for index, text in enumerate(column.to_list()):
        if numbers[index] is not None:
            raise _mixed(source, index, column, "dates")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            shown = repr(safe_line(text, 40))
            raise bad_row(source, index, _FIELD, shown, _ALLOWED) from None
        times[index] = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND
    return times


def _times_of_numbers(column: pl.Series, source: str) -> NDArray[np.int64]:
    import polars as pl

    values = column.to_numpy()
    broken = ~np.isfinite(values) | (np.floor(values) != values) | (np.abs(values) > np.iinfo(np.int64).max)
    if broken.any():
        index = int(np.argmax(broken))
        raise bad_row(source, index, _FIELD, values[index], _ALLOWED)
    epochs = column.cast(pl.Int64).to_numpy()
    per_second = _unit_of(epochs, source)
    return _whole_ms(epochs, per_second, source)


def _unit_of(epochs: NDArray[np.int64], source: str) -> int:
    """Return how many of the unit make a second; every row must be in the same one."""
    units = np.zeros(len(epochs), dtype=np.int64)
    for per_second in _PER_SECOND.values():
        inside = (epochs >= FIRST_SECOND * per_second) & (epochs < AFTER_LAST_SECOND * per_second)
        units[inside] = per_second
    names = {per_second: name for name, per_second in _PER_SECOND.items()}
    others = units != units[0]
    if units[0] == 0 or (others.any() and units[np.argmax(others)] == 0):
        index = 0 if units[0] == 0 else int(np.argmax(others))
        raise bad_row(source, index, _FIELD, int(epochs[index]), _ALLOWED)
    if others.any():
        index = int(np.argmax(others))
        unit = names[int(units[index])]
        raise bad_row(
            source,
            index,
            _FIELD,
            f"{int(epochs[index])} ({unit})",
            f"one unit in one file; the rows before are in {names[int(units[0])]}",
        )
    return int(units[0])


def _whole_ms(epochs: NDArray[np.int64], per_second: int, source: str) -> NDArray[np.int64]:
    if per_second <= 10**3:
        return epochs * (10**3 // per_second)
    factor = per_second // 10**3
    broken = epochs % factor != 0
    if broken.any():
        index = int(np.argmax(broken))
        raise bad_row(source, index, _FIELD, int(epochs[index]), "a full millisecond")
    return epochs // factor


def _mixed(source: str, index: int, column: pl.Series, before: str) -> InvalidInput:
    shown = repr(safe_line(str(column[index]), 40))
    return bad_row(source, index, _FIELD, shown, f"one form in one file; the rows before are {before}")
