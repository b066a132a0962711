"""Factors: the list, what each was worth, and those a person defines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from engine.market.factors.formulas import vocabulary
from engine.market.factors.library import FactorLibrary
from engine.model.factor import FactorCategory, FactorDefinition
from tests.tui.peek import notices, screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import NEVER_S, settled
from tui.app import DeskApp
from tui.factor_view import (
    BARS,
    bar,
    completed,
    correlation,
    decay_lines,
    language_words,
    matching,
    words_like,
)
from tui.panes.command_bar import CommandBar
from tui.panes.span_line import SpanLine
from tui.screens.confirm import ConfirmScreen
from tui.screens.factors import FactorsScreen
from tui.screens.factors_editor import FactorEditor
from tui.screens.signal_fields import ConditionField
from tui.widgets.live_table import LiveTable

SMALL, MEDIUM = (80, 24), (120, 40)
FACTORS = FactorLibrary().definitions()
WORDS = language_words(vocabulary(), FACTORS)


def own(name: str, expression: str, meaning: str = "") -> FactorDefinition:
    return FactorDefinition(name=name, category=FactorCategory.CUSTOM, expression=expression, meaning=meaning)


def factors(app: DeskApp) -> FactorsScreen:
    assert isinstance(app.screen, FactorsScreen)
    return app.screen


def editor(app: DeskApp) -> FactorEditor:
    assert isinstance(app.screen, FactorEditor)
    return app.screen


def line(app: DeskApp, name: str) -> str:
    return app.screen.query_one(f"#{name}", SpanLine).text


async def open_factors(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("m", "F", *keys)


def test_the_list_of_words_has_all_of_the_language_and_every_factor() -> None:
    assert len(WORDS) == len(vocabulary()) + len(FACTORS)
    names = {word.name for word in WORDS}
    assert {"close", "ema", "atr", "rsi14"} <= names


def test_a_word_is_completed_and_a_function_opens_its_bracket() -> None:
    assert completed(WORDS, "close / linreg_s") == "close / linreg_slope("
    assert completed(WORDS, "volu") == "volume"
    assert completed(WORDS, "close / ") is None
    assert words_like(WORDS, "close / vwa")[0].name == "vwap"


@given(st.text(max_size=40))
def test_completion_and_the_list_of_words_never_fail(text: str) -> None:
    finished = completed(WORDS, text)
    assert finished is None or finished.startswith(text)
    assert words_like(WORDS, text)


@given(st.text(max_size=20))
def test_a_filter_keeps_what_holds_every_word(text: str) -> None:
    found = matching(FACTORS, text)
    for factor in found:
        whole = f"{factor.name} {factor.category} {factor.expression} {factor.meaning}".casefold()
        assert all(word in whole for word in text.casefold().split())


def test_a_correlation_tells_its_sign_without_colour() -> None:
    assert [correlation(value) for value in (0.0314, -0.2, 0.0, None)] == ["+0.031", "-0.200", "+0.000", "–"]
    assert (bar(0.3, 0.3), bar(-0.3, 0.3), bar(0.0, 0.3), bar(None, 0.3)) == (
        BARS[-1],
        BARS[-1],
        BARS[0],
        "·",
    )


async def test_the_factor_under_the_cursor_is_measured_on_the_charts_period(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot)
        await settled(pilot)
        effect = await desk.markets.factor_effectiveness("sma20_gap", "BTC", "5m")
        assert desk.markets.measured[0] == ("sma20_gap", "BTC", "5m")
        assert line(app, "effect").startswith("sma20_gap on BTC 5m")
        assert f"IC {correlation(effect.ic)}" in line(app, "figures")
        assert f"rank IC {correlation(effect.rank_ic)}" in line(app, "figures")
        shown = ["".join(span.text for span in spans).rstrip() for spans in decay_lines(effect)]
        assert [line(app, f"decay-{place}").rstrip() for place in range(3)] == shown
        windows = app.screen.query_one("#windows", LiveTable).rows
        assert [row.key for row in windows] == [str(each.start_ms) for each in reversed(effect.windows)]


async def test_only_the_factor_the_cursor_rests_on_is_measured_and_only_once(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.factors.SETTLE_S", NEVER_S)
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "j", "j")
        monkeypatch.setattr("tui.screens.factors.SETTLE_S", 0.05)
        await pilot.press("j")
        await settled(pilot)
        assert [name for name, _, _ in desk.markets.measured] == [FACTORS[3].name]
        await pilot.press("k")
        await settled(pilot)
        await pilot.press("j")
        await settled(pilot)
        assert [name for name, _, _ in desk.markets.measured] == [FACTORS[3].name, FACTORS[2].name]


async def test_typing_filters_and_escape_takes_the_filter_away(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "slash", *"momentum rsi", "enter")
        rows = factors(app).query_one("#factors", LiveTable).rows
        assert [row.key for row in rows] == [each.name for each in matching(FACTORS, "momentum rsi")]
        assert 0 < len(rows) < len(FACTORS)
        await pilot.press("escape")
        await pilot.pause()
        assert len(factors(app).query_one("#factors", LiveTable).rows) == len(FACTORS)
        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "no factor is like that" in "\n".join(screen_lines(app))
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, FactorsScreen)


async def test_a_factor_of_ones_own_is_typed_completed_and_saved(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "N", *"stretch", "tab", *"close / linreg_s", "tab", *"close, 9)", "enter")
        await settled(pilot)
        kept = desk.markets.library.get("stretch")
        assert (kept.expression, kept.category) == ("close / linreg_slope(close, 9)", FactorCategory.CUSTOM)
        assert factors(app).query_one("#factors", LiveTable).cursor_key == "stretch"


async def test_the_wrong_word_is_pointed_at_and_nothing_is_kept(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "N", *"bad", "tab", *" close / nosuch + 1")
        await pilot.pause()
        assert editor(app).query_one(ConditionField).error_span == (9, 15), "as it is typed"
        await pilot.press("enter")
        await settled(pilot)
        assert editor(app).query_one(ConditionField).error_span == (9, 15)
        said = text_of(app, "#said").splitlines()
        assert said[0] == " " * 9 + "^^^^^^"
        assert "nosuch" in said[1]
        assert len(desk.markets.factors()) == len(FACTORS)
        await pilot.press("home", *["delete"] * 30, *"close")
        await pilot.pause()
        assert editor(app).query_one(ConditionField).error_span is None
        assert text_of(app, "#said") == "understood"


async def test_a_name_that_cannot_be_is_refused_at_its_field(app: DeskApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_factors(pilot, "N", *"rsi14", "tab", *"close", "enter")
        await settled(pilot)
        assert "rsi14 is not allowed" in text_of(app, "#verdict")
        assert editor(app).query_one("#label-name").has_class("-wrong")


async def test_a_built_in_factor_is_a_beginning_and_stays(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "e")
        assert editor(app).values.expression == FACTORS[0].expression
        assert editor(app).values.name == ""
        await pilot.press("escape", "escape")
        await pilot.pause()
        await pilot.press("D")
        await pilot.pause()
        assert text_of(app, "#about") == "factor: sma20_gap is built in and stays"


async def test_ones_own_factor_is_changed_and_deleted_after_asking(app: DeskApp, desk: RecordedDesk) -> None:
    desk.markets.library = FactorLibrary((own("gap", "close / open - 1", "the body"),))
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "G", "e")
        assert editor(app).query_one("#name", Input).disabled
        editor(app).query_one("#expression", Input).value = "close / open"
        await pilot.press("enter")
        await settled(pilot)
        assert desk.markets.library.get("gap").expression == "close / open"
        assert desk.markets.library.get("gap").meaning == "the body"
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await settled(pilot)
        assert text_of(app, "#about") == "factor gap is deleted"
        assert len(desk.markets.factors()) == len(FACTORS)


async def test_a_factor_that_is_used_is_not_deleted(app: DeskApp, desk: RecordedDesk) -> None:
    desk.markets.library = FactorLibrary((own("gap", "close / open"), own("twice", "gap * 2")))
    async with app.run_test(size=MEDIUM) as pilot:
        await open_factors(pilot, "G", "k", "D", "y")
        await settled(pilot)
        assert "gap is used by twice" in text_of(app, "#about")


async def test_the_commands_define_replace_and_delete(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("colon", *"factor gap = close / open - 1", "enter")
        await settled(pilot)
        assert desk.markets.library.get("gap").expression == "close / open - 1"
        assert notices(app)[-1] == "factor gap = close / open - 1"
        await pilot.press("colon", *"factor gap = close / open", "enter")
        await settled(pilot)
        message = app.screen.query_one(CommandBar).message
        assert "now close / open - 1, be close / open." in message
        assert desk.markets.library.get("gap").expression == "close / open - 1"
        await pilot.press("enter")
        await settled(pilot)
        assert desk.markets.library.get("gap").expression == "close / open"
        await pilot.press("colon", *"unfactor gap", "enter", "enter")
        await settled(pilot)
        assert len(desk.markets.factors()) == len(FACTORS)
        await pilot.press("colon", *"factors", "enter")
        await settled(pilot)
        assert isinstance(app.screen, FactorsScreen)


async def test_a_command_the_desk_refuses_comes_up_in_the_editor(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("colon", *"factor gap = close / opn", "enter")
        await settled(pilot)
        assert editor(app).values.name == "gap"
        assert editor(app).query_one(ConditionField).error_span == (8, 11)
        await pilot.press("backspace", *"en", "enter")
        await settled(pilot)
        assert desk.markets.library.get("gap").expression == "close / open"


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_factors_in_two_sizes(
    snap_compare: Any, app: DeskApp, desk: RecordedDesk, size: tuple[int, int]
) -> None:
    desk.markets.library = FactorLibrary((own("gap", "close / open - 1", "The body as a fraction."),))

    async def open_and_measure(pilot: Pilot[None]) -> None:
        await open_factors(pilot, "j", "j")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=open_and_measure)


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_the_editor_with_a_wrong_word(snap_compare: Any, app: DeskApp, size: tuple[int, int]) -> None:
    async def refuse(pilot: Pilot[None]) -> None:
        await open_factors(pilot, "N", *"gap", "tab", *"close / delay(clos", "enter")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=refuse)
