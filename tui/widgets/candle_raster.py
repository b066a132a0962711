"""A candle chart as rows of spans with colour roles: a pure function of its arguments.

It is drawn in two stages. What stands still while the last candle moves is drawn once and kept as
long as it stays equal; the last candle, its line ends and the figures are drawn over a copy of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import floor, isfinite
from typing import NamedTuple

import msgspec

from engine.model.chart import ChartLine
from tui.format import price as fmt_price
from tui.theming import SERIES_ROLES
from tui.widgets.candle_glyphs import candle_glyphs, has_risen, trend_role
from tui.widgets.candle_picture import CandlePicture, MarkKind
from tui.widgets.candle_plan import Plan, SubPane, is_histogram, plan_chart, price_label
from tui.widgets.candle_scale import Scale, Tick, short_number, ticks
from tui.widgets.cell_canvas import DOTS_ACROSS, DOTS_DOWN, Canvas, Rank, Row, blank_rows, spans_of
from tui.widgets.chart_scale import time_axis

NO_ROOM = "no room"
BARS = "▁▂▃▄▅▆▇█"
AXIS, AXIS_TICK, RULE, CROSS, LEVEL, LAST = "│", "├", "─", "┊", "╌", "◂"
MARKS = {MarkKind.FIRE: ("◆", "accent"), MarkKind.BUY: ("▲", "gain"), MarkKind.SELL: ("▼", "loss")}
GUIDES = {"RSI": (30.0, 70.0), "STOCH": (20.0, 80.0), "MFI": (20.0, 80.0)}
"""Levels that mean something in an indicator's own pane."""
TICK_ROWS = 4


class Drawing(NamedTuple):
    """A drawn chart: its rows, and what the next one can be drawn over if it still holds."""

    rows: tuple[Row, ...]
    ground: Ground | None


class Ground(msgspec.Struct, frozen=True, eq=False):
    """What stands still while the last candle moves."""

    key: tuple[object, ...]
    canvas: Canvas
    rows: tuple[Row, ...]


def draw_chart(
    picture: CandlePicture, width: int, height: int, *, empty_text: str = "", before: Ground | None = None
) -> Drawing:
    """Draw a chart into exactly `height` rows of `width` cells.

    `before` is the ground of the chart drawn last; what still holds of it is not drawn again.
    """
    plan = plan_chart(picture, width, height)
    if plan is None:
        return Drawing(blank_rows(NO_ROOM if picture.candles else empty_text, width, height), None)
    key = _ground_key(picture, plan)
    if before is None or before.key != key:
        canvas = Canvas(width, height)
        _draw_ground(canvas, picture, plan)
        before = Ground(key, canvas, canvas.rows())
    canvas = before.canvas.copy()
    _draw_last(canvas, picture, plan)
    rows = tuple(
        row if canvas.row_cells(y) == before.canvas.row_cells(y) else spans_of(canvas.row_cells(y))
        for y, row in enumerate(before.rows)
    )
    return Drawing(rows, before)


def rasterise(picture: CandlePicture, width: int, height: int, *, empty_text: str = "") -> tuple[Row, ...]:
    """Return the rows of a chart, drawn from nothing."""
    return draw_chart(picture, width, height, empty_text=empty_text).rows


def column_x(plan: Plan, index: int, cells: int) -> int:
    """Return the first cell of a candle's column."""
    return plan.left + index * cells


def series_roles(lines: Sequence[ChartLine]) -> dict[str, str]:
    """Return the colour role of each line: one for each indicator, in the order given."""
    groups = list(dict.fromkeys(line.group for line in lines))
    return {line.name: SERIES_ROLES[groups.index(line.group) % len(SERIES_ROLES)] for line in lines}


def line_role(line: ChartLine, roles: dict[str, str]) -> str:
    """Return the role of one line; a signal line has the next colour, to be told from its own."""
    role = roles[line.name]
    if line.name.upper().endswith(("SIGNAL", "_D")):
        return SERIES_ROLES[(SERIES_ROLES.index(role) + 1) % len(SERIES_ROLES)]
    return role


