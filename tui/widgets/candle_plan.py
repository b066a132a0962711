"""Where everything of a candle chart stands for a size: a pure function.

From the top: the price area, the volume bars under a line of their own, one pane for each
indicator with a scale of its own, and the time. What does not fit is left out, indicators first.
The labels of all scales stand to the right.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import isfinite

import msgspec

from engine.model.chart import ChartLine, ChartPlace
from tui.format import decimals_of
from tui.widgets.candle_picture import CandlePicture, Columns, columns_in
from tui.widgets.candle_scale import Scale, scale_over

MIN_WIDTH = 24
MIN_HEIGHT = 6
TIME_ROWS = 1
HEADER_ROWS = 1
LEAST_PRICE_ROWS = 8
PRICE_ROWS_FIRST = 20
VOLUME_ROWS = 2
MOST_VOLUME_ROWS = 4
LEAST_PANE_ROWS = 3
MOST_PANE_ROWS = 8
OVERLAY_REACH = 0.35
"""How far beyond the candles, as a share of their span, lines may widen the price scale."""

BOUNDS = {"RSI": (0.0, 100.0), "STOCH": (0.0, 100.0), "MFI": (0.0, 100.0), "ADX": (0.0, 100.0)}
"""Indicators whose values have bounds of their own."""


class SubPane(msgspec.Struct, frozen=True):
    """An indicator's own pane: `top` is the row of its header, its scale begins on the next."""

    group: str
    top: int
    rows: int
    scale: Scale | None
    lines: tuple[ChartLine, ...]


class Plan(msgspec.Struct, frozen=True):
    """The whole chart: `left` is the cell of the first column, `axis` that of the axis line."""

    width: int
    height: int
    axis: int
    left: int
    columns: Columns
    price: Scale
    overlays: tuple[ChartLine, ...]
    volume_top: int | None
    volume_rows: int
    highest_volume: float
    panes: tuple[SubPane, ...]

    @property
    def time_row(self) -> int:
        """The row of the time labels."""
        return self.height - TIME_ROWS


def plan_chart(picture: CandlePicture, width: int, height: int) -> Plan | None:
    """Return where everything stands, or None where there is nothing to draw or no room for it."""
    if width < MIN_WIDTH or height < MIN_HEIGHT or not picture.candles:
        return None
    label_width = _label_width(picture)
    axis = width - label_width - 1
    cells = picture.zoom.cells
    columns = columns_in(picture, axis // cells)
    if not columns.candles:
        return None
    overlays = tuple(line for line in columns.lines if line.place is ChartPlace.PRICE)
    below: dict[str, list[ChartLine]] = {}
    for line in columns.lines:
        if line.place is ChartPlace.BELOW:
            below.setdefault(line.group, []).append(line)
    volume_rows, pane_rows = _share_rows(height, len(below), has_volume=picture.has_volume)
    shown = list(below.items())[: len(pane_rows)]
    top = height - TIME_ROWS - sum(rows + HEADER_ROWS for rows in pane_rows)
    panes = []
    y = top
    for (group, lines), rows in zip(shown, pane_rows, strict=True):
        panes.append(SubPane(group, y, rows, _pane_scale(group, lines, rows), tuple(lines)))
        y += rows + HEADER_ROWS
    volume_top = top - volume_rows - HEADER_ROWS if volume_rows else None
    price_rows = top if volume_top is None else volume_top
    scale = _price_scale(columns, overlays, price_rows, has_marks=bool(picture.marks))
    if scale is None:
        return None
    return Plan(
        width=width,
        height=height,
        axis=axis,
        left=axis - cells * (len(columns.candles) + columns.free),
        columns=columns,
        price=scale,
        overlays=overlays,
        volume_top=volume_top,
        volume_rows=volume_rows,
        highest_volume=max(candle.volume for candle in columns.candles),
        panes=tuple(panes),
    )


def chart_columns(picture: CandlePicture, width: int) -> int:
    """Return how many columns a chart of that width has, labels and axis apart."""
    return max(1, (width - _label_width(picture) - 1) // picture.zoom.cells)


def _label_width(picture: CandlePicture) -> int:
    """Return the room for the longest price label and the glyph before it."""
    highest = max((candle.high for candle in picture.candles), default=0.0)
    return len(f"{highest:,.{decimals_of(picture.tick)}f}") + 1


def _share_rows(height: int, panes: int, *, has_volume: bool) -> tuple[int, tuple[int, ...]]:
    """Return the rows of the volume bars (0: none) and of each pane that fits."""
    spare = height - TIME_ROWS - LEAST_PRICE_ROWS
    fitting = min(panes, max(0, spare // (LEAST_PANE_ROWS + HEADER_ROWS)))
    spare -= fitting * (LEAST_PANE_ROWS + HEADER_ROWS)
    volume = VOLUME_ROWS if has_volume and spare >= VOLUME_ROWS + HEADER_ROWS else 0
    # The price has the first claim on what is left.
    spare -= (volume + HEADER_ROWS if volume else 0) + PRICE_ROWS_FIRST - LEAST_PRICE_ROWS
    share = max(0, spare) // (2 * (fitting + 1))
    more = min(MOST_PANE_ROWS - LEAST_PANE_ROWS, share)
    return volume + (min(MOST_VOLUME_ROWS - VOLUME_ROWS, share) if volume else 0), (
        LEAST_PANE_ROWS + more,
    ) * fitting


def _price_scale(
    columns: Columns, overlays: Iterable[ChartLine], rows: int, *, has_marks: bool
) -> Scale | None:
    low = min(candle.low for candle in columns.candles)
    high = max(candle.high for candle in columns.candles)
    reach = (high - low) * OVERLAY_REACH
    values = [low, high]
    for line in overlays:
        known = [value for value in line.values if value is not None and isfinite(value)]
        if known:
            values += [max(min(known), low - reach), min(max(known), high + reach)]
    return scale_over(values, rows, spare_rows=1 if has_marks and rows > LEAST_PRICE_ROWS else 0)


def _pane_scale(group: str, lines: Iterable[ChartLine], rows: int) -> Scale | None:
    for prefix, (low, high) in BOUNDS.items():
        if group.upper().startswith(prefix):
            return Scale(low, high, rows)
    values = [value for line in lines for value in line.values if value is not None]
    if any(is_histogram(line) for line in lines):
        values.append(0.0)
    return scale_over(values, rows)


def is_histogram(line: ChartLine) -> bool:
    """Tell whether a line is drawn as bars from zero."""
    return "HIST" in line.name.upper()


def price_label(value: float, tick: Decimal) -> str:
    """Return a price of a candle as the axis shows it."""
    return f"{value:,.{decimals_of(tick)}f}"
