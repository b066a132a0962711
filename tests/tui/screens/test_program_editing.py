"""The editor of the programs screen: what is typed, checked, kept, saved and brought back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.tui.peek import screen_lines
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_programs import RSI_V1, RSI_V3
from tests.tui.screens.test_programs import MEDIUM, changes, notices, open_programs, programs_screen, shown
from tests.tui.waiting import NEVER_S, settled
from tui.app import DeskApp
from tui.panes.footer import Footer
from tui.panes.notices import Notices
from tui.screens.program_versions import VersionsScreen
from tui.widgets.live_table import LiveTable


async def test_the_editor_follows_the_cursor_and_keeps_what_is_not_saved(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"x = 1", "enter", "escape", "j")
        editor = programs_screen(app).editor
        assert editor.text.startswith("def run(ctx)")
        assert "RSI reversion ●" in shown(app)
        await pilot.press("k", "e")
        await pilot.pause()
        assert editor.text == "x = 1\n" + RSI_V3
        assert "2 RSI reversion v3 ● not saved" in shown(app)
        assert changes(desk) == []


async def test_saving_makes_the_next_version(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"x = 1", "enter", "ctrl+o")
        await settled(pilot)
        assert desk.programs.program_list[0].code == "x = 1\n" + RSI_V3
        assert notices(app) == ["RSI reversion is saved as version 4"]
        assert "2 RSI reversion v4 ─" in shown(app)
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert notices(app)[-1] == "version 4 has it already"
        assert len(changes(desk)) == 1


async def test_what_is_wrong_is_listed_underlined_and_a_key_away(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", "ctrl+end", *"nosuch = 1")
        await settled(pilot)
        editor = programs_screen(app).editor
        assert editor.code.marked == {28: "danger"}
        assert "✗ 1 error" in shown(app)
        assert "nosuch is not known here" in shown(app)
        assert "→ use data.get_price(symbol)" in shown(app)
        await pilot.press("ctrl+home", "ctrl+n")
        await pilot.pause()
        assert editor.code.cursor_location[0] == 27


async def test_a_problem_that_is_chosen_is_gone_to(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"nosuch", "enter", "down", "down", "home", *"nosuch", "enter")
        await settled(pilot)
        screen = programs_screen(app)
        problems = screen.editor.query_one("#problems", LiveTable)
        problems.focus()
        await pilot.press("j", "enter")
        await pilot.pause()
        assert screen.editor.code.has_focus
        assert screen.editor.code.cursor_location[0] == 3


async def test_the_desk_refuses_a_wrong_source_and_the_text_stays(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"nosuch", "enter", "end", "ctrl+o")
        await settled(pilot)
        assert notices(app) == ["code: line 1: nosuch is not known here; use data.get_price(symbol)"]
        assert programs_screen(app).editor.text.startswith("nosuch\n")
        assert desk.programs.program_list[0].version == 3


async def test_only_a_text_that_stands_is_checked(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    check = desk.programs.check

    async def noted(source: str) -> Any:
        checked.append(source)
        return await check(source)

    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2")
        desk.programs.check = noted  # type: ignore[method-assign]  # what is asked, and how often
        monkeypatch.setattr("tui.screens.programs.CHECK_DELAY_S", NEVER_S)
        await pilot.press(*"abc")
        monkeypatch.setattr("tui.screens.programs.CHECK_DELAY_S", 0.02)
        await pilot.press("d")
        await settled(pilot)
        assert [source[:5] for source in checked] == ['abcd"']


async def test_every_letter_is_text_in_the_editor_and_the_footer_offers_only_what_works(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"XKqbs12", "question_mark", "colon")
        assert app.screen is programs_screen(app)
        assert programs_screen(app).editor.text.startswith('XKqbs12?:"""')
        footer = app.screen.query_one(Footer).text
        assert "^o Save" in footer
        assert "Flatten" not in footer
        assert changes(desk) == []


async def test_enter_keeps_the_indent_tab_and_backspace_take_steps(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "j", "j", "2", "ctrl+end", *"def f():", "enter", *"x", "tab", "shift+tab")
        lines = programs_screen(app).editor.text.splitlines()
        assert lines[-2:] == ["def f():", "x   "]
        await pilot.press("enter", "tab", "tab", "backspace", *"y")
        await pilot.pause()
        assert programs_screen(app).editor.text.splitlines()[-1] == "    y"


async def test_undo_and_redo(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", *"ab", "ctrl+underscore")
        assert programs_screen(app).editor.text == RSI_V3
        await pilot.press("ctrl+y")
        await pilot.pause()
        assert programs_screen(app).editor.text == "ab" + RSI_V3


async def test_versions_show_what_changed_and_bring_one_back_unsaved(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "h")
        assert isinstance(app.screen, VersionsScreen)
        assert "-OVERSOLD = 30" in shown(app)
        assert "+OVERSOLD = 28" in shown(app)
        await pilot.press("j", "j", "o")
        await pilot.pause()
        assert "v1 → editor" in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        screen = programs_screen(app)
        assert screen.editor.text == RSI_V1
        assert notices(app) == ["version 1 is in the editor; ^o saves it as a new one"]
        assert changes(desk) == []
        await pilot.press("ctrl+l")
        await pilot.pause()
        assert any("editor" in line and "not yet" in line for line in screen_lines(app))


async def test_the_editor_of_the_person_gives_its_text_back(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def edited(app: object, name: str, text: str, line: int) -> str:
        asked.append((name, line))
        return text.replace("28", "19")

    monkeypatch.setattr("tui.program_external.edit_externally", edited)
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", "down", "down", "ctrl+t")
        await settled(pilot)
        assert asked == [("RSI reversion", 3)]
        assert "OVERSOLD = 19" in programs_screen(app).editor.text
        assert changes(desk) == []
        await pilot.press("ctrl+o")
        await settled(pilot)
        assert "OVERSOLD = 19" in desk.programs.program_list[0].code


async def test_quitting_with_something_unsaved_asks_twice(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", "x", "escape", "d", "q")
        assert app.is_running
        assert app.shown_workspace is not None
        assert app.shown_workspace.query_one(Notices).messages == [
            "not saved: RSI reversion; q again ends the desk without it"
        ]
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_program_deleted_elsewhere_leaves_the_editor(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "2", "x", "escape")
        desk.programs.program_list = desk.programs.program_list[1:]
        programs_screen(app).paint_tick()
        await settled(pilot)
        assert programs_screen(app).editor.text.startswith("def run(ctx)")
        assert programs_screen(app).unsaved == ""


async def test_a_source_that_hides_characters_shows_them(app: DeskApp, desk: RecordedDesk) -> None:
    first, *rest = desk.programs.program_list
    hostile = "x = 1  # \u202e\x1b[2J\n" + first.code
    desk.programs.program_list = (msgspec.structs.replace(first, code=hostile), *rest)
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot)
        assert "x = 1  # ��[2J" in shown(app)
        assert "\x1b" not in shown(app)