def _ground_key(picture: CandlePicture, plan: Plan) -> tuple[object, ...]:
    columns = plan.columns
    still = (
        plan.width,
        plan.height,
        plan.axis,
        plan.left,
        plan.price,
        plan.volume_top,
        plan.volume_rows,
        plan.highest_volume,
        tuple((pane.group, pane.top, pane.rows, pane.scale) for pane in plan.panes),
    )
    return (
        still,
        picture.zoom,
        picture.tick,
        picture.marks,
        picture.levels,
        picture.cursor_ms,
        columns.candles[:-1],
        columns.candles[-1].open_ms,
        tuple((line.name, line.values[:-1]) for line in columns.lines),
    )


def _draw_ground(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    candles = plan.columns.candles
    _draw_price_axis(canvas, picture, plan)
    _draw_times(canvas, picture, plan)
    for index in range(len(candles) - 1):
        _draw_candle(canvas, picture, plan, index)
    still = range(1, len(candles) - 1)
    roles = series_roles(plan.columns.lines)
    for line in plan.overlays:
        _draw_line(canvas, picture, plan, line, line_role(line, roles), plan.price, 0, still)
    for pane in plan.panes:
        _draw_pane(canvas, picture, plan, pane, roles, still)
    _draw_cursor(canvas, picture, plan)


def _draw_last(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    last = len(plan.columns.candles) - 1
    candle = plan.columns.candles[last]
    moving = range(max(1, last), last + 1)
    _draw_candle(canvas, picture, plan, last)
    roles = series_roles(plan.columns.lines)
    for line in plan.overlays:
        _draw_line(canvas, picture, plan, line, line_role(line, roles), plan.price, 0, moving)
    for pane in plan.panes:
        if pane.scale is None:
            continue
        for line in pane.lines:
            if is_histogram(line):
                _draw_bar(canvas, picture, plan, pane, line, last)
            else:
                _draw_line(
                    canvas, picture, plan, line, line_role(line, roles), pane.scale, pane.top + 1, moving
                )
    _draw_marks(canvas, picture, plan)
    row = plan.price.place(candle.close, 1)
    label = price_label(candle.close, picture.tick)
    role = trend_role(candle) if picture.follows else "muted"
    canvas.text(plan.axis, row, f"{LAST}{label}".ljust(plan.width - plan.axis), role)
    if not candle.closed:
        # Below the time labels: where one stands, the shaded body alone says that it still forms.
        canvas.put(_middle(picture, plan, last), plan.time_row, "▴", role, Rank.NOTHING)
    if plan.volume_top is not None:
        _draw_header(canvas, plan, plan.volume_top, "Volume", [(_volume_shown(picture, plan), "text")])
    for pane in plan.panes:
        _draw_pane_header(canvas, picture, plan, pane, roles)


def _middle(picture: CandlePicture, plan: Plan, index: int) -> int:
    """Return the cell of a candle's wick."""
    return column_x(plan, index, picture.zoom.cells) + picture.zoom.body // 2


def _draw_candle(canvas: Canvas, picture: CandlePicture, plan: Plan, index: int) -> None:
    candle = plan.columns.candles[index]
    x, body = column_x(plan, index, picture.zoom.cells), picture.zoom.body
    role = trend_role(candle)
    for glyph in candle_glyphs(candle, plan.price, body):
        start = x if glyph.rank is Rank.BODY else x + body // 2
        canvas.text(start, glyph.row, glyph.text, role, glyph.rank)
    if plan.volume_top is not None:
        _draw_volume(canvas, picture, plan, index)


def _draw_volume(canvas: Canvas, picture: CandlePicture, plan: Plan, index: int) -> None:
    candle = plan.columns.candles[index]
    if plan.volume_top is None or plan.highest_volume <= 0:
        return
    share = candle.volume / plan.highest_volume
    eighths = min(8 * plan.volume_rows, round(share * 8 * plan.volume_rows)) if isfinite(share) else 0
    if candle.volume > 0:
        eighths = max(1, eighths)
    x = column_x(plan, index, picture.zoom.cells)
    role = "bid" if has_risen(candle) else "ask"
    bottom = plan.volume_top + plan.volume_rows
    for row in range(-(-eighths // 8)):
        glyph = BARS[min(8, eighths - 8 * row) - 1]
        canvas.text(x, bottom - row, glyph * picture.zoom.body, role, Rank.BODY)


def _draw_line(
    canvas: Canvas,
    picture: CandlePicture,
    plan: Plan,
    line: ChartLine,
    role: str,
    scale: Scale,
    top: int,
    pieces: range,
) -> None:
    """Draw the pieces of a line that end at these columns; what the scale does not hold is left out."""
    values = line.values
    places = scale.rows * DOTS_DOWN
    for index in pieces:
        before, value = values[index - 1], values[index]
        if before is None or value is None or not (isfinite(before) and isfinite(value)):
            continue
        x0 = _middle(picture, plan, index - 1) * DOTS_ACROSS
        x1 = _middle(picture, plan, index) * DOTS_ACROSS
        y0, y1 = _dot_place(scale, before), _dot_place(scale, value)
        steps = max(x1 - x0, abs(y1 - y0), 1)
        for step in range(steps + 1):
            y = y0 + round((y1 - y0) * step / steps)
            if 0 <= y < places:
                canvas.dot(x0 + (x1 - x0) * step // steps, top * DOTS_DOWN + y, role)


def _dot_place(scale: Scale, value: float) -> int:
    """Return the dot row of a value, also of one above or below the scale, within reason."""
    places = scale.rows * DOTS_DOWN
    place = (scale.high - value) / (scale.high - scale.low) * places
    return floor(min(2.0 * places, max(-1.0 * places, place)))


def _draw_pane(
    canvas: Canvas, picture: CandlePicture, plan: Plan, pane: SubPane, roles: dict[str, str], still: range
) -> None:
    if pane.scale is None:
        return
    guides = next((levels for name, levels in GUIDES.items() if pane.group.upper().startswith(name)), ())
    for guide in guides:
        row = pane.top + 1 + pane.scale.place(guide, 1)
        canvas.text(0, row, LEVEL * plan.axis, "grid", Rank.LEVEL)
        canvas.text(plan.axis + 1, row, f"{guide:g}", "muted")
    if not guides:
        for tick in _pane_ticks(pane, pane.scale):
            canvas.text(
                plan.axis + 1, pane.top + 1 + tick.row, tick.label[: plan.width - plan.axis - 1], "muted"
            )
    for line in pane.lines:
        if is_histogram(line):
            for index in range(len(line.values) - 1):
                _draw_bar(canvas, picture, plan, pane, line, index)
        else:
            _draw_line(canvas, picture, plan, line, line_role(line, roles), pane.scale, pane.top + 1, still)


def _pane_ticks(pane: SubPane, scale: Scale) -> list[Tick]:
    """Return the labels of an indicator's own pane, a row apart; where bars begin, zero has the first."""
    kept: list[Tick] = []
    if any(is_histogram(line) for line in pane.lines):
        kept.append(Tick(scale.place(0.0, 1), "0"))
    for tick in ticks(scale, max(2, pane.rows // 2)):
        if all(abs(tick.row - other.row) > 1 for other in kept):
            kept.append(tick)
    return kept


def _draw_bar(
    canvas: Canvas, picture: CandlePicture, plan: Plan, pane: SubPane, line: ChartLine, index: int
) -> None:
    """Draw a histogram's bar from zero, in halves of a row, the least bar one half."""
    value = line.values[index]
    if not value or not isfinite(value) or pane.scale is None:
        return
    scale, places = pane.scale, 2 * pane.scale.rows
    half = (scale.high - scale.low) / places
    zero, halves = round(scale.high / half), max(1, round(abs(value) / half))
    first, last = (zero - halves, zero - 1) if value > 0 else (zero, zero + halves - 1)
    first, last = max(0, first), min(places - 1, last)
    x, role = column_x(plan, index, picture.zoom.cells), "bid" if value > 0 else "ask"
    for row in range(first // 2, last // 2 + 1):
        upper, lower = first <= 2 * row <= last, first <= 2 * row + 1 <= last
        if upper or lower:
            glyph = "█" if upper and lower else "▀" if upper else "▄"
            canvas.text(x, pane.top + 1 + row, glyph * picture.zoom.body, role, Rank.WICK)


def _draw_price_axis(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    for row in range(plan.time_row):
        canvas.put(plan.axis, row, AXIS, "grid", Rank.LEVEL)
    for tick in ticks(plan.price, TICK_ROWS, picture.tick):
        canvas.text(plan.axis, tick.row, f"{AXIS_TICK}{tick.label}", "muted", Rank.LEVEL)
    for level in picture.levels:
        price = float(level.price)
        if plan.price.holds(price):
            row = plan.price.place(price, 1)
            canvas.text(0, row, LEVEL * plan.axis, level.role, Rank.LEVEL)
            label = f"{level.glyph}{fmt_price(level.price, picture.tick)}".ljust(plan.width - plan.axis)
            canvas.text(plan.axis, row, label[: plan.width - plan.axis], level.role, Rank.WICK)


def _draw_times(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    opens = [candle.open_ms for candle in plan.columns.candles]
    if len(opens) < 2:
        return
    cells = picture.zoom.cells
    axis = time_axis(opens[0], opens[-1], len(opens) * cells)
    free_from = 0
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        index = bisect_left(opens, tick)
        x = column_x(plan, index, cells) + picture.zoom.body // 2 - len(label) // 2
        x = max(0, x)
        if x >= free_from and x + len(label) <= plan.axis:
            canvas.text(x, plan.time_row, label, "muted", Rank.LEVEL)
            free_from = x + len(label) + 2


def _draw_cursor(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    index = _cursor_column(picture, plan)
    if index is None:
        return
    x = _middle(picture, plan, index)
    for row in range(plan.time_row):
        canvas.put(x, row, CROSS, "accent", Rank.LEVEL)
    canvas.put(x, plan.time_row, "▴", "accent", Rank.MARK)


def _cursor_column(picture: CandlePicture, plan: Plan) -> int | None:
    if picture.cursor_ms is None:
        return None
    opens = [candle.open_ms for candle in plan.columns.candles]
    end = opens[-1] + picture.period_ms * picture.zoom.candles
    return bisect_right(opens, picture.cursor_ms) - 1 if opens[0] <= picture.cursor_ms < end else None


def _draw_marks(canvas: Canvas, picture: CandlePicture, plan: Plan) -> None:
    """Put fills and fires beside their candles: sells and fires above, buys below."""
    above: dict[int, int] = {}
    for index, kind in _marked_columns(picture, plan):
        candle = plan.columns.candles[index]
        glyph, role = MARKS[kind]
        if kind is MarkKind.BUY:
            row = min(plan.price.rows - 1, plan.price.place(candle.low, 1) + 1)
        else:
            row = max(0, plan.price.place(candle.high, 1) - 1 - above.get(index, 0))
            above[index] = above.get(index, 0) + 1
        canvas.put(_middle(picture, plan, index), row, glyph, role, Rank.MARK)


def _marked_columns(picture: CandlePicture, plan: Plan) -> list[tuple[int, MarkKind]]:
    """Return each kind of mark once a column, fills before fires so that they stand nearer."""
    opens = [candle.open_ms for candle in plan.columns.candles]
    end = opens[-1] + picture.period_ms * picture.zoom.candles
    found = {
        (bisect_right(opens, mark.ts_ms) - 1, mark.kind)
        for mark in picture.marks
        if opens[0] <= mark.ts_ms < end
    }
    return sorted(found, key=lambda each: (each[0], each[1] is MarkKind.FIRE, each[1]))


def _volume_shown(picture: CandlePicture, plan: Plan) -> str:
    index = _cursor_column(picture, plan)
    return short_number(plan.columns.candles[-1 if index is None else index].volume)


def _draw_pane_header(
    canvas: Canvas, picture: CandlePicture, plan: Plan, pane: SubPane, roles: dict[str, str]
) -> None:
    column = _cursor_column(picture, plan)
    figures = [line.values[-1 if column is None else column] for line in pane.lines]
    largest = max((abs(value) for value in figures if value is not None), default=0.0)
    values = []
    for line, value in zip(pane.lines, figures, strict=True):
        role = "muted" if is_histogram(line) else line_role(line, roles)
        values.append(("–" if value is None else _figure(value, largest), role))
    _draw_header(canvas, plan, pane.top, pane.group, values)


def _figure(value: float, largest: float) -> str:
    """Return an indicator's value with the decimals that matter beside the largest one of its pane."""
    decimals = 2 if largest >= 1 or largest == 0 else 5
    return short_number(value) if abs(value) >= 100_000 else f"{value:,.{decimals}f}"


def _draw_header(canvas: Canvas, plan: Plan, row: int, title: str, values: Sequence[tuple[str, str]]) -> None:
    canvas.text(0, row, RULE * plan.axis, "grid", Rank.LEVEL)
    canvas.put(plan.axis, row, "┤", "grid", Rank.LEVEL)
    x = 1
    for text, role in ((title, "header"), *values):
        canvas.text(x, row, f" {text}"[: max(0, plan.axis - x)], role)
        x += len(text) + 1
    canvas.text(x, row, " "[: max(0, plan.axis - x)], "text")
