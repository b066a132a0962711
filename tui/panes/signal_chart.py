"""A price line with a mark wherever something would have happened: drawn by hand in braille.

The marks stand in a row of their own below the line, in the column of their time; a column that
holds several says how many.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.format import fit
from tui.widgets.chart_raster import ChartRow, ChartSpan
from tui.widgets.chart_scale import Axis, time_axis, value_axis
from tui.widgets.role_styles import RoleStyles

MARK = "▲"
MIN_WIDTH = 24
MIN_HEIGHT = 4
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The dot of each sub-column and sub-row of a braille cell."""
MIN_TICKS = 5
"""So many steps at least lie between the ends of the price axis, or its ends lie far from the line."""
_ROWS_PER_TICK = 3


class MarkedLine(msgspec.Struct, frozen=True):
    """Prices over time, in UTC milliseconds and rising, and the times to mark."""

    start_ms: int
    end_ms: int
    points: tuple[tuple[int, float], ...]
    marks: tuple[int, ...]


def draw_marked_line(line: MarkedLine, width: int, height: int) -> tuple[ChartRow, ...]:
    """Draw a marked line into exactly `height` rows of `width` cells: the line, its marks, the time."""
    if width < MIN_WIDTH or height < MIN_HEIGHT or not line.points:
        text = "no prices on record" if not line.points else "no room"
        return tuple(
            (ChartSpan(fit(text if row == height // 2 else "", width, "center"), "muted"),)
            for row in range(height)
        )
    rows = height - 2
    prices = [price for _, price in line.points]
    axis = value_axis(min(prices), max(prices), max(MIN_TICKS, rows // _ROWS_PER_TICK))
    gutter = max(len(label) for label in axis.labels) + 1
    cells = width - gutter
    labels = _tick_labels(axis, rows)
    plot = tuple(
        (ChartSpan(labels.get(row, "").rjust(gutter - 1) + " ", "grid"), ChartSpan(text, "muted"))
        for row, text in enumerate(_braille_rows(line, axis, cells, rows))
    )
    blank = ChartSpan(" " * gutter, "grid")
    return (
        *plot,
        (blank, ChartSpan(_mark_row(line, cells), "accent")),
        (blank, ChartSpan(_time_row(line, cells), "grid")),
    )


def _place(line: MarkedLine, ts_ms: int, cells: int) -> int:
    """Return the place of a time among `cells` from the start to the end of the line."""
    span = max(1, line.end_ms - line.start_ms)
    return max(0, min(cells - 1, (ts_ms - line.start_ms) * cells // span))


def _braille_rows(line: MarkedLine, axis: Axis, cells: int, rows: int) -> list[str]:
    """Return the line in braille: each sub-column shows from its lowest to its highest price."""
    depth = rows * 4
    extent = axis.high - axis.low

    def depth_of(price: float) -> int:
        return max(0, min(depth - 1, round((axis.high - price) / extent * (depth - 1))))

    reach: dict[int, tuple[int, int]] = {}
    previous: tuple[int, int] | None = None
    for ts_ms, price in line.points:
        x, y = _place(line, ts_ms, cells * 2), depth_of(price)
        # A step joins the point before it, so that the line has no holes.
        low = high = y
        if previous is not None and x - previous[0] <= 1:
            low, high = min(y, previous[1]), max(y, previous[1])
        if x in reach:
            low, high = min(low, reach[x][0]), max(high, reach[x][1])
        reach[x] = (low, high)
        previous = (x, y)
    dots = [[0] * cells for _ in range(rows)]
    for x, (low, high) in reach.items():
        for y in range(low, high + 1):
            dots[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
    return ["".join(chr(_BRAILLE + cell) if cell else " " for cell in row) for row in dots]


def _tick_labels(axis: Axis, rows: int) -> dict[int, str]:
    """Return the labels of the price axis by row, from the top, none next to another."""
    labels: dict[int, str] = {}
    extent = axis.high - axis.low
    for tick, label in zip(reversed(axis.ticks), reversed(axis.labels), strict=True):
        row = round((axis.high - tick) / extent * (rows - 1))
        if not labels or row - max(labels) >= _ROWS_PER_TICK - 1:
            labels[row] = label
    return labels


def _mark_row(line: MarkedLine, cells: int) -> str:
    counts = Counter(_place(line, ts_ms, cells) for ts_ms in line.marks)
    signs = {1: MARK} | {count: str(count) for count in range(2, 10)}
    return "".join(signs.get(counts[x], "+") if x in counts else " " for x in range(cells))


def _time_row(line: MarkedLine, cells: int) -> str:
    axis = time_axis(line.start_ms, line.end_ms, cells)
    row = [" "] * cells
    free = 0
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        start = min(_place(line, int(tick), cells), cells - len(label))
        if start >= free:
            row[start : start + len(label)] = label
            free = start + len(label) + 1
    return "".join(row)


class MarkedChart(Widget):
    """Shows one marked line and repaints only the rows that changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "MarkedChart { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: MarkedLine | None = None
        self._rows: tuple[ChartRow, ...] = ()
        self._drawn: tuple[MarkedLine | None, Size] | None = None
        self._role_styles = RoleStyles(self)

    def show(self, line: MarkedLine | None) -> None:
        """Show this line from now on, or nothing."""
        self._line = line
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw again in the new size."""
        self._draw()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._role_styles.update(self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row of the chart."""
        width, styles = self.size.width, self._role_styles
        if y >= len(self._rows):
            return Strip.blank(width, styles.base)
        segments = [Segment(span.text, styles[span.role]) for span in self._rows[y]]
        return Strip(segments).adjust_cell_length(width, styles.base)

    def _draw(self) -> None:
        wanted = (self._line, self.size)
        if not self.size or wanted == self._drawn:
            return
        self._drawn = wanted
        shown = self._rows
        self._rows = draw_marked_line(self._line, *self.size) if self._line else ()
        if len(shown) != len(self._rows):
            self.refresh()
            return
        changed = [Region(0, y, self.size.width, 1) for y, row in enumerate(self._rows) if row != shown[y]]
        if changed:
            self.refresh(*changed)
