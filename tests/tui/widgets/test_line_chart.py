"""The chart draws its curves with plotext, off the screen's loop, and repaints changed rows only."""

from __future__ import annotations

import math
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.waiting import settled
from tests.tui.widgets.painted import BareApp, lines_of, record_repaints
from tui.widgets.chart_raster import ChartRow, ChartSeries, decimate, rasterise
from tui.widgets.chart_scale import time_axis, value_axis
from tui.widgets.line_chart import LineChart
from tui.widgets.sparkline import sparkline

DAY_MS = 86_400_000
START_MS = 1_772_323_200_000
"""2026-03-01, midnight UTC."""


def curve(count: int = 300, role: str = "series-1", label: str = "all", shift: float = 0.0) -> ChartSeries:
    return ChartSeries(
        label,
        tuple(START_MS + index * 600_000 for index in range(count)),
        tuple(10_000 + 50 * math.sin(index / 20) + shift for index in range(count)),
        role,
    )


def text_of(row: ChartRow) -> str:
    return "".join(span.text for span in row)


def roles_of(rows: tuple[ChartRow, ...]) -> set[str]:
    return {span.role for row in rows for span in row if span.text.strip()}


def test_a_chart_fills_its_size_exactly_with_curve_axis_and_dates() -> None:
    rows = rasterise([curve()], 80, 15)
    assert len(rows) == 15
    assert {cell_len(text_of(row)) for row in rows} == {80}
    assert roles_of(rows) == {"series-1", "grid"}
    assert any("10,050┤" in text_of(row) for row in rows)
    assert "02 Mar" in text_of(rows[-1])


def test_several_curves_have_their_roles_and_a_legend() -> None:
    rows = rasterise([curve(), curve(role="series-2", label="rsi", shift=20)], 80, 15)
    assert roles_of(rows) == {"series-1", "series-2", "grid"}
    assert text_of(rows[0]).strip() == "━ all  ━ rsi"


def test_drawing_leaves_nothing_behind_for_the_next_one() -> None:
    alone = rasterise([curve()], 80, 15)
    rasterise([curve(shift=5_000), curve(role="series-3")], 60, 9)
    assert rasterise([curve()], 80, 15) == alone


def test_nothing_to_draw_says_why() -> None:
    rows = rasterise([ChartSeries("all", (), ())], 40, 9, empty_text="no equity yet")
    assert any("no equity yet" in text_of(row) for row in rows)
    assert {cell_len(text_of(row)) for row in rows} == {40}


def test_values_that_are_no_numbers_are_left_out() -> None:
    xs = tuple(START_MS + index for index in range(4))
    assert rasterise([ChartSeries("a", xs, (1.0, math.nan, math.inf, 2.0))], 40, 9) == rasterise(
        [ChartSeries("a", (xs[0], xs[3]), (1.0, 2.0))], 40, 9
    )


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.integers(1, 90), st.integers(1, 30))
def test_any_values_in_any_size_fill_the_rows(values: list[float], width: int, height: int) -> None:
    xs = tuple(START_MS + index * 60_000 for index in range(len(values)))
    rows = rasterise([ChartSeries("a", xs, tuple(values))], width, height)
    assert [cell_len(text_of(row)) for row in rows] == [width] * height


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(10, 60))
def test_decimation_keeps_two_points_a_column_and_the_extremes(values: list[float], columns: int) -> None:
    values = [value + repeat for repeat in range(500) for value in values]
    xs = tuple(range(len(values)))
    thin = decimate(ChartSeries("a", xs, tuple(values)), xs[0], xs[-1], columns)
    assert len(thin.xs) <= 2 * columns
    assert (min(thin.ys), max(thin.ys)) == (min(values), max(values))
    assert list(thin.xs) == sorted(set(thin.xs))


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.integers(2, 12))
def test_the_value_axis_covers_the_values_on_round_steps(low: float, span: float, ticks: int) -> None:
    axis = value_axis(low, low + span, ticks)
    slack = (axis.high - axis.low) * 1e-6
    assert axis.low - slack <= low <= low + span <= axis.high + slack
    assert len(axis.ticks) <= ticks + 2
    assert len(set(axis.labels)) == len(axis.labels)


def test_the_value_axis_stays_while_values_move_inside_it() -> None:
    assert value_axis(9_931, 10_062, 5) == value_axis(9_904, 10_099, 5)
    assert value_axis(9_931, 10_062, 5).labels == ("9,900", "9,950", "10,000", "10,050", "10,100")


def test_the_time_axis_shows_times_within_days_and_dates_beyond() -> None:
    assert time_axis(START_MS, START_MS + 6 * 3_600_000, 60).labels == ("01 Mar", "02:00", "04:00", "06:00")
    assert time_axis(START_MS, START_MS + 30 * DAY_MS, 60).labels == ("08 Mar", "18 Mar", "28 Mar")
    assert len(time_axis(START_MS, START_MS + 90 * DAY_MS, 80).labels) <= 6


async def test_the_widget_shows_the_newest_curves_and_repaints_changed_rows_only() -> None:
    app = BareApp(chart := LineChart(empty_text="no equity yet"))
    async with app.run_test(size=(80, 15)) as pilot:
        await settled(pilot)
        assert any("no equity yet" in line for line in lines_of(chart))
        chart.show([curve(shift=9)])
        chart.show([curve()])
        await settled(pilot)
        assert lines_of(chart) == [text_of(row).rstrip() for row in rasterise([curve()], 80, 15)]
        repainted = record_repaints(chart)
        series = curve()
        chart.show([ChartSeries("all", series.xs, (*series.ys[:-1], series.ys[-1] + 10), series.role)])
        await settled(pilot)
        assert 0 < len(repainted) < 8


async def test_equal_curves_cost_nothing() -> None:
    app = BareApp(chart := LineChart())
    async with app.run_test(size=(80, 15)) as pilot:
        chart.show([curve()])
        await settled(pilot)
        repainted = record_repaints(chart)
        chart.show([curve()])
        await settled(pilot)
        assert not repainted


def test_the_widgets_of_the_first_frame_import_nothing_heavy() -> None:
    code = (
        "import sys, tui.widgets.live_table, tui.widgets.streaming_log, tui.widgets.line_chart, tui.theming;"
        "print([m for m in ('plotext', 'numpy', 'textual.widgets._data_table',"
        " 'textual.widgets._markdown', 'textual.widgets._text_area', 'markdown_it') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_sparkline_puts_the_newest_value_at_the_right() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([1, 2], 4) == "  ▁█"
    assert sparkline([5, 5, 5], 3) == "▄▄▄"
    assert sparkline([], 3) == "   "
    assert sparkline(list(range(80)), 8) == "▁▂▃▄▅▆▇█"
