"""The help breaks its lines for the room it has."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.widgets import Static

from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.screens.help import help_text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_line_of_the_help_is_broken_twice(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("question_mark")
        await settled(pilot)
        shown = app.screen.query_one("#help-text", Static)
        lines = help_text(app, shown.size.width).plain.split("\n")
        assert max(cell_len(line) for line in lines) <= shown.size.width
        assert shown.size.height == len(lines)
