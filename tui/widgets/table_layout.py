"""How the columns of a table share its width: a pure function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from tui.format import Align, fit, fit_whole, fit_words

COLUMN_GAP = 1
"""Blank cells between two columns."""


class Column(msgspec.Struct, frozen=True):
    """One column of a live table.

    `width` is what it needs in cells; a `weight` above zero takes its share of the cells that
    are left over. `priority` says which columns come first if the table is too narrow: 0 always
    stays, of the others the lowest that fit. `cut` is how a text that is too long is shortened:
    at its end, by whole words, or never; numbers, which stand to the right, never are.
    """

    key: str
    title: str
    width: int
    weight: int = 0
    align: Align = "left"
    priority: int = 0
    cut: Literal["end", "words", "never"] = "end"

    @property
    def is_whole(self) -> bool:
        """Whether the texts of this column are shown whole or not at all."""
        return self.cut == "never" or self.align == "right"

    def fitted(self, text: str, width: int, align: Align | None = None) -> str:
        """Return a cell's text in exactly `width` cells."""
        shorten: Callable[[str, int, Align], str] = fit
        if self.is_whole:
            shorten = fit_whole
        elif self.cut == "words":
            shorten = fit_words
        return shorten(text, width, align or self.align)


class PlacedColumn(NamedTuple):
    """A column that is shown: its place among the columns, its first cell on screen, its width."""

    column: int
    x: int
    width: int


def place_columns(columns: Sequence[Column], width: int) -> tuple[PlacedColumn, ...]:
    """Lay out `columns` from left to right in `width` cells, dropping those that do not fit."""
    shown: list[int] = []
    for index in sorted(range(len(columns)), key=lambda index: (columns[index].priority, index)):
        wanted = sorted((*shown, index))
        if columns[index].priority == 0 or _needed_width(columns, wanted) <= width:
            shown = wanted
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
