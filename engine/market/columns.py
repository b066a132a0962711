"""Columns that grow: numpy arrays one appends to, readable from another thread at any time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_FIRST_CAPACITY = 1024


class GrowingColumns:
    """Columns of equal length; one writer appends, any thread may read.

    `view` gives arrays that never change: what is appended later lies behind their end.
    """

    def __init__(self, dtypes: Sequence[DTypeLike]) -> None:
        self._columns: tuple[NDArray[Any], ...] = tuple(
            np.empty(_FIRST_CAPACITY, dtype=dtype) for dtype in dtypes
        )
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, *values: float) -> None:
        """Add one row, a value for each column."""
        self._make_room(1)
        for column, value in zip(self._columns, values, strict=True):
            column[self._length] = value
        self._length += 1

    def extend(self, columns: Sequence[NDArray[Any]]) -> None:
        """Add rows, an array for each column, all of the same length."""
        count = len(columns[0])
        self._make_room(count)
        for column, values in zip(self._columns, columns, strict=True):
            column[self._length : self._length + count] = values
        self._length += count

    def view(self, start: int = 0) -> tuple[NDArray[Any], ...]:
        """Return the rows from `start` on as read-only arrays, without copying."""
        length = self._length  # read before the columns: those may only have become longer since
        views = tuple(column[start:length] for column in self._columns)
        for view in views:
            view.flags.writeable = False
        return views

    def _make_room(self, count: int) -> None:
        capacity = len(self._columns[0])
        if self._length + count <= capacity:
            return
        grown = max(2 * capacity, self._length + count)
        # Readers keep the old arrays; the new ones are put in place once they hold everything.
        columns = tuple(np.empty(grown, dtype=column.dtype) for column in self._columns)
        for old, new in zip(self._columns, columns, strict=True):
            new[: self._length] = old[: self._length]
        self._columns = columns
