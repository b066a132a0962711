"""What commands and keys do, on the desk and on the screen."""

from __future__ import annotations

import pytest

from engine.errors import NotFound
from engine.model.event import Alert, ReplayState, Severity, Topic
from engine.settings import MAX_SPEED, MIN_SPEED
from tests.tui.peek import desk_screen, notices
from tests.tui.recorded_books import NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.commands import (
    Command,
    Flatten,
    PauseReplay,
    PauseTrader,
    ResumeReplay,
    SelectTrader,
    SetTheme,
)
from tui.screens.desk_actions import DeskActions
from tui.view import SPANS


@pytest.mark.parametrize(
    ("command", "call"),
    [
        (PauseReplay(), ("set_replay", None, True)),
        (ResumeReplay(), ("set_replay", None, False)),
        (PauseTrader("Rules"), ("pause_trader", 2)),
    ],
)
async def test_a_harmless_command_reaches_the_desk(
    app: DeskApp, desk: RecordedDesk, command: Command, call: tuple[object, ...]
) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        await DeskActions(desk_screen(app)).run_command(command)
        await pilot.pause()
        assert desk.calls == [call]


async def test_commands_about_the_screen_stay_there(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        actions = DeskActions(desk_screen(app))
        await actions.run_command(SelectTrader("Reversion"))
        await actions.run_command(SetTheme("day"))
        assert desk_screen(app).selection.trader_id == 1
        assert not desk_screen(app).selection.all_traders
        assert app.theme == "day"
        assert desk.calls == []


async def test_a_risky_command_is_never_run_without_its_proposal(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        with pytest.raises(TypeError, match="needs a proposal"):
            await DeskActions(desk_screen(app)).run_command(Flatten())


async def test_a_trader_that_has_left_is_not_found(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        with pytest.raises(NotFound, match="no Nobody any more"):
            await DeskActions(desk_screen(app)).run_command(PauseTrader("Nobody"))


@pytest.mark.parametrize(("key", "bound"), [("plus", MAX_SPEED), ("minus", MIN_SPEED)])
async def test_speed_stays_within_what_the_engine_allows(
    app: DeskApp, desk: RecordedDesk, key: str, bound: float
) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        for _ in range(12):
            await pilot.press(key)
            await pilot.pause()
        assert desk.status.speed == bound


async def test_the_span_stops_at_both_ends(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("left_square_bracket")
        assert desk_screen(app).selection.span is SPANS[0]
        await pilot.press(*["right_square_bracket"] * 9)
        await pilot.pause()
        assert desk_screen(app).selection.span is SPANS[-1]


async def test_one_key_of_the_kill_switch_is_one_notice(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("K", "y")
        await pilot.pause()
        desk.publish(Topic.ALERTS, Alert(Severity.ERROR, "kill switch engaged", NOW_MS))
        desk_screen(app).paint_tick()
        assert notices(app) == ["kill switch engaged"]


async def test_space_pauses_and_goes_on(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test() as pilot:
        states: list[ReplayState] = []
        for _ in range(2):
            await pilot.press("space")
            await pilot.pause()
            states.append(desk.status.replay)
        assert states == [ReplayState.PAUSED, ReplayState.RUNNING]
