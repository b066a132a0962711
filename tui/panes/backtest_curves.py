"""Curves over a run's time, and below them on the same time how far each fell: drawn in braille.

The scales stand to the right, as those of candles do. One fall is an area that hangs from zero, several
are lines. A pure drawing and the widget that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

import msgspec
from rich.cells import cell_len

from tui.widgets.candle_raster import AXIS, AXIS_TICK, RULE
from tui.widgets.candle_scale import Scale, scale_over, ticks
from tui.widgets.cell_canvas import DOTS_ACROSS, DOTS_DOWN, Canvas, Rank, Row, blank_rows
from tui.widgets.chart_raster import ChartSeries
from tui.widgets.chart_scale import time_axis
from tui.widgets.span_rows import SpanRows

MIN_WIDTH, MIN_HEIGHT = 24, 5
FALLS_FROM = 9
"""From this height on there is room for the falls."""
RULED_FROM = 14
LEAST_FALL = -1.0
"""A run that never fell has a scale too, in per cent."""
TICK_ROWS, TIGHT_TICK_ROWS, ROOMY = 4, 2, 12


class CurvePicture(msgspec.Struct, frozen=True):
    """Curves, and how far each fell below its highest value, in per cent (0 or less).

    The first curve lies over the others.
    """

    curves: tuple[ChartSeries, ...] = ()
    falls: tuple[ChartSeries, ...] = ()


def draw_curves(picture: CurvePicture, width: int, height: int, *, empty_text: str = "") -> tuple[Row, ...]:
    """Draw curves and falls into exactly `height` rows of `width` cells."""
    times = [time for curve in picture.curves for time in (curve.xs[0], curve.xs[-1]) if curve.xs]
    if not times:
        return blank_rows(empty_text, width, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return blank_rows("no room", width, height)
    rows, ruled = _share_rows(height, has_falls=bool(picture.falls))
    upper = scale_over([value for curve in picture.curves for value in curve.ys], rows[0])
    lower = scale_over([0.0, *(value for fall in picture.falls for value in fall.ys)], max(1, rows[1]))
    if upper is None or lower is None:
        return blank_rows(empty_text, width, height)
    lower = Scale(min(lower.low, LEAST_FALL), 0.0, lower.rows)
    labels = [*_labels(upper), *_labels(lower, "%")] if rows[1] else list(_labels(upper))
    axis = width - max(cell_len(label) for _, label in labels) - 2
    canvas = Canvas(width, height)
    span = min(times), max(*times, min(times) + 1)
    for curve in picture.curves:
        _draw_line(canvas, curve, span, axis, upper, 0)
    _draw_axis(canvas, axis, upper, 0, "")
    if rows[1]:
        top = rows[0] + ruled
        if ruled:
            canvas.text(0, rows[0], RULE * axis, "grid", Rank.LEVEL)
        for fall in picture.falls:
            _draw_line(canvas, fall, span, axis, lower, top, is_area=len(picture.falls) == 1)
        _draw_axis(canvas, axis, lower, top, "%")
    _draw_times(canvas, span, axis)
    return canvas.rows()


def _share_rows(height: int, *, has_falls: bool) -> tuple[tuple[int, int], int]:
    """Return the rows of the curves and of the falls, and of the rule between them."""
    body = height - 1
    if not has_falls or height < FALLS_FROM:
        return (body, 0), 0
    ruled = 1 if height >= RULED_FROM else 0
    falls = max(2, body // 4)
    return (body - falls - ruled, falls), ruled


def _labels(scale: Scale, unit: str = "") -> Iterator[tuple[int, str]]:
    for tick in ticks(scale, TICK_ROWS if scale.rows > ROOMY else TIGHT_TICK_ROWS):
        yield tick.row, f"{tick.label}{unit}"


def _draw_axis(canvas: Canvas, axis: int, scale: Scale, top: int, unit: str) -> None:
    for row in range(scale.rows):
        canvas.put(axis, top + row, AXIS, "grid", Rank.TEXT)
    for row, label in _labels(scale, unit):
        canvas.put(axis, top + row, AXIS_TICK, "grid", Rank.TEXT)
        canvas.text(axis + 1, top + row, label, "grid")


def _draw_line(
    canvas: Canvas,
    curve: ChartSeries,
    span: tuple[int, int],
    axis: int,
    scale: Scale,
    top: int,
    *,
    is_area: bool = False,
) -> None:
    """Draw a curve: each column of dots shows from its lowest to its highest value, an area from zero."""
    reach: dict[int, tuple[int, int]] = {}
    previous: tuple[int, int] | None = None
    for x, y in _dots(curve, span, axis * DOTS_ACROSS, scale):
        first, last = reach.get(x, (y, y))
        if previous is not None:
            # The line goes on level until its next value, and then up or down to it.
            for between in range(previous[0] + 1, x):
                reach[between] = (previous[1], previous[1])
            first, last = min(first, previous[1]), max(last, previous[1])
        reach[x] = (min(first, y), max(last, y))
        previous = (x, y)
    for x, (first, last) in reach.items():
        for y in range(0 if is_area else first, last + 1):
            canvas.dot(x, top * DOTS_DOWN + y, curve.role)


def _dots(curve: ChartSeries, span: tuple[int, int], columns: int, scale: Scale) -> Iterator[tuple[int, int]]:
    start, end = span
    for ts_ms, value in zip(curve.xs, curve.ys, strict=True):
        if not isfinite(value):
            continue
        yield (
            min(columns - 1, (ts_ms - start) * columns // (end - start)),
            scale.place(value, DOTS_DOWN),
        )


def _draw_times(canvas: Canvas, span: tuple[int, int], axis: int) -> None:
    labels = time_axis(span[0], span[1], axis)
    free = 0
    for tick, label in zip(labels.ticks, labels.labels, strict=True):
        x = int((tick - span[0]) * axis // max(1, span[1] - span[0])) - len(label) // 2
        x = max(0, min(x, axis - len(label)))
        if x >= free:
            canvas.text(x, canvas.height - 1, label, "grid")
            free = x + len(label) + 1


class CurveChart(SpanRows):
    """Shows curves and their falls; cells that stay equal are not painted again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._picture = CurvePicture()

    def show(self, picture: CurvePicture) -> None:
        """Show these from now on; the same ones again cost nothing."""
        if picture is not self._picture:
            self._picture = picture
            self.repaint()

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return the drawn chart."""
        return draw_curves(self._picture, width, height, empty_text="no equity yet")


def legend(curves: Sequence[ChartSeries]) -> Iterator[tuple[str, str]]:
    """Yield the name of each curve with its sign, and its role."""
    for curve in curves:
        yield f"━ {curve.label}  ", curve.role
