"""Typing a number and typing a command."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.widgets import Input

from tests.tui.widgets.painted import BareApp
from tui.widgets.command_input import MAX_HISTORY, CommandInput
from tui.widgets.line_chart import LineChart
from tui.widgets.number_field import NumberField


def complete(typed: str) -> str | None:
    return next((line for line in ("buy 0.5 btc", "cancel all") if typed and line.startswith(typed)), None)


async def test_a_number_is_typed_and_stepped_on_the_grid_of_its_step() -> None:
    app = BareApp(field := NumberField(step=Decimal("0.1"), high=Decimal(67001)))
    async with app.run_test() as pilot:
        field.number = Decimal("67000.04")
        await pilot.press("up")
        assert field.number == Decimal("67000.1")
        await pilot.press("shift+up")
        assert field.number == Decimal(67001)
        await pilot.press("down")
        assert field.number == Decimal("67000.9")


async def test_a_number_never_steps_below_its_lowest() -> None:
    app = BareApp(field := NumberField(step=Decimal("0.5")))
    async with app.run_test() as pilot:
        field.number = Decimal(1)
        await pilot.press("shift+down")
        assert field.number == Decimal(0)


async def test_only_what_can_become_a_number_can_be_typed() -> None:
    app = BareApp(field := NumberField())
    async with app.run_test() as pilot:
        assert field.number is None
        await pilot.press(*"1x2.e5.")
        assert field.number == Decimal("12.5")
        field.number = None
        assert field.value == ""


@pytest.mark.parametrize("kind", [NumberField, CommandInput])
async def test_inputs_do_not_blink(kind: type[Input]) -> None:
    async with BareApp(LineChart()).run_test():
        assert not kind().cursor_blink


async def test_tab_takes_the_completion() -> None:
    app = BareApp(command := CommandInput(complete))
    async with app.run_test() as pilot:
        await pilot.press(*"bu", "tab")
        assert command.value == "buy 0.5 btc"
        assert command.cursor_position == len(command.value)
        await pilot.press("tab")
        assert command.value == "buy 0.5 btc"


async def test_the_completion_is_shown_as_ghost_text() -> None:
    app = BareApp(command := CommandInput(complete))
    async with app.run_test() as pilot:
        await pilot.press(*"can")
        await pilot.pause()
        assert command.render_line(0).text.startswith("cancel all")
        assert command.value == "can"


async def test_up_and_down_walk_through_the_history_and_back_to_the_draft() -> None:
    app = BareApp(command := CommandInput(history=["close btc"]))
    async with app.run_test() as pilot:
        command.remember("cancel all")
        command.remember("cancel all")
        await pilot.press(*"bu", "up")
        assert command.value == "cancel all"
        await pilot.press("up", "up")
        assert command.value == "close btc"
        await pilot.press("down", "down", "down")
        assert command.value == "bu"


async def test_the_history_is_bounded() -> None:
    async with BareApp(LineChart()).run_test():
        command = CommandInput()
        for number in range(MAX_HISTORY + 50):
            command.remember(f"buy {number} btc")
        assert len(command.history) == MAX_HISTORY
        assert command.history[-1] == f"buy {MAX_HISTORY + 49} btc"


async def test_the_wrong_word_is_marked_until_the_text_changes() -> None:
    app = BareApp(command := CommandInput())
    async with app.run_test() as pilot:
        await pilot.press(*"buy x btc")
        command.mark_error(4, 5)
        styled = [(segment.text, segment.style) for segment in command.render_line(0)]
        assert [text for text, style in styled if style and style.underline] == ["x"]
        await pilot.press("backspace")
        assert command.error_span is None
