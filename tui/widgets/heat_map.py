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
from textual.geometry import Region

from tui.format import fit
from tui.widgets.cell_canvas import Canvas, Rank, Row, blank_rows
from tui.widgets.span_rows import SpanRows

SHADES = "·░▒▓█"
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

    def reach(self) -> tuple[float, float] | None:
        """Return the lowest and the highest value, None where there is none."""
        known = [value for row in self.values for value in row if value is not None and isfinite(value)]
        return (min(known), max(known)) if known else None


def draw_heat_map(heat: HeatMap | None, width: int, height: int, *, empty_text: str = "") -> tuple[Row, ...]:
    """Draw a heat map into exactly `height` rows of `width` cells.

    The names stand on the first row, the column's values on the second, the meaning of the shades on
    the last. Columns and rows that do not fit are left out, those around the best one stay.
    """
    reach = heat.reach() if heat is not None else None
    if heat is None or reach is None:
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
            area = Region(label + index * cell, top, cell, tall)
            _draw_cell(canvas, heat, y, x, area, _shade(heat.values[y][x], reach))
    _draw_foot(canvas, heat, reach, len(columns), len(lines))
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


def _draw_cell(canvas: Canvas, heat: HeatMap, y: int, x: int, area: Region, shade: str) -> None:
    value, middle = heat.values[y][x], area.y + area.height // 2
    if value is None or not isfinite(value):
        canvas.text(area.x + area.width // 2, middle, "–", "muted")
        return
    is_best = (y, x) == heat.best
    role = "accent" if is_best else "loss" if value < 0 else "gain" if value > 0 else "muted"
    width = area.width - (1 if area.width > 2 else 0)
    for row in range(area.height):
        canvas.text(area.x, area.y + row, shade * width, role, Rank.BODY)
    number = _number(heat, value)
    text = f"[{number}]" if is_best else f" {number} " if len(number) + 2 <= width else number
    if len(text) <= width:
        canvas.text(area.x + (width - len(text)) // 2, middle, text, "accent" if is_best else "text")
    elif is_best:
        canvas.text(area.x, middle, "◆", "accent")


def _shade(value: float | None, reach: tuple[float, float]) -> str:
    low, high = reach
    if value is None or not isfinite(value):
        return " "
    share = (value - low) / (high - low) if high > low else 1.0
    return SHADES[min(len(SHADES) - 1, int(share * len(SHADES)))]


def _number(heat: HeatMap, value: float) -> str:
    """Return a value without a sign on what rounds to zero."""
    return f"{round(value, heat.decimals) + 0.0:.{heat.decimals}f}"


def _draw_foot(canvas: Canvas, heat: HeatMap, reach: tuple[float, float], columns: int, lines: int) -> None:
    text = f"{_number(heat, reach[0])} {SHADES} {_number(heat, reach[1])} · [ ] best"
    if columns < len(heat.xs) or lines < len(heat.ys):
        text += f" · {lines} of {len(heat.ys)} rows, {columns} of {len(heat.xs)} columns"
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
