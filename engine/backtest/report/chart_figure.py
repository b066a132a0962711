"""The frame of a chart: axes, grid, crosshair, and a plot that the page's script can zoom into.

The plot is an inner drawing whose coordinates are pixels of the whole range; zooming changes only
which part of it is looked at, so lines keep their width and nothing is drawn again. What the script
needs to know (range, scale, series) is in attributes and in one data element.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from engine.backtest.report.markup import Markup, element, raw
from engine.backtest.report.scales import (
    Scale,
    time_ticks,
    value_labels,
    value_scale,
    value_ticks,
)

WIDTH = 1120
PLOT_WIDTH = 1040
TOP = 8
BOTTOM = 26


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A chart's range and size; `x` and `y` give places within the plot."""

    start_ms: int
    end_ms: int
    height: int
    y: Scale
    unit: str = ""

    def x(self, ts_ms: float) -> float:
        """Return the place of a time."""
        return (ts_ms - self.start_ms) / (self.end_ms - self.start_ms) * PLOT_WIDTH

    def points(self, ts_ms: Sequence[int], values: Sequence[float]) -> list[tuple[float, float]]:
        """Return the places of values at times."""
        return [(self.x(at), self.y(value)) for at, value in zip(ts_ms, values, strict=True)]


def frame_of(
    start_ms: int, end_ms: int, height: int, low: float, high: float, *, unit: str = "", may_log: bool = True
) -> Frame:
    """Return a frame for values from `low` to `high` over a time (a minute at least)."""
    return Frame(
        start_ms=start_ms,
        end_ms=max(end_ms, start_ms + 60_000),
        height=height,
        y=value_scale(low, high, height, 0, may_log=may_log),
        unit=unit,
    )


def line_path(points: Sequence[tuple[float, float]]) -> str:
    """Return the path along points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


def area_path(points: Sequence[tuple[float, float]], base: float) -> str:
    """Return the path around the area between points and a level."""
    if not points:
        return ""
    return f"{line_path(points)}L{points[-1][0]:.1f} {base:.1f}L{points[0][0]:.1f} {base:.1f}Z"


def dots_path(points: Sequence[tuple[float, float]]) -> str:
    """Return a path of lines without length, which a stroke's cap makes dots of any zoom."""
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)


def shape(path: str, class_: str) -> Markup:
    """Return a path drawn as its class says."""
    return element("path", d=raw(path), class_=class_)


def chart_figure(
    name: str,
    title: str,
    frame: Frame,
    layers: Sequence[Markup],
    series: Mapping[str, Sequence[float]],
    legend: Sequence[tuple[str, str]] = (),
) -> Markup:
    """Return a titled chart.

    `series` are the columns its readout shows, `t` the times among them; values are rounded to what a
    reader can tell apart. `legend` is (class of its mark, words).
    """
    total = TOP + frame.height + BOTTOM
    drawing = element(
        "svg",
        element("g", *_grid(frame), class_="grid"),
        element(
            "svg",
            *layers,
            x=0,
            y=TOP,
            width=PLOT_WIDTH,
            height=frame.height,
            viewBox=f"0 0 {PLOT_WIDTH} {frame.height}",
            preserveAspectRatio="none",
            class_="plot",
        ),
        element("line", class_="crosshair", x1=-9, x2=-9, y1=TOP, y2=TOP + frame.height),
        element("rect", class_="selection", x=0, y=TOP, width=0, height=frame.height),
        viewBox=f"0 0 {WIDTH} {total}",
        role="img",
        aria_label=title,
        class_="chart",
        data_from=frame.start_ms,
        data_to=frame.end_ms,
        data_low=repr(frame.y.low),
        data_high=repr(frame.y.high),
        data_log=int(frame.y.is_log),
        data_unit=frame.unit,
        data_series=name,
    )
    caption = element(
        "figcaption",
        element("h3", title),
        element("span", *(_legend_entry(mark, words) for mark, words in legend), class_="legend"),
        element("output", class_="readout"),
    )
    data = {key: [_shortened(value) for value in values] for key, values in series.items()}
    written = msgspec.json.encode(data).decode().replace("<", "\\u003c")
    holder = element("script", raw(written), type="application/json", id=f"series-{name}")
    return element("figure", caption, drawing, holder)


def _grid(frame: Frame) -> list[Markup]:
    """Return lines and labels at round values and times; the script replaces them when zooming."""
    ticks = value_ticks(frame.y, max(3, frame.height // 40))
    drawn: list[Markup] = []
    for tick, label in zip(ticks, value_labels(frame.y, ticks), strict=True):
        at = TOP + frame.y(tick)
        drawn.append(element("line", x1=0, x2=PLOT_WIDTH, y1=f"{at:.1f}", y2=f"{at:.1f}"))
        drawn.append(element("text", label + frame.unit, x=PLOT_WIDTH + 8, y=f"{at + 4:.1f}"))
    for at_ms, label in time_ticks(frame.start_ms, frame.end_ms):
        x = frame.x(at_ms)
        drawn.append(element("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=TOP, y2=TOP + frame.height))
        if 20 < x < PLOT_WIDTH - 10:
            y = TOP + frame.height + 18
            drawn.append(element("text", label, x=f"{x:.1f}", y=y, text_anchor="middle"))
    return drawn


def _legend_entry(mark: str, words: str) -> Markup:
    return element("span", element("i", class_=f"mark {mark}"), words)


def _shortened(value: float) -> float:
    """Round to seven digits; a value that is not finite has no place in JSON."""
    if not math.isfinite(value):
        return 0.0
    return value if isinstance(value, int) else float(f"{value:.7g}")
