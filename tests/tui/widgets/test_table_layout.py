"""Which columns a table shows, and that it never shows half a number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.widgets.painted import BareApp, lines_of
from tui.panes.orders import HISTORY_COLUMNS, OPEN_COLUMNS
from tui.panes.positions import COLUMNS as POSITION_COLUMNS
from tui.panes.traders import COLUMNS as TRADER_COLUMNS
from tui.panes.watchlist import COLUMNS as WATCH_COLUMNS
from tui.widgets.live_table import Cell, LiveTable, Row
from tui.widgets.table_layout import Column, place_columns

ALL = (OPEN_COLUMNS, HISTORY_COLUMNS, POSITION_COLUMNS, TRADER_COLUMNS, WATCH_COLUMNS)


@pytest.mark.parametrize("columns", ALL)
def test_on_the_smallest_terminal_every_column_that_is_shown_has_its_width(
    columns: tuple[Column, ...],
) -> None:
    for placed in place_columns(columns, 60 - 4):
        assert placed.width >= columns[placed.column].width


def test_of_what_does_not_fit_the_lowest_priorities_stay() -> None:
    columns = (Column("a", "a", 4), Column("b", "b", 9, priority=1), Column("c", "c", 3, priority=2))
    assert [placed.column for placed in place_columns(columns, 18)] == [0, 1, 2]
    assert [placed.column for placed in place_columns(columns, 17)] == [0, 1]
    # A narrower column of lower rank still takes the room a wider one cannot use.
    assert [placed.column for placed in place_columns(columns, 10)] == [0, 2]


@given(st.integers(0, 10**15), st.integers(20, 60))
async def test_a_number_is_whole_or_not_there(number: int, width: int) -> None:
    text = f"{number:,}.25"
    table = LiveTable([Column("name", "name", 6), Column("value", "value", 6, align="right", priority=1)])
    async with BareApp(table).run_test(size=(width, 6)) as pilot:
        table.show([Row("a", (Cell("a name"), Cell(text)))])
        await pilot.pause()
        digits = "".join(re.findall(r"[0-9.,]+", lines_of(table)[1]))
        assert digits in (text, "")


async def test_a_column_that_has_grown_stays_so_wide() -> None:
    table = LiveTable([Column("value", "value", 4, align="right"), Column("b", "b", 2)])
    async with BareApp(table).run_test(size=(30, 6)) as pilot:
        for text in ("1,234,567", "1"):
            table.show([Row("a", (Cell(text), Cell("x")))])
            await pilot.pause()
            assert lines_of(table)[1] == f"{text:>9} x"
