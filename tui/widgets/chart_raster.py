"""Curves drawn by plotext, as rows of text with colour roles: a pure function of its arguments.

plotext draws into one figure of its module; a lock makes each drawing whole, and the figure is
cleared before and after, so nothing stays behind. Curves carry a colour number each, which is
read back from plotext's output and turned into a role: the theme is applied later, by the screen.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from math import isfinite
from threading import Lock

import msgspec
from rich.cells import cell_len

from tui.format import fit
from tui.widgets.chart_scale import Axis, time_axis, value_axis

MIN_WIDTH = 16
MIN_HEIGHT = 4
NO_ROOM_TEXT = "no room"
_ROWS_PER_TICK = 4
_FIRST_COLOR = 200
_COLORED = re.compile(r"\x1b\[(?:0|38;5;(\d+))m")

_figure_lock = Lock()


class ChartSeries(msgspec.Struct, frozen=True):
    """A curve: times in UTC milliseconds, rising, and a value for each; its name and colour role."""

    label: str
    xs: tuple[int, ...]
    ys: tuple[float, ...]
    role: str = "series-1"


class ChartSpan(msgspec.Struct, frozen=True):
    """A piece of a chart's row with the colour role it has."""

    text: str
    role: str


ChartRow = tuple[ChartSpan, ...]


def rasterise(
    series: Sequence[ChartSeries], width: int, height: int, *, empty_text: str = "", zone: tzinfo = UTC
) -> tuple[ChartRow, ...]:
    """Draw `series` into exactly `height` rows of `width` cells.

    Values that are not finite are left out. With nothing to draw the rows hold `empty_text` in
    their middle. More than one series brings a legend as the first row.
    """
    curves = [curve for curve in map(_finite, series) if curve.xs]
    if not curves:
        return _text_rows(empty_text, width, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _text_rows(NO_ROOM_TEXT, width, height)
    legend = [_legend(curves, width)] if len(curves) > 1 else []
    start, end = min(curve.xs[0] for curve in curves), max(curve.xs[-1] for curve in curves)
    drawn = [decimate(curve, start, end, width) for curve in curves]
    values = [value for curve in drawn for value in curve.ys]
    y_axis = value_axis(min(values), max(values), max(2, height // _ROWS_PER_TICK))
    x_axis = time_axis(start, end, width, zone)
    canvas = _draw(drawn, x_axis, y_axis, width, height - len(legend))
    roles = {_FIRST_COLOR + index: curve.role for index, curve in enumerate(drawn)}
    return (*legend, *(_parse_row(line, roles, width) for line in canvas.split("\n")[: height - len(legend)]))


def decimate(series: ChartSeries, start: int, end: int, columns: int) -> ChartSeries:
    """Keep at most the lowest and the highest point of each of `columns` slices of time."""
    if len(series.xs) <= 2 * columns:
        return series
    xs, ys = series.xs, series.ys
    kept: list[int] = []
    first = bisect_left(xs, start)
    for column in range(1, columns + 1):
        last = bisect_left(xs, start + (end - start) * column / columns) if column < columns else len(xs)
        if last > first:
            values = ys[first:last]
            extremes = {first + values.index(min(values)), first + values.index(max(values))}
            kept.extend(sorted(extremes))
        first = last
    return ChartSeries(
        series.label, tuple(xs[index] for index in kept), tuple(ys[index] for index in kept), series.role
    )


def _draw(curves: Sequence[ChartSeries], x_axis: Axis, y_axis: Axis, width: int, height: int) -> str:
    import plotext

    with _figure_lock:
        plotext.clear_figure()
        try:
            plotext.limit_size(False, False)
            plotext.plot_size(width, height)
            plotext.theme("clear")
            plotext.xaxes(True, False)
            plotext.yaxes(True, False)
            plotext.xlim(x_axis.low, x_axis.high)
            plotext.ylim(y_axis.low, y_axis.high)
            plotext.xticks(x_axis.ticks, x_axis.labels)
            plotext.yticks(y_axis.ticks, y_axis.labels)
            for index, curve in enumerate(curves):
                plotext.plot(curve.xs, curve.ys, marker="braille", color=_FIRST_COLOR + index)
            return str(plotext.build())
        finally:
            plotext.clear_figure()


def _parse_row(line: str, roles: dict[int, str], width: int) -> ChartRow:
    spans: list[ChartSpan] = []
    used = 0
    for text, role in _runs(line, roles):
        text = text if used + cell_len(text) <= width else fit(text, width - used)
        if text:
            spans.append(ChartSpan(text, role))
            used += cell_len(text)
    if used < width:
        spans.append(ChartSpan(" " * (width - used), "grid"))
    return tuple(spans)


def _runs(line: str, roles: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Yield the pieces of one row of plotext's output with the role their colour number stands for."""
    role, start = "grid", 0
    for code in _COLORED.finditer(line):
        yield line[start : code.start()], role
        role = roles.get(int(code[1]), "grid") if code[1] else "grid"
        start = code.end()
    yield line[start:], role


def _legend(curves: Sequence[ChartSeries], width: int) -> ChartRow:
    spans: list[ChartSpan] = []
    room = width
    for curve in curves:
        text = f"━ {curve.label}  "
        if cell_len(text) > room:
            break
        spans.append(ChartSpan(text, curve.role))
        room -= cell_len(text)
    return (ChartSpan(" " * room, "grid"), *spans)


def _text_rows(text: str, width: int, height: int) -> tuple[ChartRow, ...]:
    middle = max(0, height - 1) // 2
    return tuple(
        (ChartSpan(fit(text if row == middle else "", width, "center"), "muted"),) for row in range(height)
    )


def _finite(series: ChartSeries) -> ChartSeries:
    if all(map(isfinite, series.ys)):
        return series
    kept = [(x, y) for x, y in zip(series.xs, series.ys, strict=True) if isfinite(y)]
    return ChartSeries(series.label, tuple(x for x, _ in kept), tuple(y for _, y in kept), series.role)
