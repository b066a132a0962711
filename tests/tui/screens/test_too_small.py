"""A terminal too small to show an order does not trade."""

from __future__ import annotations

import pytest

from tests.tui.peek import screen_lines
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.screens.desk import DeskScreen
from tui.screens.ticket import TicketScreen
from tui.screens.too_small import TooSmallScreen


@pytest.mark.parametrize("size", [(59, 24), (80, 19), (20, 5)])
async def test_it_says_what_it_needs_and_no_key_acts(
    app: DeskApp, desk: RecordedDesk, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert any("terminal too small" in line for line in screen_lines(app))
        await pilot.press("t", "K", "y", "b", "1", "enter", "enter")
        await pilot.pause()
        assert desk.calls == []
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(app.screen, DeskScreen)


async def test_a_ticket_comes_back_as_it_was(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b", "7")
        await pilot.resize_terminal(50, 10)
        await pilot.pause()
        assert isinstance(app.screen, TooSmallScreen)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(app.screen, TicketScreen)
        assert app.screen.values.quantity == "7"


async def test_q_still_ends_the_desk(app: DeskApp) -> None:
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0
