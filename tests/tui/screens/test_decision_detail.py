"""One decision on the screen: every side of it, searched and copied, asked again and compared."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot

from engine.errors import VaultLocked
from engine.model.decision import DecisionStatus
from engine.model.prompt_backtest import ReplayRequest
from tests.tui.peek import desk_screen, screen_lines
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_stories import PROMPT, REPLY
from tests.tui.waiting import settled, until
from tui.action import Context
from tui.actions import actions_in
from tui.app import DeskApp
from tui.screens.decision_detail import DecisionDetailScreen
from tui.screens.prompt_runs import PromptRunsScreen
from tui.screens.reading import ReadingScreen
from tui.screens.replay_form import ReplayForm
from tui.screens.replay_result import ReplayResultScreen

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


def shown(app: App[Any]) -> str:
    return "\n".join(screen_lines(app))


async def open_decision(pilot: Pilot[None], decision_id: str, *keys: str) -> DecisionDetailScreen:
    await pilot.pause()
    screen = DecisionDetailScreen(desk_screen(pilot.app).bridge, decision_id)
    await pilot.app.push_screen(screen)
    await settled(pilot)
    for key in keys:
        await pilot.press(key)
    await settled(pilot)
    return screen


async def test_every_action_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        screen = await open_decision(pilot, "d-2")
        bridge = desk_screen(app).bridge
        for place, context in (
            (screen, Context.DECISION),
            (ReplayResultScreen(bridge, "pbt-0002"), Context.AGAIN),
            (PromptRunsScreen(bridge), Context.PROMPT_RUNS),
        ):
            assert set(place.handlers) == {action.id for action in actions_in(context)}


@pytest.mark.parametrize(
    ("decision_id", "key", "words"),
    [
        ("d-2", "1", "[bold]ETH[/bold] [/foo] upgrade done"),
        ("d-2", "2", '"target_portion_of_balance": 1.0'),
        ("d-2", "3", "ETH trades above its 20-period average"),
        ("d-2", "4", "1,204, 300 cached"),
        ("d-2", "4", "repair of the reply"),
        ("d-2", "5", "No order"),
        ("d-2", "6", "cost of the model"),
        ("d-1", "1", "no prompt: no model was asked"),
        ("d-1", "5", "0.100 at 66,451.2, taker, fee 2.4920"),
        ("d-1", "6", "▼ -4.98 realized, fees taken off; some of what it opened is still held"),
    ],
)
async def test_each_tab_shows_its_side(app: DeskApp, decision_id: str, key: str, words: str) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, decision_id, key)
        assert words in shown(app)


async def test_a_refusal_says_where_and_why_on_every_tab(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2")
        for _ in range(6):
            assert "Refused by the checks of its orders: max_notional: 28,080.00 is above" in shown(app)
            await pilot.press("tab")


async def test_tabs_turn_round_and_are_a_click_away(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "shift+tab")
        assert "▸6 P&L" in shown(app)
        await pilot.press("tab")
        assert "▸1 Prompt" in shown(app)
        await pilot.click("#decision-tabs", offset=(14, 0))
        assert "▸2 Reply" in shown(app)


async def test_words_are_found_one_place_after_the_other(app: DeskApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_decision(pilot, "d-2", "slash", *"CLOSE 31", "enter")
        assert "1 of 39 found" in shown(app)
        await pilot.press("N")
        assert "39 of 39 found" in shown(app)
        assert "close 3138.40" in shown(app)
        await pilot.press("slash", "escape")
        assert isinstance(app.screen, ReadingScreen), "leaving the search leaves the decision open"
        assert "found" not in shown(app)


async def test_what_is_copied_is_exactly_what_was_recorded(app: DeskApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_decision(pilot, "d-2", "y")
        assert app.clipboard == PROMPT
        await pilot.press("2", "y")
        assert app.clipboard == REPLY


async def test_a_decision_under_way_is_read_again_until_it_is_made(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-3", "3")
        assert "under way" in shown(app)
        *others, last = desk.decision_list
        desk.decision_list = (*others, msgspec.structs.replace(last, status=DecisionStatus.HELD))
        await until(pilot, lambda: "· held" in shown(app))


async def test_a_decision_that_is_not_there_says_so(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-99", "e")
        assert "there is no d-99" in shown(app)
        assert "no prompt to change" in shown(app)


async def test_a_changed_prompt_is_asked_only_after_a_yes_and_compared(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "e")
        assert isinstance(app.screen, ReplayForm)
        await pilot.press(*"Wait.", "ctrl+o")
        await until(pilot, lambda: "about 0.0031 USD" in shown(app))
        assert "5.0000 USD" in shown(app)
        assert "Nothing trades" in shown(app)
        await pilot.press("enter")
        assert not [call for call in desk.calls if call[0] == "start_replay"], "Enter alone is no yes"
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Nothing trades" in shown(app))
        await pilot.press("y")
        await until(pilot, lambda: "buy → hold" in shown(app))
        (request,) = [call[1] for call in desk.calls if call[0] == "start_replay"]
        assert isinstance(request, ReplayRequest)
        assert (request.decision_ids, request.connection_id, request.model) == (("d-2",), 1, "gpt-5-mini")
        assert request.text == "Wait." + PROMPT
        row = next(line for line in screen_lines(app) if "≠ operation" in line)
        assert row.index("buy") < row.index("hold")
        assert "+Wait.You trade ETH" in shown(app)
        assert "Then it came to ▼ -41.20" in shown(app)
        await pilot.press("escape")
        assert isinstance(app.screen, DecisionDetailScreen)


async def test_what_the_desk_refuses_leaves_the_changed_prompt_open(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "e")
        desk.failure = VaultLocked("the vault is locked: unlock it first")
        await pilot.press(*"Wait.", "ctrl+o")
        await until(pilot, lambda: "Nothing trades" in shown(app))
        await pilot.press("y")
        await until(pilot, lambda: "the vault is locked" in shown(app))
        assert isinstance(app.screen, ReplayForm)
        assert "Wait.You trade ETH" in shown(app)


async def test_a_changed_prompt_is_left_only_by_a_second_escape(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "e", *"Wait.", "escape")
        assert isinstance(app.screen, ReplayForm)
        assert "Esc again leaves it unsaved" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DecisionDetailScreen))


async def test_without_a_model_nothing_is_asked(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "e", "shift+tab", "shift+tab", *["backspace"] * 10, "ctrl+o")
        assert "say the name of the model" in shown(app)


async def test_the_list_of_runs_opens_a_replay_and_deletes_after_a_yes(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_decision(pilot, "d-2", "b")
        assert "max_usd: 5 USD are spent" in shown(app)
        await pilot.press("j", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ReplayResultScreen)
        await pilot.press("escape", "D", "enter")
        assert not [call for call in desk.calls if call[0] == "delete_prompt_run"]
        await pilot.press("D", "y")
        await settled(pilot)
        assert ("delete_prompt_run", "pbt-0002") in desk.calls
        assert "pbt-0002 is deleted" in shown(app)


async def test_the_prompts_screen_lists_the_runs_too(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("f7", "R")
        await until(pilot, lambda: isinstance(app.screen, PromptRunsScreen))
        assert "pbt-0003" in shown(app)
