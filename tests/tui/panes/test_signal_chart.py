"""The marked price line: inside its cells, its marks in the column of their time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.widgets.painted import BareApp, lines_of, record_repaints
from tui.panes.signal_chart import MARK, MarkedChart, MarkedLine, draw_marked_line

HOUR_MS = 3_600_000
START_MS = 1_772_323_200_000


def line_of(prices: list[float], marks: tuple[int, ...] = ()) -> MarkedLine:
    points = tuple((START_MS + hour * HOUR_MS, price) for hour, price in enumerate(prices))
    return MarkedLine(START_MS, START_MS + max(1, len(prices) - 1) * HOUR_MS, points, marks)


def texts(line: MarkedLine, width: int, height: int) -> list[str]:
    return ["".join(span.text for span in row) for row in draw_marked_line(line, width, height)]


@given(
    st.lists(st.floats(0.01, 1e9), max_size=60),
    st.lists(st.integers(START_MS - HOUR_MS, START_MS + 90 * HOUR_MS), max_size=20),
    st.integers(1, 150),
    st.integers(1, 40),
)
def test_a_drawing_fills_exactly_its_cells(
    prices: list[float], marks: list[int], width: int, height: int
) -> None:
    rows = texts(line_of(prices, tuple(marks)), width, height)
    assert len(rows) == height
    assert {cell_len(row) for row in rows} == {width}


def test_a_mark_stands_below_its_time_and_a_crowd_is_counted() -> None:
    prices = [100.0 + hour for hour in range(49)]
    first, last = START_MS, START_MS + 48 * HOUR_MS
    rows = texts(line_of(prices, (first, last, last - 1, last - 2)), 80, 10)
    gutter = len(rows[0]) - len(rows[0].lstrip("0123456789 "))
    marks = rows[-2]
    assert marks.index(MARK) <= gutter + 1
    assert marks.rstrip().endswith("3")
    assert len(marks.rstrip()) == 80


def test_a_rising_price_is_drawn_from_the_lower_left_to_the_upper_right() -> None:
    rows = texts(line_of([float(hour) for hour in range(100)]), 60, 12)
    assert rows[0].rstrip()[-1] > "\u2800"
    lowest = next(row for row in reversed(rows[:-2]) if any(mark > "\u2800" for mark in row))
    assert next(x for x, mark in enumerate(lowest) if mark > "\u2800") < 10


def test_without_prices_it_says_so() -> None:
    assert any("no prices on record" in row for row in texts(line_of([]), 60, 8))


async def test_an_equal_line_repaints_nothing_and_a_new_mark_only_its_row() -> None:
    chart = MarkedChart()
    prices = [100.0 + (hour % 7) for hour in range(49)]
    app = BareApp(chart)
    async with app.run_test(size=(80, 12)) as pilot:
        chart.show(line_of(prices))
        await pilot.pause()
        repainted = record_repaints(chart)
        chart.show(line_of(prices))
        assert repainted == []
        chart.show(line_of(prices, (START_MS,)))
        assert [region.y for region in repainted] == [chart.size.height - 2]
        assert MARK in lines_of(chart)[-2]
