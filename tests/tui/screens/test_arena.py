"""The arena screen: who stands where, on one chart, and what profit is told apart by."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from engine.model.arena import Dimension
from tests.tui.peek import screen_lines
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.action import Context, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.screens.arena import ArenaActions, ArenaScreen, arrange_arena

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


def arena_screen(app: App[Any]) -> ArenaScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, ArenaScreen))


def shown(app: App[Any]) -> str:
    return "\n".join(screen_lines(app))


async def open_arena(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("f10", *keys)
    await settled(pilot)


@pytest.mark.parametrize("size", [SMALL, (110, 30), MEDIUM, LARGE, (300, 90)])
def test_every_cell_belongs_to_exactly_one_pane(size: tuple[int, int]) -> None:
    regions = list(arrange_arena(Size(*size), Context.ATTRIBUTION, None).values())
    assert sum(region.area for region in regions) == size[0] * size[1]
    for place, region in enumerate(regions):
        assert not any(region.overlaps(other) for other in regions[place + 1 :])


async def test_every_action_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await open_arena(pilot)
        handled = set(ArenaActions(arena_screen(app)).handlers)
        for action in actions_in(*contexts_of(Context.ARENA_DESK)):
            assert action.context is Context.TABLES or action.id in handled, action.id


async def test_traders_stand_in_order_with_their_figures(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_arena(pilot)
        lines = [line for line in screen_lines(app) if "Momentum" in line or "Rules" in line]
        rows = [line for line in lines if "[/foo]" in line]
        for row, figures in zip(
            rows, (("Momentum", "▲ +4.12%", "gpt-5-mini"), ("Rules", "▼ -0.15%")), strict=True
        ):
            assert all(figure in row for figure in figures), row


async def test_brackets_turn_through_the_dimensions(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_arena(pilot)
        assert "strategy [/foo]" in shown(app)
        await pilot.press("left_square_bracket")
        await settled(pilot)
        assert "model [/foo]" in shown(app)
        assert "strategy [/foo]" not in shown(app)
        asked = [call[1] for call in desk.calls if call[0] == "attribution"]
        assert asked == [Dimension.STRATEGY, Dimension.MODEL]


async def test_one_trader_is_attributed_alone_and_all_again(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_arena(pilot, "o")
        await pilot.press("o")
        await settled(pilot)
        assert [call[2] for call in desk.calls if call[0] == "attribution"][-2:] == [2, None]


async def test_attribution_is_not_read_while_out_of_view(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_arena(pilot)
        assert not [call for call in desk.calls if call[0] == "attribution"]
        await pilot.press("3")
        await settled(pilot)
        assert "strategy [/foo]" in shown(app)


async def test_enter_selects_the_trader_for_the_whole_desk(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_arena(pilot, "j", "enter")
        assert arena_screen(app).selection.trader_id == 1
