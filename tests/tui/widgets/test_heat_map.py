"""Heat maps: every value in its place, readable without colours, never wider than asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.heat_map import SHADES, HeatMap, draw_heat_map

HEAT = HeatMap(
    x_name="oversold",
    y_name="portion",
    xs=("20", "25", "30"),
    ys=("0.25", "0.5"),
    values=((-1.2, 0.4, 1.1), (None, 0.8, 2.3)),
    best=(1, 2),
)


def lines(heat: HeatMap | None, width: int, height: int) -> list[str]:
    return [
        "".join(span.text for span in row) for row in draw_heat_map(heat, width, height, empty_text="empty")
    ]


def test_each_value_stands_under_its_column_and_beside_its_row() -> None:
    drawn = lines(HEAT, 60, 9)
    header = next(line for line in drawn if "25" in line and "30" in line)
    row = next(line for line in drawn if line.strip().startswith("0.25"))
    assert abs(header.index("25") - row.index("0.40")) <= 2
    assert abs(header.index("30") - row.index("1.10")) <= 2


def test_without_colours_the_best_the_lowest_and_the_missing_can_be_told_apart() -> None:
    drawn = "\n".join(lines(HEAT, 60, 9))
    assert "[2.30]" in drawn
    assert SHADES[-1] * 3 in drawn
    assert "–" in drawn
    assert "-1.20 ·░▒▓█ 2.30 · [ ] best" in drawn


def test_gains_and_losses_have_their_roles() -> None:
    roles = {span.role for row in draw_heat_map(HEAT, 60, 9) for span in row}
    assert {"gain", "loss", "accent"} <= roles


def test_a_map_too_large_keeps_the_best_in_view_and_says_so() -> None:
    count = 50
    values = tuple(tuple(float(x + y) for x in range(count)) for y in range(count))
    names = tuple(f"{value}" for value in range(count))
    heat = HeatMap("a", "b", names, names, values, best=(49, 49))
    drawn = lines(heat, 30, 12)
    assert drawn[-2].strip().startswith("49")
    assert "◆" in drawn[-2]
    assert "9 of 50 rows" in "\n".join(lines(heat, 80, 12))


def test_without_values_it_says_why() -> None:
    assert "empty" in "\n".join(lines(None, 40, 5))
    nothing = HeatMap("a", "b", ("1",), ("1",), ((None,),))
    assert "empty" in "\n".join(lines(nothing, 40, 5))


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 100),
    st.integers(1, 40),
    st.data(),
)
def test_every_line_is_exactly_as_wide_as_asked(
    columns: int, rows: int, width: int, height: int, data: st.DataObject
) -> None:
    number = st.none() | st.floats(-1e4, 1e4) | st.just(float("nan"))
    values = tuple(
        tuple(data.draw(st.lists(number, min_size=columns, max_size=columns))) for _ in range(rows)
    )
    heat = HeatMap(
        "fast", "slow", tuple(map(str, range(columns))), tuple(map(str, range(rows))), values, (0, 0)
    )
    drawn = lines(heat, width, height)
    assert len(drawn) == height
    assert all(cell_len(line) == width for line in drawn)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_values_without_end_are_as_if_missing(value: float) -> None:
    heat = HeatMap("a", "b", ("1", "2"), ("1",), ((value, 1.0),))
    assert "–" in "\n".join(lines(heat, 40, 6))
