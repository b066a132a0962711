"""The programs screen: what each key does, what the editor keeps, and what the panes say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from engine.errors import StrategyFailed
from engine.model.program import Parameter, ProgramRun
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled, until
from tui.action import WORKSPACES, Context, Risk, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.panes.notices import Notices
from tui.panes.program_outline_view import OutlineView
from tui.panes.program_test import TestPane
from tui.screens.confirm import ConfirmScreen
from tui.screens.program_guide import GuideScreen
from tui.screens.program_layout import arrange_programs
from tui.screens.program_outline_screen import OutlineScreen
from tui.screens.program_screen_actions import ProgramActions
from tui.screens.programs import ProgramsScreen
from tui.widgets.live_table import LiveTable

MEDIUM = (120, 40)


def programs_screen(app: App[Any]) -> ProgramsScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, ProgramsScreen))


def changes(desk: RecordedDesk) -> list[tuple[object, ...]]:
    """Return what was asked of the desk besides trying things out."""
    return [call for call in desk.calls if call[0] not in ("test_run", "preview_run")]


def notices(app: DeskApp) -> list[str]:
    return programs_screen(app).query_one(Notices).messages


def shown(app: App[Any]) -> str:
    return "\n".join(screen_lines(app))


def outline(app: App[Any]) -> str:
    """Return the open lines of the outline of the screen in front."""
    return app.screen.query_one(OutlineView).text


async def open_programs(pilot: Pilot[None], *keys: str) -> None:
    """Open the screen, let it read what takes a while, and press keys."""
    await pilot.press("A")
    await settled(pilot)
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (109, 50), (110, 30), MEDIUM, (170, 44), (200, 60), (300, 90)])
@pytest.mark.parametrize("zoomed", [None, Context.EDITOR])
def test_every_cell_belongs_to_exactly_one_pane(size: tuple[int, int], zoomed: Context | None) -> None:
    regions = list(arrange_programs(Size(*size), Context.BINDINGS, zoomed).values())
    assert sum(region.area for region in regions) == size[0] * size[1]
    for place, region in enumerate(regions):
        assert not any(region.overlaps(other) for other in regions[place + 1 :])


@pytest.mark.parametrize("size", [(110, 30), MEDIUM, (200, 60)])
def test_larger_terminals_show_every_pane(size: tuple[int, int]) -> None:
    regions = arrange_programs(Size(*size), Context.PROGRAMS, None)
    assert set(regions) == {context.value for context in WORKSPACES[Context.PROGRAM_DESK]}
    assert all(region.height >= 6 for region in regions.values())


async def test_every_action_of_the_screen_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await open_programs(pilot)
        handled = set(ProgramActions(programs_screen(app)).handlers)
        for action in actions_in(*contexts_of(Context.PROGRAM_DESK)):
            assert action.context is Context.TABLES or action.id in handled, action.id


async def test_f5_opens_it_and_digits_bring_up_each_pane_on_a_small_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f5")
        await settled(pilot)
        for digit, title in enumerate(
            ("Programs", "RSI reversion v3", "Test run", "Bindings", "Executions"), 1
        ):
            await pilot.press(str(digit))
            await pilot.pause()
            assert any(f"{digit} {title}" in line and "─" in line for line in screen_lines(app)), title
            await pilot.press("escape")
            await pilot.pause()


async def test_the_list_says_how_every_program_does(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_programs(pilot)
        rows = programs_screen(app).pane(Context.PROGRAMS).query_one(LiveTable).rows
        assert [row.cells[0].text for row in rows] == ["● active", "✗ error", "– unbound", "· off"]
        assert [row.cells[3].text for row in rows] == ["class", "def run", "fn run", "class"]
        assert rows[0].cells[6].text == "1,204"


async def test_a_test_shows_the_decision_and_on_what_it_was_made(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_programs(pilot, "y")
        await settled(pilot)
        assert ("test_run", 3, "BTC", {"oversold": 28, "side": "long"}) in desk.calls
        text = programs_screen(app).query_one(TestPane).query_one(OutlineView).text
        assert text.splitlines()[0].strip() == "✓ buy BTC 25% 2×"
        assert "decided in 2.3 ms, 3 reads, nothing was traded" in text
        assert 'get_indicator("BTC", "RSI14", "15m")' in text
        await pilot.press("n", "}")
        await settled(pilot)
        assert "next as Reversion on ETH" in shown(app)


async def test_a_test_that_fails_marks_its_line_until_something_is_written(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "j", "2", "ctrl+r")
        await settled(pilot)
        screen = programs_screen(app)
        assert screen.editor.code.marked == {5: "danger"}
        assert "line 5: ZeroDivisionError" in shown(app)
        assert "Check the divisor before you divide" in shown(app)
        await pilot.press("#", "enter")
        await settled(pilot)
        assert screen.editor.code.marked == {}
        assert "older text" in shown(app)


async def test_a_test_that_takes_long_holds_up_no_key(app: DeskApp, desk: RecordedDesk) -> None:
    answer = asyncio.Event()

    async def slow(
        source: str, trader_id: int, symbol: str = "", params: Mapping[str, Parameter] = {}
    ) -> ProgramRun:
        await answer.wait()
        raise StrategyFailed("the program ran for more than 5 s", field="seconds")

    desk.programs.test_run = slow  # type: ignore[method-assign]  # one command that takes long
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "y", "j")
        assert "running …" in shown(app)
        assert programs_screen(app).editor.text.startswith("def run(ctx)")
        answer.set()
        await settled(pilot)
        assert "the program ran for more than 5 s" in shown(app)


async def test_on_a_small_terminal_a_test_comes_into_view(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_programs(pilot, "y")
        await settled(pilot)
        assert "✓ buy BTC 25% 2×" in shown(app)


async def test_the_guide_opens_from_the_list_and_from_the_editor(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "i")
        await settled(pilot)
        assert isinstance(app.screen, GuideScreen)
        assert "A program is Python that decides" in shown(app)
        await pilot.press("escape", "2", "ctrl+g")
        await settled(pilot)
        assert isinstance(app.screen, GuideScreen)


async def test_a_binding_in_error_shows_its_traceback_and_enter_all_of_it(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_programs(pilot, "4", "j")
        assert "ZeroDivisionError: division by zero" in shown(app)
        assert 'File "program.py", line 5, in run' in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, OutlineScreen)
        assert "31, 1 of them failed" in outline(app)


async def test_a_preview_shows_what_the_next_trigger_would_do(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "4", "y")
        await settled(pilot)
        assert isinstance(app.screen, OutlineScreen)
        assert ("preview_run", 1) in desk.calls
        assert "✓ buy BTC 25% 2×" in outline(app)
        await pilot.press("r")
        await settled(pilot)
        assert desk.calls.count(("preview_run", 1)) == 2


async def test_an_execution_opens_with_its_whole_context(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_programs(pilot, "5", "j", "enter")
        text = outline(app)
        for words in (
            "bought 0.150 BTC at 67,012.40",
            "oversold=25, side=long",
            "o-0, o-1",
            "total_equity  10204.51",
        ):
            assert words in text, words
        assert "entry_price" not in text.replace('"entry_price"', "")
        await pilot.press("escape", "j", "enter")
        await pilot.pause()
        assert "✗ line 5: ZeroDivisionError: division by zero" in outline(app)


async def test_the_log_is_read_again_only_when_a_binding_has_run(app: DeskApp, desk: RecordedDesk) -> None:
    asked: list[int] = []
    executions = desk.programs.executions

    async def noted(
        *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[Any, ...]:
        asked.append(limit)
        return await executions(limit=limit)

    desk.programs.executions = noted  # type: ignore[method-assign]  # how often it is asked
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot)
        for _ in range(3):
            programs_screen(app).paint_tick()
        await settled(pilot)
        assert len(asked) == 1
        first, *rest = desk.programs.binding_list
        desk.programs.binding_list = (msgspec.structs.replace(first, runs=first.runs + 1), *rest)
        programs_screen(app).paint_tick()
        await settled(pilot)
        assert len(asked) == 2


async def test_o_narrows_the_log_to_the_program_under_the_cursor(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "j", "5", "o")
        table = programs_screen(app).pane(Context.EXECUTIONS).query_one(LiveTable)
        assert [row.key for row in table.rows] == ["d-92"]
        await pilot.press("o")
        await pilot.pause()
        assert len(table.rows) == 4


async def test_v_switches_a_program_and_a_binding_off_and_on(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "v")
        await settled(pilot)
        assert desk.programs.program_list[0].enabled is False
        await pilot.press("v", "4", "v")
        await settled(pilot)
        assert desk.programs.program_list[0].enabled is True
        assert desk.programs.binding_list[0].binding.active is False
        assert notices(app)[-1] == "RSI reversion by Reversion is paused"


async def test_deleting_says_who_runs_it_and_shows_the_refusal(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "D")
        assert isinstance(app.screen, ConfirmScreen)
        assert text_of(app, ".sentence") == "Delete the program RSI reversion with its 3 versions."
        assert text_of(app, ".warning") == "Run by Reversion: delete their bindings first."
        await pilot.press("y")
        await settled(pilot)
        assert notices(app) == ["program: Reversion runs it"]
        await pilot.press("4", "D", "y")
        await settled(pilot)
        assert [state.binding.binding_id for state in desk.programs.binding_list] == [2, 3]


async def test_every_risky_action_asks_first(app: DeskApp, desk: RecordedDesk) -> None:
    digits = {context: str(place) for place, context in enumerate(WORKSPACES[Context.PROGRAM_DESK], start=1)}
    for action in actions_in(*WORKSPACES[Context.PROGRAM_DESK]):
        if action.risk is Risk.FREE:
            continue
        desk = RecordedDesk()
        app = DeskApp(desk, app.settings)
        async with app.run_test(size=MEDIUM) as pilot:
            await open_programs(pilot, digits[action.context], action.keys[0])
            assert changes(desk) == [], action.id
            assert app.screen is not programs_screen(app), action.id
            if action.risk is Risk.CONFIRM:
                await pilot.press("enter")
                await pilot.pause()
                assert changes(desk) == [], f"{action.id}: Enter alone must not confirm"


async def test_an_empty_desk_says_what_to_do(app: DeskApp, desk: RecordedDesk) -> None:
    programs = desk.programs
    programs.program_list, programs.binding_list, programs.execution_list = (), (), ()
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "y", "4", "y", "N")
        assert notices(app) == [
            "no program to test",
            "no binding under the cursor",
            "write a program first: N in the list starts one",
        ]
        for words in (
            "N starts one from a template",
            "no program yet: N in the list starts one",
            "N binds one",
            "nothing has run yet",
            "runs it once",
        ):
            assert words in shown(app), words


async def test_a_fault_of_the_engine_is_told_and_takes_nothing_with_it(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async def broken(*_: object) -> ProgramRun:
        raise RuntimeError("wires crossed")

    desk.programs.test_run = broken  # type: ignore[assignment]  # an engine fault
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "y")
        await until(pilot, lambda: "unexpected RuntimeError: wires crossed" in shown(app))
