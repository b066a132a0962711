"""Cells that are drawn on in any order and come out as rows of spans.

Each cell holds a glyph, its colour role and a rank: what is drawn with a lower rank than what is
there already stays below it. Dots of lines (two across, four down in a cell) share a cell.
"""

from __future__ import annotations

from enum import IntEnum

from tui.format import fit
from tui.panes.span_line import Span
from tui.widgets.wrapping import wrap_within

Row = tuple[Span, ...]
Cell = tuple[str, str]

BLANK: Cell = (" ", "text")
DOTS_ACROSS, DOTS_DOWN = 2, 4
_NO_DOTS = 0x2800
_DOT_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


class Rank(IntEnum):
    """What covers what."""

    NOTHING = 0
    LEVEL = 1
    WICK = 2
    LINE = 3
    BODY = 4
    MARK = 5
    TEXT = 6


class Canvas:
    """`height` rows of `width` cells; whatever is drawn outside is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._cells: list[list[Cell]] = [[BLANK] * width for _ in range(height)]
        self._ranks: list[bytearray] = [bytearray(width) for _ in range(height)]

    def copy(self) -> Canvas:
        """Return a canvas that holds the same and is drawn on without changing this one."""
        canvas = Canvas(0, 0)
        canvas.width, canvas.height = self.width, self.height
        canvas._cells = [row.copy() for row in self._cells]
        canvas._ranks = [ranks.copy() for ranks in self._ranks]
        return canvas

    def put(self, x: int, y: int, glyph: str, role: str, rank: Rank) -> None:
        """Put one glyph of one cell's width, unless something of a higher rank is there."""
        if 0 <= x < self.width and 0 <= y < self.height and rank >= self._ranks[y][x]:
            self._cells[y][x] = (glyph, role)
            self._ranks[y][x] = rank

    def text(self, x: int, y: int, text: str, role: str, rank: Rank = Rank.TEXT) -> None:
        """Put a text whose characters are each one cell wide."""
        for offset, character in enumerate(text):
            self.put(x + offset, y, character, role, rank)

    def dot(self, x: int, y: int, role: str) -> None:
        """Put a dot of a line, `x` and `y` counted in dots; the line drawn first keeps its role."""
        column, row = x // DOTS_ACROSS, y // DOTS_DOWN
        if not (0 <= column < self.width and 0 <= row < self.height):
            return
        rank = self._ranks[row][column]
        if rank > Rank.LINE:
            return
        bit = _DOT_BITS[x % DOTS_ACROSS][y % DOTS_DOWN]
        if rank == Rank.LINE:
            glyph, role = self._cells[row][column]
            bit |= ord(glyph) - _NO_DOTS
        self._cells[row][column] = (chr(_NO_DOTS + bit), role)
        self._ranks[row][column] = Rank.LINE

    def rows(self) -> tuple[Row, ...]:
        """Return the rows, each as spans of one role."""
        return tuple(spans_of(row) for row in self._cells)

    def row_cells(self, y: int) -> list[Cell]:
        """Return the cells of one row."""
        return self._cells[y]


def spans_of(cells: list[Cell]) -> Row:
    """Return cells as spans; a blank has no colour of its own and joins the span before it."""
    spans: list[Span] = []
    glyphs: list[str] = []
    role = cells[0][1] if cells else ""
    for glyph, own_role in cells:
        if own_role != role and glyph != " ":
            if glyphs:
                spans.append(Span("".join(glyphs), role))
            glyphs, role = [], own_role
        glyphs.append(glyph)
    if glyphs:
        spans.append(Span("".join(glyphs), role))
    return tuple(spans)


def blank_rows(text: str, width: int, height: int) -> tuple[Row, ...]:
    """Return a place that is empty and says why, in as many lines as that takes."""
    lines = wrap_within(text, max(1, width), max(1, height))
    first = max(0, (height - len(lines)) // 2)
    return tuple(
        (
            Span(
                fit(lines[y - first] if 0 <= y - first < len(lines) else "", width, "center"),
                "muted",
            ),
        )
        for y in range(height)
    )
