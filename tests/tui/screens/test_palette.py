"""The palette finds every trader, symbol and theme, and takes names for names."""

from __future__ import annotations

from tests.tui.peek import desk_screen
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.screens.palette import palette_entries


async def test_it_offers_what_is_on_the_desk_now(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        titles = {entry.title: entry for entry in palette_entries(desk_screen(app))}
        assert {"Trader: Rules", "Symbol: ETH", "Theme: contrast"} <= set(titles)
        titles["Trader: Rules"].run()
        titles["Symbol: ETH"].run()
        titles["Theme: contrast"].run()
        selection = desk_screen(app).selection
        assert (selection.trader_id, selection.symbol, app.theme) == (2, "ETH", "contrast")


async def test_what_is_typed_is_found_and_run(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p", *"rules")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert desk_screen(app).selection.trader_id == 2
