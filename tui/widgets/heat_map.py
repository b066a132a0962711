"""A heat map: one number for each pair of values, as shaded cells that hold the number itself.

The shade says how high a value is among all, the sign is in the number, the best stands in brackets: the
colours of gain and loss come on top, so that sixteen colours or none lose nothing. A pure drawing and
the widget that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

import msgspec
from rich.cells import cell_len

from tui.format import fit
from tui.widgets.cell_canvas import Canvas, Rank, Row, blank_rows
from tui.widgets.span_rows import SpanRows

SHADES = "·░▒▓█"
NO_VALUE = " "
MOST_CELL_HEIGHT = 3
MOST_CELL_WIDTH = 12
MOST_LABEL_WIDTH = 16
_HEAD_ROWS = 2
_FOOT_ROWS = 1


class HeatMap(msgspec.Struct, frozen=True):
    """Values by row and column; `best` is the place (row, column) of the best one.

    A value that is None is one that could not be had.
    """

    x_name: str
    y_name: str
    xs: tuple[str, ...]
    ys: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    best: tuple[int, int] | None = None
    decimals: int = 2

    @property
    def known(self) -> tuple[float, ...]:
        """Every value there is."""
        return tuple(value for row in self.values for value in row if value is not None and isfinite(value))


def draw_heat_map(heat: HeatMap | None, width: int, height: int, *, empty_text: str = "") -> tuple[Row, ...]:
    """Draw a heat map into exactly `height` rows of `width` cells.

    The names stand on the first row, the column's values on the second, the meaning of the shades on
    the last. Columns and rows that do not fit are left out, those around the best one stay.
    """
    if heat is None or not heat.known:
        return blank_rows(empty_text, width, height)
    label = min(MOST_LABEL_WIDTH, max(cell_len(text) for text in (*heat.ys, f"{heat.y_name} ↓")) + 1)
    room, rows = width - label, height - _HEAD_ROWS - _FOOT_ROWS
    if room < 1 or rows < 1:
        return blank_rows("no room", width, height)
    best_row, best_column = heat.best or (0, 0)
    columns = _window(len(heat.xs), room, best_column)
    lines = _window(len(heat.ys), rows, best_row)
    cell = min(MOST_CELL_WIDTH, room // len(columns))
    tall = min(MOST_CELL_HEIGHT, rows // len(lines))
    canvas = Canvas(width, height)
    canvas.text(0, 0, fit(f"{heat.y_name} ↓", label), "muted")
    canvas.text(label, 0, fit(f"{heat.x_name} →", room), "muted")

    for x, start in _header_places(heat, columns, cell):
        canvas.text(label + start, 1, fit(heat.xs[x], max(cell, cell_len(heat.xs[x])), "center"), "header")
    for place, y in enumerate(lines):
        top = _HEAD_ROWS + place * tall
        canvas.text(0, top + tall // 2, fit(heat.ys[y], label - 1, "right"), "header")
        for index, x in enumerate(columns):
            _draw_cell(canvas, heat, y, x, label + index * cell, top, cell, tall)
    _draw_foot(canvas, heat, columns, lines)
    return canvas.rows()


def _window(count: int, room: int, keep: int) -> range:
    """Return as many places as fit, with the one to keep among them."""
    shown = min(count, room)
    first = max(0, min(keep - shown // 2, count - shown))
    return range(first, first + shown)


def _header_places(heat: HeatMap, columns: Sequence[int], cell: int) -> Iterator[tuple[int, int]]:
    """Yield the columns whose value can be written without touching the one before, and where."""
    free = 0
    for index, x in enumerate(columns):
        start = index * cell
        size = max(cell, cell_len(heat.xs[x]))
        if start >= free and start + size <= cell * len(columns):
            yield x, start
            free = start + size + (0 if size <= cell and cell_len(heat.xs[x]) < cell else 1)


def _draw_cell(
    canvas: Canvas, heat: HeatMap, y: int, x: int, left: int, top: int, cell: int, tall: int
) -> None:
    value = heat.values[y][x]
    if value is None or not isfinite(value):
        canvas.text(left + cell // 2, top + tall // 2, "–", "muted")
        return
    is_best = (y, x) == heat.best
    role = "accent" if is_best else "loss" if value < 0 else "gain" if value > 0 else "muted"
    gap = 1 if cell > 2 else 0
    shade = _shade(heat, value)
    for row in range(tall):
        canvas.text(left, top + row, shade * (cell - gap), role, Rank.BODY)
    number = f"{round(value, heat.decimals) + 0.0:.{heat.decimals}f}"
    text = f"[{number}]" if is_best else f" {number} " if len(number) + 2 <= cell - gap else number
    if len(text) <= cell - gap:
        start = left + (cell - gap - len(text)) // 2
        canvas.text(start, top + tall // 2, text, "accent" if is_best else "text")
    elif is_best:
        canvas.text(left, top + tall // 2, "◆", "accent")


def _shade(heat: HeatMap, value: float) -> str:
    low, high = min(heat.known), max(heat.known)
    share = (value - low) / (high - low) if high > low else 1.0
    return SHADES[min(len(SHADES) - 1, int(share * len(SHADES)))]


def _draw_foot(canvas: Canvas, heat: HeatMap, columns: Sequence[int], lines: Sequence[int]) -> None:
    low, high = min(heat.known), max(heat.known)
    text = f"{low:.{heat.decimals}f} {SHADES} {high:.{heat.decimals}f} · [ ] best"
    if len(columns) < len(heat.xs) or len(lines) < len(heat.ys):
        text += f" · {len(lines)} of {len(heat.ys)} rows, {len(columns)} of {len(heat.xs)} columns"
    canvas.text(0, canvas.height - 1, text, "muted")


class HeatMapView(SpanRows):
    """Shows one heat map; cells that stay equal are not painted again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heat: HeatMap | None = None
        self._empty_text = ""

    def show(self, heat: HeatMap | None, empty_text: str = "") -> None:
        """Show this from now on; an equal one costs nothing."""
        if (heat, empty_text) != (self._heat, self._empty_text):
            self._heat, self._empty_text = heat, empty_text
            self.repaint()

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return the drawn map."""
        return draw_heat_map(self._heat, width, height, empty_text=self._empty_text)
