"""A screen as a grid of cells, each a character and a pen."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import split_graphemes

from tui.terminal.pen import PLAIN, Pen

BLANK = " "
CONTINUATION = ""
"""What the right half of a character of two cells holds."""


class CellGrid:
    """`height` lines of `width` cells; each line is a list of characters and a list of pens.

    A character of two cells stands in its left cell, its right one holds `CONTINUATION`. Zero-width
    characters belong to the cell of the one before them.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.characters = [[BLANK] * width for _ in range(height)]
        self.pens = [[PLAIN] * width for _ in range(height)]

    def resize(self, width: int, height: int) -> None:
        """Give the grid another size; what lies inside both stays, the rest is blank."""
        for line, pens in zip(self.characters, self.pens, strict=True):
            if width < len(line) and line[width] == CONTINUATION:
                line[width - 1] = BLANK
            line[width:] = [BLANK] * (width - len(line))
            pens[width:] = [PLAIN] * (width - len(pens))
        self.characters[height:] = [[BLANK] * width for _ in range(height - self.height)]
        self.pens[height:] = [[PLAIN] * width for _ in range(height - self.height)]
        self.width, self.height = width, height

    def write(self, x: int, y: int, text: str, pen: Pen) -> tuple[int, bool]:
        """Write `text` on line `y` from cell `x` on, cut at the edge.

        Returns the cell after the text, cut or not, and whether the grid changed. A character of
        two cells of which one is overwritten leaves a blank in the other.
        """
        cells = list(text) if text.isascii() else list(cells_of(text))
        end = x + len(cells)
        if not 0 <= y < self.height or not 0 <= x < self.width:
            return end, False
        if end > self.width:
            del cells[self.width - x :]
            if text_is_cut_in_half(text, self.width - x):
                cells[-1] = BLANK
        return end, self._put(x, y, cells, pen)

    def _put(self, x: int, y: int, cells: list[str], pen: Pen) -> bool:
        line, pens = self.characters[y], self.pens[y]
        end = x + len(cells)
        new_pens = [pen] * len(cells)
        if line[x:end] == cells and pens[x:end] == new_pens:
            return False
        if line[x] == CONTINUATION and x:
            line[x - 1] = BLANK
        if end < self.width and line[end] == CONTINUATION:
            line[end] = BLANK
        line[x:end] = cells
        pens[x:end] = new_pens
        return True


def text_is_cut_in_half(text: str, cells: int) -> bool:
    """Tell whether a cut after that many cells goes through a character of two cells."""
    if text.isascii():
        return False
    divided = cells_of(text)
    return cells < len(divided) and divided[cells] == CONTINUATION


@lru_cache(4096)
def cells_of(text: str) -> tuple[str, ...]:
    """Divide a text into what each of its cells holds."""
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells.append(text[start:end])
            cells.extend([CONTINUATION] * (width - 1))
    return tuple(cells)
