"""The form of the regime thresholds: all of them, their defaults, what was changed, what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from engine.model.regime import RegimeThresholds
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.panes.notices import Notices
from tui.screens.market import MarketScreen
from tui.screens.regime_thresholds import (
    THRESHOLDS,
    RegimeThresholdsScreen,
    read_threshold,
    threshold_text,
)
from tui.screens.signal_form import LEAVE_WARNING

SMALL, MEDIUM = (80, 24), (120, 40)


async def open_form(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("m", "R", *keys)
    await settled(pilot)


def field(app: DeskApp, name: str) -> Input:
    assert isinstance(app.screen, RegimeThresholdsScreen)
    return app.screen.query_one(f"#{name}", Input)


def test_the_table_holds_every_threshold_in_the_order_of_the_desk() -> None:
    assert tuple(item.name for item in THRESHOLDS) == RegimeThresholds.__struct_fields__


@given(st.floats(-100, 100))
def test_a_threshold_reads_back_as_it_was_shown(value: float) -> None:
    text = threshold_text(value)
    if "e" not in text and len(text) < 24:
        assert read_threshold(text) == value


@pytest.mark.parametrize("text", ["", "-", "x", "0,5", "--1", "1e3"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_threshold(text) is None


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
async def test_every_field_is_in_view(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await open_form(pilot)
        for item in THRESHOLDS:
            region = field(app, item.name).region
            assert 0 < region.y < region.bottom < size[1], item.name
        assert 0 < app.screen.query_one("#verdict").region.bottom < size[1]


async def test_thresholds_are_changed_marked_and_saved(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(pilot)
        field(app, "trap_oi").value = "-0.8"
        field(app, "strong_cvd").value = "0.2"
        await pilot.pause()
        marked = [line for line in screen_lines(app) if "│ * " in line]
        assert len(marked) == 2
        assert app.screen.query_one("#label-trap_oi").has_class("-changed")
        await pilot.press("enter")
        await settled(pilot)
        assert desk.markets.thresholds == RegimeThresholds(trap_oi=-0.8, strong_cvd=0.2)
        assert isinstance(app.screen, MarketScreen)
        assert app.screen.query_one(Notices).messages == ["regimes: 2 of 16 thresholds are not the defaults"]


async def test_what_holds_now_is_shown_and_goes_back_to_the_defaults(
    app: DeskApp, desk: RecordedDesk
) -> None:
    held = RegimeThresholds(breakout_oi=0.125, exhaustion_oi=-1.5)
    desk.markets.thresholds = held
    async with app.run_test(size=MEDIUM) as pilot:
        await open_form(pilot)
        assert (field(app, "breakout_oi").value, field(app, "exhaustion_oi").value) == ("0.125", "-1.5")
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert desk.markets.thresholds == held, "nothing is saved before Enter"
        await pilot.press("enter")
        await settled(pilot)
        assert desk.markets.thresholds == RegimeThresholds()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("breakout_body", "1.5", "breakout, its body is above: 1.5 is not allowed; allowed is 0 to 1"),
        ("exhaustion_rsi_low", "75", "it is below exhaustion, RSI is above, 70"),
        ("trap_oi", "", "an empty field is not allowed; give a number such as -0.5"),
        ("trap_oi", "-", "give a number such as -0.5"),
        ("calm_range_atr", "3", "it is not above stop hunt, the candle's range is above, 1"),
    ],
)
async def test_a_refusal_stands_at_its_field(
    app: DeskApp, desk: RecordedDesk, name: str, value: str, says: str
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(pilot)
        field(app, name).value = value
        await pilot.press("enter")
        await settled(pilot)
        assert says in text_of(app, "#verdict")
        assert app.screen.query_one(f"#label-{name}").has_class("-wrong")
        assert app.focused is field(app, name)
        assert desk.markets.thresholds == RegimeThresholds()


async def test_numbers_below_zero_step_and_stay_there(app: DeskApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(pilot)
        field(app, "trap_oi").focus()
        await pilot.press("down")
        assert field(app, "trap_oi").value == "-0.6"
        await pilot.press(*["up"] * 9)
        assert read_threshold(field(app, "trap_oi").value) == 0


async def test_leaving_changed_numbers_asks_once(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(pilot, "up", "escape")
        assert text_of(app, "#verdict") == LEAVE_WARNING
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, MarketScreen)
        assert desk.markets.thresholds == RegimeThresholds()


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_the_form_in_two_sizes(
    snap_compare: Any, app: DeskApp, desk: RecordedDesk, size: tuple[int, int]
) -> None:
    desk.markets.thresholds = msgspec.structs.replace(RegimeThresholds(), strong_cvd=0.2, trap_oi=-1.25)

    async def refuse(pilot: Pilot[None]) -> None:
        await open_form(pilot, "tab", "tab", *"7", "enter")

    assert snap_compare(app, terminal_size=size, run_before=refuse)
