"""The table shows the rows it was given last, and paints only what differs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region
from textual.message import Message

from tests.tui.widgets.painted import BareApp, lines_of, record_repaints
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import COLUMN_GAP, Column, place_columns

COLUMNS = (
    Column("symbol", "Symbol", 8),
    Column("bid", "Bid", 10, align="right"),
    Column("ask", "Ask", 10, align="right", priority=1),
)


class TableApp(BareApp):
    def __init__(self, table: LiveTable) -> None:
        super().__init__(table)
        self.seen: list[tuple[str, str | None]] = []

    def on_live_table_row_highlighted(self, message: LiveTable.RowHighlighted) -> None:
        self.seen.append(("highlighted", message.key))

    def on_live_table_row_selected(self, message: LiveTable.RowSelected) -> None:
        self.seen.append(("selected", message.key))


def rows(*bids: int) -> list[Row]:
    return [
        Row(f"K{number}", (Cell(f"K{number}"), Cell(str(bid), "bid"), Cell("0", "ask")))
        for number, bid in enumerate(bids)
    ]


async def test_rows_appear_under_their_titles_aligned_as_their_columns() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)):
        table.show(rows(101, 7))
        assert lines_of(table)[:3] == [
            "Symbol          Bid        Ask",
            "K0              101          0",
            "K1                7          0",
        ]


async def test_one_changed_cell_repaints_that_cell_alone() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)):
        table.show(rows(1, 2, 3))
        repainted = record_repaints(table)
        table.show(rows(1, 5, 3))
        assert repainted == [Region(9, 2, 10, 1)]


async def test_equal_rows_cost_nothing() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)):
        table.show(rows(1, 2, 3))
        repainted = record_repaints(table)
        table.show(rows(1, 2, 3))
        assert not repainted


async def test_rows_outside_the_window_cost_nothing() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(rows(*range(50)))
        await pilot.pause()
        repainted = record_repaints(table)
        table.show(rows(*range(49), 99))
        assert not repainted


async def test_the_cursor_stays_on_its_row_when_rows_move() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 8)) as pilot:
        table.show(rows(1, 2, 3))
        await pilot.press("j")
        assert table.cursor_key == "K1"
        app.seen.clear()
        table.show(list(reversed(rows(1, 2, 3, 4))))
        await pilot.pause()
        assert table.cursor_key == "K1"
        assert not app.seen


async def test_a_row_that_vanishes_leaves_the_cursor_where_it_stood() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 8)) as pilot:
        table.show(rows(1, 2, 3))
        await pilot.press("G")
        table.show(rows(1, 2))
        await pilot.pause()
        assert table.cursor_key == "K1"
        table.show([])
        await pilot.pause()
        assert table.cursor_key is None
        assert app.seen[-2:] == [("highlighted", "K1"), ("highlighted", None)]


async def test_every_row_can_be_reached_by_keyboard() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(rows(*range(30)))
        await pilot.pause()
        for key, expected in (
            ("G", "K29"),
            ("up", "K28"),
            ("home", "K0"),
            ("pagedown", "K4"),
            ("pageup", "K0"),
            ("k", "K0"),
        ):
            await pilot.press(key)
            assert table.cursor_key == expected
        await pilot.press("end", "enter")
        assert app.seen[-1] == ("selected", "K29")
        assert any(line.startswith("K29") for line in lines_of(table))


async def test_a_click_moves_the_cursor_and_a_second_one_selects() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 8)) as pilot:
        table.show(rows(1, 2, 3))
        await pilot.click(table, offset=(3, 3))
        assert table.cursor_key == "K2"
        await pilot.click(table, offset=(3, 3))
        assert app.seen[-1] == ("selected", "K2")
        await pilot.click(table, offset=(3, 0))
        await pilot.click(table, offset=(3, 7))
        assert table.cursor_key == "K2"


async def test_an_empty_table_says_why() -> None:
    app = TableApp(table := LiveTable(COLUMNS, empty_text="no positions"))
    async with app.run_test(size=(40, 8)):
        assert any("no positions" in line for line in lines_of(table))


async def test_text_is_never_read_as_markup() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)):
        table.show([Row("k", (Cell("[b]x[/b]"), Cell("1"), Cell("2")))])
        assert lines_of(table)[1].startswith("[b]x[/b]")


async def test_two_rows_with_one_key_are_refused() -> None:
    app = TableApp(table := LiveTable(COLUMNS))
    async with app.run_test(size=(40, 6)):
        with pytest.raises(ValueError, match="same key"):
            table.show([*rows(1), *rows(2)])


def test_messages_know_their_table() -> None:
    table = LiveTable(COLUMNS)
    messages: list[Message] = [LiveTable.RowHighlighted(table, None), LiveTable.RowSelected(table, "k")]
    assert all(message.control is table for message in messages)


def test_a_narrow_table_drops_the_column_that_matters_least() -> None:
    assert [placed.column for placed in place_columns(COLUMNS, 30)] == [0, 1, 2]
    assert [placed.column for placed in place_columns(COLUMNS, 29)] == [0, 1]


def test_spare_width_goes_to_the_columns_with_weight() -> None:
    columns = (Column("a", "A", 5, weight=1), Column("b", "B", 5), Column("c", "C", 5, weight=3))
    assert [placed.width for placed in place_columns(columns, 37)] == [10, 5, 20]


@given(
    st.lists(
        st.builds(
            Column,
            st.just("k"),
            st.just("T"),
            st.integers(1, 12),
            st.integers(0, 3),
            priority=st.integers(0, 3),
        ),
        max_size=8,
    ),
    st.integers(0, 120),
)
def test_columns_never_overlap_nor_leave_the_table(columns: list[Column], width: int) -> None:
    placed = place_columns(columns, width)
    for one, next_one in pairwise(placed):
        assert one.x + one.width + COLUMN_GAP == next_one.x
    assert all(column.x + column.width <= width for column in placed)
