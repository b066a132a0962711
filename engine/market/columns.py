"""Columns that grow: numpy arrays one appends to, readable from another thread at any time."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_FIRST_CAPACITY = 1024
_MOVED_AT_ONCE = 64


class GrowingColumns:
    """Columns of equal length; one writer appends, any thread may read.

    `view` gives arrays that never change: what is appended later lies behind their end. Appending
    never moves all rows at once, which would hold the engine up: the next, longer arrays are filled
    little by little while the second half of these fills up, and the old ones are given back one by one.
    """

    def __init__(self, dtypes: Sequence[DTypeLike]) -> None:
        self._columns: tuple[NDArray[Any], ...] = tuple(_column(dtype, _FIRST_CAPACITY) for dtype in dtypes)
        self._length = 0
        self._next: tuple[NDArray[Any], ...] | None = None
        self._moved = 0
        self._outgrown: list[NDArray[Any]] = []

    def __len__(self) -> int:
        return self._length

    def append(self, *values: float) -> None:
        """Add one row, a value for each column."""
        if self._length == len(self._columns[0]):
            self._move_to(self._next or self._longer(1))
        for column, value in zip(self._columns, values, strict=True):
            column[self._length] = value
        self._length += 1
        if self._outgrown:
            self._outgrown.pop()
        elif 2 * self._length >= len(self._columns[0]):
            self._prepare_next()

    def extend(self, columns: Sequence[NDArray[Any]]) -> None:
        """Add rows, an array for each column, all of the same length."""
        count = len(columns[0])
        if self._length + count > len(self._columns[0]):
            self._move_to(self._longer(count))
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

    def _longer(self, count: int) -> tuple[NDArray[Any], ...]:
        self._moved = 0
        # Twice what is needed, also for many rows at once: the next one must not move them all again.
        grown = 2 * max(len(self._columns[0]), self._length + count)
        return tuple(_column(column.dtype, grown) for column in self._columns)

    def _prepare_next(self) -> None:
        if self._next is None:
            self._next = self._longer(1)
        self._move_rows(self._next, min(self._length, self._moved + _MOVED_AT_ONCE))

    def _move_to(self, columns: tuple[NDArray[Any], ...]) -> None:
        """Go on with longer arrays; readers keep the old ones, so the new ones must hold everything."""
        self._move_rows(columns, self._length)
        self._outgrown = list(self._columns)
        self._columns = columns
        self._next = None

    def _move_rows(self, columns: tuple[NDArray[Any], ...], stop: int) -> None:
        rows = slice(self._moved, stop)
        for old, new in zip(self._columns, columns, strict=True):
            new[rows] = old[rows]
        self._moved = stop


def _column(dtype: DTypeLike, rows: int) -> NDArray[Any]:
    """Return an array whose memory the system hands out by small pages, each when it is first written.

    numpy asks for huge pages, and 2 MB of zeros for every column at once take too long.
    """
    wanted = np.dtype(dtype)
    return np.frombuffer(mmap.mmap(-1, rows * wanted.itemsize), dtype=wanted)
