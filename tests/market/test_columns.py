"""Columns that grow keep every row, change nothing that was looked at, and never stand still for long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.market.columns import GrowingColumns

STEPS = st.lists(st.integers(-3, 900).map(lambda size: 1 if size < 1 else size), max_size=12)


@given(STEPS, st.integers(0, 3000))
def test_rows_come_back_as_they_were_added_one_by_one_or_many_at_once(sizes: list[int], singles: int) -> None:
    columns = GrowingColumns([np.int64, np.float64])
    views = []
    total = 0
    for size in sizes:
        rows = np.arange(total, total + size)
        columns.extend((rows, rows / 2))
        views.append((total + size, columns.view()))
        total += size
        for row in range(total, total + singles // (len(sizes) or 1)):
            columns.append(row, row / 2)
            total += 1
    views.append((total, columns.view()))
    assert len(columns) == total
    for length, (whole, half) in views:
        assert whole.tolist() == list(range(length))
        assert half.tolist() == [row / 2 for row in range(length)]


class CountedColumns(GrowingColumns):
    """Columns that note how many rows each call of theirs moves."""

    def __init__(self, dtypes: Sequence[type]) -> None:
        super().__init__(dtypes)
        self.moved: list[int] = []

    def _move_rows(self, columns: tuple[NDArray[Any], ...], stop: int) -> None:
        self.moved.append(stop - self._moved)
        super()._move_rows(columns, stop)


def test_no_append_moves_more_than_a_few_rows() -> None:
    columns = CountedColumns([np.float64])
    for row in range(70_000):
        columns.append(row)
    assert sum(columns.moved) > 70_000
    assert max(columns.moved) <= 64
    assert columns.view()[0].tolist() == list(range(70_000))


def test_no_append_after_many_rows_at_once_moves_more_than_a_few() -> None:
    columns = CountedColumns([np.float64])
    columns.extend([np.arange(50_000.0)])
    columns.moved.clear()
    for row in range(50_000, 160_000):
        columns.append(row)
    assert max(columns.moved) <= 64
    assert columns.view()[0].tolist() == list(range(160_000))


def test_views_are_read_only() -> None:
    columns = GrowingColumns([np.float64])
    columns.append(1.0)
    (view,) = columns.view()
    assert not view.flags.writeable
