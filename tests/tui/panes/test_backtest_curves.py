"""Curves of a run: true to their values, on one time, in exactly the cells there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.panes.backtest_curves import CurvePicture, draw_curves
from tui.widgets.chart_raster import ChartSeries

DAY_MS = 86_400_000
START_MS = 1_772_323_200_000


def series(label: str, *values: float, role: str = "series-1") -> ChartSeries:
    return ChartSeries(label, tuple(START_MS + place * DAY_MS for place in range(len(values))), values, role)


def lines(picture: CurvePicture, width: int = 60, height: int = 16) -> list[str]:
    return [
        "".join(span.text for span in row) for row in draw_curves(picture, width, height, empty_text="none")
    ]


def test_a_rising_curve_rises_from_left_to_right() -> None:
    drawn = lines(CurvePicture((series("equity", 100, 110, 120, 130, 140),)))
    marks = [
        next((y for y, line in enumerate(drawn[:-1]) if "⠀" < line[x] <= "⣿"), None) for x in (1, 25, 48)
    ]
    assert None not in marks
    assert marks == sorted(marks, key=lambda y: -(y or 0))
    assert len(set(marks)) == 3


def test_a_fall_hangs_from_zero_as_an_area_as_deep_as_it_was() -> None:
    curve, fall = series("equity", 100, 90, 90, 100), series("drawdown", 0, -10, -10, 0, role="loss")
    drawn = lines(CurvePicture((curve,), (fall,)))
    assert any("0%" in line for line in drawn)
    assert any("-10%" in line for line in drawn)
    deep = [line for line in drawn if line.count("⣿") > 5]
    assert len(deep) >= 2, "the middle of the run is filled down to its depth"


def test_a_curve_that_never_moves_is_drawn_all_the_same() -> None:
    drawn = lines(CurvePicture((series("equity", 100, 100, 100),), (series("drawdown", 0, 0, 0),)))
    assert any(character > "⠀" for line in drawn[:8] for character in line if character <= "⣿")


def test_one_point_is_enough() -> None:
    assert len(lines(CurvePicture((series("equity", 100),), (series("drawdown", 0),)))) == 16


def test_a_low_chart_leaves_the_falls_out() -> None:
    picture = CurvePicture((series("equity", 100, 101),), (series("drawdown", 0, -1),))
    assert not any("%" in line for line in lines(picture, height=7))


def test_nothing_and_no_room_are_said() -> None:
    assert "none" in "".join(lines(CurvePicture()))
    assert "no room" in "".join(lines(CurvePicture((series("equity", 1, 2),)), 12, 4))


@given(
    st.lists(st.floats(0.01, 1e7) | st.just(float("nan")), min_size=1, max_size=40),
    st.integers(1, 160),
    st.integers(1, 50),
    st.booleans(),
)
def test_every_line_is_exactly_as_wide_as_asked(
    values: list[float], width: int, height: int, has_falls: bool
) -> None:
    falls = (series("drawdown", *(-(value % 100) for value in values)),) if has_falls else ()
    drawn = lines(CurvePicture((series("equity", *values),), falls), width, height)
    assert len(drawn) == height
    assert all(cell_len(line) == width for line in drawn)
