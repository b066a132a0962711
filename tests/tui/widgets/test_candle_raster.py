"""A candle chart's promises: exact size, every candle within its own column, roles and labels right."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.model.candle import Candle
from engine.model.chart import ChartLine, ChartPlace, ChartRequest
from tests.tui.recorded_desk import RecordedDesk
from tui.widgets.candle_glyphs import trend_role
from tui.widgets.candle_picture import (
    ZOOMS,
    CandlePicture,
    ChartLevel,
    ChartMark,
    MarkKind,
    Zoom,
    columns_in,
    inspected,
)
from tui.widgets.candle_plan import plan_chart
from tui.widgets.candle_raster import NO_ROOM, draw_chart, rasterise
from tui.widgets.cell_canvas import Row

MINUTE_MS = 60_000
START_MS = 1_772_366_400_000
WICKS, BODIES = "│╎╵╷", "┃╹╻╽╿█▀▄░▓▌▐▛▜▙▟▗▖▝▘"


@st.composite
def candle_runs(draw: st.DrawFn) -> tuple[Candle, ...]:
    """Candles around any price, from shares of a cent to millions, flat ones among them."""
    price = draw(st.sampled_from([0.00001234, 0.0456, 1.0, 142.33, 67_013.2, 98_765_432.0]))
    count = draw(st.integers(1, 120))
    steps = draw(st.lists(st.floats(-0.02, 0.02), min_size=4 * count, max_size=4 * count))
    candles = []
    for index in range(count):
        spans = [price * (1 + step) for step in steps[4 * index : 4 * index + 4]]
        candles.append(
            Candle(
                START_MS + index * MINUTE_MS,
                spans[0],
                max(spans),
                min(spans),
                spans[1],
                abs(steps[4 * index]) * 1e4,
                closed=index < count - 1,
            )
        )
    return tuple(candles)


def cells_of(row: Row) -> list[tuple[str, str]]:
    return [(character, span.role) for span in row for character in span.text]


def bare(candles: tuple[Candle, ...], **changes: object) -> CandlePicture:
    """A picture of candles alone: what covers them is not there."""
    return msgspec.structs.replace(CandlePicture(candles=candles, has_volume=False), **changes)


@given(candle_runs(), st.integers(1, 240), st.integers(1, 70), st.sampled_from(ZOOMS), st.booleans())
def test_every_size_is_filled_exactly(
    candles: tuple[Candle, ...], width: int, height: int, zoom: Zoom, follows: bool
) -> None:
    lines = tuple(
        ChartLine(name, group, place, tuple(candle.close for candle in candles))
        for name, group, place in (
            ("EMA20", "EMA20", ChartPlace.PRICE),
            ("RSI14", "RSI14", ChartPlace.BELOW),
            ("MACD_HIST", "MACD", ChartPlace.BELOW),
        )
    )
    picture = CandlePicture(
        candles=candles,
        lines=lines,
        zoom=zoom,
        follows=follows,
        marks=(ChartMark(START_MS, MarkKind.BUY), ChartMark(candles[-1].open_ms, MarkKind.FIRE)),
        levels=(ChartLevel(Decimal(str(candles[0].close)), "!", "warning"),),
        cursor_ms=candles[0].open_ms,
    )
    rows = rasterise(picture, width, height)
    assert len(rows) == height
    assert all(sum(cell_len(span.text) for span in row) == width for row in rows)


@given(candle_runs(), st.integers(24, 160), st.integers(6, 50), st.sampled_from(ZOOMS[3:]))
def test_every_candle_reaches_from_its_high_to_its_low_in_its_own_column(
    candles: tuple[Candle, ...], width: int, height: int, zoom: Zoom
) -> None:
    picture = bare(candles, zoom=zoom)
    plan = plan_chart(picture, width, height)
    assert plan is not None
    rows = [cells_of(row) for row in rasterise(picture, width, height)]
    shown = plan.columns.candles
    for index, candle in enumerate(shown):
        first = plan.left + index * picture.zoom.cells
        middle = first + picture.zoom.body // 2
        top, bottom = plan.price.place(candle.high, 1), plan.price.place(candle.low, 1)
        drawn = [
            y
            for y in range(plan.price.rows)
            if rows[y][middle][0] in WICKS + BODIES
            or any(rows[y][x][0] in BODIES for x in range(first, first + picture.zoom.body))
        ]
        assert drawn == list(range(top, bottom + 1))
        roles = {rows[y][middle][1] for y in drawn if rows[y][middle][0] != " "}
        assert roles <= {trend_role(candle)}


@given(candle_runs(), st.integers(24, 160), st.integers(6, 50))
def test_rising_and_falling_candles_differ_without_colour(
    candles: tuple[Candle, ...], width: int, height: int
) -> None:
    picture = bare(tuple(msgspec.structs.replace(candle, closed=True) for candle in candles))
    plan = plan_chart(picture, width, height)
    assert plan is not None
    rows = [cells_of(row) for row in rasterise(picture, width, height)]
    for index, candle in enumerate(plan.columns.candles):
        x = plan.left + index * picture.zoom.cells
        glyphs = {rows[y][x][0] for y in range(plan.price.rows)} & set(BODIES)
        assert glyphs <= (set("┃╹╻╽╿") if candle.close >= candle.open else set("█▀▄"))
        assert glyphs


@given(candle_runs(), st.floats(-0.02, 0.02), st.integers(24, 120), st.integers(6, 40))
def test_a_chart_drawn_over_the_last_one_is_the_chart_drawn_anew(
    candles: tuple[Candle, ...], move: float, width: int, height: int
) -> None:
    line = ChartLine("EMA20", "EMA20", ChartPlace.PRICE, tuple(candle.open for candle in candles))
    picture = CandlePicture(candles=candles, lines=(line,))
    before = draw_chart(picture, width, height).ground
    last = candles[-1]
    price = last.close * (1 + move)
    moved = msgspec.structs.replace(
        last, close=price, high=max(last.high, price), low=min(last.low, price), volume=last.volume + 1
    )
    after = msgspec.structs.replace(picture, candles=(*candles[:-1], moved))
    assert draw_chart(after, width, height, before=before).rows == rasterise(after, width, height)


@pytest.fixture
def recorded() -> CandlePicture:
    names = ("EMA20", "BOLL", "RSI14", "MACD")
    request = ChartRequest(symbol="BTC", period="5m", indicators=names, limit=200)
    chart = RecordedDesk().markets.chart(request)
    return CandlePicture(
        candles=chart.candles, lines=chart.lines, period_ms=5 * MINUTE_MS, tick=Decimal("0.1")
    )


def changed_cell_count(before: tuple[Row, ...], after: tuple[Row, ...]) -> int:
    return sum(
        old != new
        for row, other in zip(before, after, strict=True)
        for old, new in zip(cells_of(row), cells_of(other), strict=True)
    )


def test_a_moving_last_candle_changes_only_its_column_and_the_figures(recorded: CandlePicture) -> None:
    last = recorded.candles[-1]
    moved = msgspec.structs.replace(last, close=last.close + 3, volume=last.volume + 1)
    after = msgspec.structs.replace(recorded, candles=(*recorded.candles[:-1], moved))
    assert 0 < changed_cell_count(rasterise(recorded, 110, 34), rasterise(after, 110, 34)) < 40


def test_new_candles_fill_the_free_columns_without_moving_the_others(recorded: CandlePicture) -> None:
    last = recorded.candles[-1]
    shown = [columns_in(recorded, 50)]
    for step in range(1, shown[0].free + 2):
        later = msgspec.structs.replace(last, open_ms=last.open_ms + step * 5 * MINUTE_MS)
        recorded = msgspec.structs.replace(recorded, candles=(*recorded.candles, later), lines=())
        shown.append(columns_in(recorded, 50))
    *steady, shifted = shown
    assert [columns.free for columns in steady] == list(range(steady[0].free, -1, -1))
    assert len({columns.candles[0] for columns in steady}) == 1
    assert shifted.free == 4


def test_the_forming_candle_looks_different(recorded: CandlePicture) -> None:
    text = "".join(span.text for row in rasterise(recorded, 110, 34) for span in row)
    assert "▓" in text or "░" in text
    closed = msgspec.structs.replace(recorded.candles[-1], closed=True)
    done = msgspec.structs.replace(recorded, candles=(*recorded.candles[:-1], closed))
    text = "".join(span.text for row in rasterise(done, 110, 34) for span in row)
    assert "▓" not in text
    assert "░" not in text


def test_the_last_price_the_levels_and_the_marks_are_told(recorded: CandlePicture) -> None:
    picture = msgspec.structs.replace(
        recorded,
        marks=(
            ChartMark(recorded.candles[-9].open_ms + 1, MarkKind.BUY),
            ChartMark(recorded.candles[-5].open_ms + 1, MarkKind.SELL),
            ChartMark(recorded.candles[-5].open_ms + 2, MarkKind.FIRE),
            ChartMark(recorded.candles[-5].open_ms + 3, MarkKind.FIRE),
        ),
        levels=(ChartLevel(Decimal(67_100), "!", "warning"), ChartLevel(Decimal(1), "!", "warning")),
    )
    text = "\n".join("".join(span.text for span in row) for row in rasterise(picture, 110, 34))
    assert "◂67,013.2" in text
    assert text.count("!67,100.0") == 1
    assert "!1.0" not in text
    assert (text.count("◆"), text.count("▼")) == (1, 1)
    assert text.count("▲") == 1


def test_joined_candles_span_what_they_join(recorded: CandlePicture) -> None:
    joined = columns_in(msgspec.structs.replace(recorded, zoom=ZOOMS[1], follows=False), 20)
    part = recorded.candles
    for column in joined.candles:
        inside = [each for each in part if column.open_ms <= each.open_ms < column.open_ms + 20 * MINUTE_MS]
        assert column.high == max(each.high for each in inside)
        assert column.low == min(each.low for each in inside)
        assert (column.open, column.close) == (inside[0].open, inside[-1].close)
        assert column.volume == pytest.approx(sum(each.volume for each in inside))
    assert len(joined.lines[0].values) == len(joined.candles)


def test_the_crosshair_names_the_candle_it_stands_on(recorded: CandlePicture) -> None:
    picture = msgspec.structs.replace(recorded, cursor_ms=recorded.candles[-7].open_ms + 1)
    assert inspected(picture).candle == picture.candles[-7]
    assert inspected(recorded).candle == recorded.candles[-1]
    assert inspected(msgspec.structs.replace(recorded, cursor_ms=0)).candle == recorded.candles[0]


def test_a_column_of_several_candles_is_read_out_as_one(recorded: CandlePicture) -> None:
    zoom = Zoom(4, 1)
    picture = msgspec.structs.replace(recorded, zoom=zoom, cursor_ms=recorded.candles[-9].open_ms)
    columns = columns_in(picture, 40)
    read_out = inspected(picture)
    assert read_out.candle in columns.candles
    assert read_out.candle.volume == sum(
        candle.volume for candle in picture.candles[read_out.start : read_out.end]
    )
    assert inspected(msgspec.structs.replace(picture, cursor_ms=None)).candle == columns.candles[-1]


def test_bars_of_a_histogram_stand_on_zero_and_none_is_lost(recorded: CandlePicture) -> None:
    count = len(recorded.candles)
    values = (None, 0.01, -0.01, 5.0, -10.0, *[0.0] * (count - 5))
    line = ChartLine("HIST", "MACD", ChartPlace.BELOW, values)
    picture = msgspec.structs.replace(recorded, lines=(line,), follows=False, zoom=Zoom(1, 1))
    rows = ["".join(span.text for span in row) for row in rasterise(picture, count + 10, 30)]
    top = next(number for number, row in enumerate(rows) if "MACD" in row) + 1
    assert [row.split("│")[1].strip() for row in rows[top:-1] if row.rstrip().endswith("│0")] == ["0"]
    axis = rows[top].index("│")
    bars = ["".join(row[axis - count + place] for row in rows[top:-1]).strip() for place in range(6)]
    assert [bar in ("▀", "▄") for bar in bars] == [False, True, True, False, False, False]
    assert len(bars[4]) > len(bars[3]) > 0
    assert bars[0] == bars[5] == ""


def test_the_figures_of_one_indicator_have_as_many_decimals(recorded: CandlePicture) -> None:
    count = len(recorded.candles)
    for values, shown in (
        ((9.14, 0.04, -1.0), "MACD 9.14 0.04 -1.00"),
        ((0.5, 0.04, -0.25), "MACD 0.50000 0.04000 -0.25000"),
    ):
        lines = tuple(
            ChartLine(f"MACD{place}", "MACD", ChartPlace.BELOW, (value,) * count)
            for place, value in enumerate(values)
        )
        rows = rasterise(msgspec.structs.replace(recorded, lines=lines), 80, 30)
        assert any(shown in "".join(span.text for span in row) for row in rows)


def test_without_candles_or_room_it_says_so(recorded: CandlePicture) -> None:
    rows = rasterise(CandlePicture(), 30, 5, empty_text="no candles yet")
    assert rows[2][0].text.strip() == "no candles yet"
    assert rasterise(recorded, 10, 3)[1][0].text.strip() == NO_ROOM
