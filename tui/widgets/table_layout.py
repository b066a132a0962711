"""How the columns of a table share its width: a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tui.format import Align

COLUMN_GAP = 1
"""Blank cells between two columns."""


class Column(msgspec.Struct, frozen=True):
    """One column of a live table.

    `width` is what it needs in cells; a `weight` above zero takes its share of the cells that
    are left over. `priority` says when it goes if the table is too narrow: 0 stays, of the
    others the highest goes first.
    """

    key: str
    title: str
    width: int
    weight: int = 0
    align: Align = "left"
    priority: int = 0


class PlacedColumn(NamedTuple):
    """A column that is shown: its place among the columns, its first cell on screen, its width."""

    column: int
    x: int
    width: int


def place_columns(columns: Sequence[Column], width: int) -> tuple[PlacedColumn, ...]:
    """Lay out `columns` from left to right in `width` cells, dropping those that do not fit."""
    shown = list(range(len(columns)))
    while shown and _needed_width(columns, shown) > width:
        expendable = max(shown, key=lambda index: (columns[index].priority, index))
        if columns[expendable].priority == 0:
            break
        shown.remove(expendable)
    spare = max(0, width - _needed_width(columns, shown))
    weights = sum(columns[index].weight for index in shown)
    placed: list[PlacedColumn] = []
    x = 0
    for index in shown:
        share = spare * columns[index].weight // weights if weights else 0
        spare, weights = spare - share, weights - columns[index].weight
        column_width = min(columns[index].width + share, max(0, width - x))
        placed.append(PlacedColumn(index, x, column_width))
        x += column_width + COLUMN_GAP
    return tuple(column for column in placed if column.width)


def _needed_width(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[index].width for index in shown) + COLUMN_GAP * max(0, len(shown) - 1)
