"""The dialogs of the programs screen: starting a program, its settings, bindings; and their commands."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from engine.errors import DeskError
from engine.model.program import Binding
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.screens.test_programs import MEDIUM, changes, notices, open_programs, programs_screen, shown
from tests.tui.waiting import settled
from tui.action import Context
from tui.app import DeskApp
from tui.command_line import read_command
from tui.command_words import CommandError, Vocabulary
from tui.commands import ProgramTask, WorkOnProgram, format_command
from tui.completion import complete
from tui.program_templates import BRACES_TEMPLATE, TEMPLATES
from tui.screens.program_binding_form import BindingForm
from tui.screens.program_form import ProgramForm

VOCABULARY = Vocabulary(programs=("RSI reversion", "Range breakout"))


def saved_binding(desk: RecordedDesk) -> Binding:
    call = next(call for call in reversed(desk.calls) if call[0] == "save_binding")
    assert isinstance(call[1], Binding)
    return call[1]


async def test_a_new_program_is_named_started_from_a_template_and_written_in_at_once(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "N")
        assert isinstance(app.screen, ProgramForm)
        await pilot.press(
            *"Mine", "tab", "tab", *"size=2", "tab", "left", "left", "left", "left", "left", "enter"
        )
        await settled(pilot)
        screen = programs_screen(app)
        made = desk.programs.program_list[-1]
        assert (made.name, made.code, made.params) == ("Mine", BRACES_TEMPLATE, {"size": 2})
        assert notices(app) == ["program Mine is yours to write"]
        assert screen.focused_pane is screen.pane(Context.EDITOR)
        assert screen.editor.text == BRACES_TEMPLATE


async def test_every_template_is_a_source_the_desk_takes(desk: RecordedDesk) -> None:
    forms = [(await desk.programs.check(template.code)).form for template in TEMPLATES]
    assert forms == ["class", "run", "braces"]
    assert all([(await desk.programs.check(template.code)).ok for template in TEMPLATES])


async def test_a_copy_starts_from_the_saved_source(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "N", *"Copy", "tab", "tab", "tab", "right", "right", "right", "enter")
        await settled(pilot)
        assert desk.programs.program_list[-1].code == desk.programs.program_list[0].code


async def test_a_name_that_is_taken_marks_its_field_and_keeps_what_was_typed(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "N", *"Old idea", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ProgramForm)
        assert text_of(app, "#verdict") == "name: Old idea is taken"
        assert app.screen.query_one("#label-name").has_class("-wrong")
        await pilot.press("escape")
        await pilot.pause()
        assert "Esc again leaves" in text_of(app, "#verdict")


async def test_parameters_are_read_as_they_are_typed(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "o", "tab", "tab", "end", *", fast")
        assert "params: fast is not allowed" in text_of(app, "#params-said")
        await pilot.press(*"=yes", "enter")
        await settled(pilot)
        saved = desk.programs.program_list[0]
        assert saved.params == {"oversold": 28, "side": "long", "fast": "yes"}
        assert saved.version == 3, "other settings are no new source"


async def test_a_trader_is_bound_with_pools_a_schedule_and_parameters(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "j", "j", "w")
        assert isinstance(app.screen, BindingForm)
        assert "it never runs by itself" in text_of(app, "#said")
        await pilot.press("tab", "space", "tab", *"15m", "tab", "tab", *"size=0.5")
        assert "✓ Reversion runs First steps, woken by Reversal + every 15m" in text_of(app, "#said")
        await pilot.press("enter")
        await settled(pilot)
        assert saved_binding(desk) == Binding(
            binding_id=0, trader_id=1, program_id=3, pool_ids=(1,), schedule_seconds=900, params={"size": 0.5}
        )
        assert notices(app) == ["Reversion runs First steps, woken by Reversal + every 15m"]


@pytest.mark.parametrize(
    ("keys", "verdict", "label"),
    [
        (["tab", *"soon", "enter"], "schedule_seconds: 5msoon is not allowed", "schedule"),
        (
            ["tab", "tab", "tab", "tab", *"x", "enter"],
            "exchange: paperx is not allowed; it is one of paper, binance",
            "exchange",
        ),
    ],
)
async def test_what_is_refused_marks_its_field(
    app: DeskApp, keys: list[str], verdict: str, label: str
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "4", "e", *keys)
        await settled(pilot)
        assert verdict in text_of(app, "#verdict")
        assert app.screen.query_one(f"#label-{label}").has_class("-wrong")


async def test_without_a_trader_that_runs_programs_the_form_says_so(app: DeskApp, desk: RecordedDesk) -> None:
    desk.trader_list = desk.trader_list[1:]
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot, "w")
        assert "nobody runs programs" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "a trader of the kind program runs programs" in text_of(app, "#verdict")
        assert changes(desk) == []


async def test_the_fields_fit_the_smallest_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_programs(pilot, "4", "e")
        for label in ("program", "woken by", "and every", "parameters", "exchange", "✓ Reversion runs"):
            assert any(label in line for line in screen_lines(app)), label


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("program", WorkOnProgram()),
        ("program new", WorkOnProgram(ProgramTask.NEW)),
        ("Program New my idea", WorkOnProgram(ProgramTask.NEW, "my idea")),
        ("program open rsi REVERSION", WorkOnProgram(ProgramTask.OPEN, "RSI reversion")),
        ("program bind range breakout", WorkOnProgram(ProgramTask.BIND, "Range breakout")),
        ("program run RSI reversion", WorkOnProgram(ProgramTask.RUN, "RSI reversion")),
    ],
)
def test_the_command_line_understands_programs(text: str, command: WorkOnProgram) -> None:
    assert read_command(text, VOCABULARY).command == command
    assert read_command(format_command(command), VOCABULARY).command == command


@pytest.mark.parametrize(
    ("text", "blamed", "said"),
    [
        ("program burn", "burn", "say program, or program new|open|bind|run NAME"),
        ("program run nosuch one", "nosuch one", "it is one of RSI reversion, Range breakout"),
        ("program open", "", "a program's name is missing here"),
    ],
)
def test_a_command_that_is_wrong_points_at_its_word(text: str, blamed: str, said: str) -> None:
    with pytest.raises(CommandError, match=said.replace("|", r"\|")) as raised:
        read_command(text, VOCABULARY)
    assert text[raised.value.start : raised.value.end] == blamed


def test_names_and_tasks_are_completed() -> None:
    assert complete("program ", 8, VOCABULARY).candidates == ("new", "open", "bind", "run")
    assert complete("program open r", 14, VOCABULARY).candidates == ("RSI reversion", "Range breakout")
    assert complete("program run rsi rev", 19, VOCABULARY).candidates == ("RSI reversion",)


async def type_command(pilot: Pilot[None], text: str) -> None:
    await pilot.press("colon", *("space" if letter == " " else letter for letter in text), "enter")
    await settled(pilot)


async def test_the_commands_work_from_the_desk(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await type_command(pilot, "program run range breakout")
        assert ("test_run", 3, "BTC", {}) in desk.calls
        await type_command(pilot, "program open first steps")
        screen = programs_screen(app)
        assert screen.editor.text == desk.programs.program_list[2].code
        assert screen.focused_pane is screen.pane(Context.EDITOR)
        await pilot.press("escape")
        await type_command(pilot, "program new quick idea")
        assert isinstance(app.screen, ProgramForm)
        assert app.screen.values.name == "quick idea"


async def test_a_program_that_went_while_its_name_was_typed_is_said(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_programs(pilot)
        desk.programs.program_list = tuple(
            msgspec.structs.replace(item, name=f"{item.name} 2") for item in desk.programs.program_list
        )
        screen = programs_screen(app)
        screen.paint_tick()
        from tui.screens.program_command import work_on_program

        with pytest.raises(DeskError, match="there is no First steps any more"):
            await work_on_program(screen, WorkOnProgram(ProgramTask.OPEN, "First steps"))
