"""Notices: few, small, gone by themselves, and never over what a person reads or types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.model.event import Alert, Severity, Topic
from tests.tui.peek import desk_screen, log_lines, notices, screen_lines
from tests.tui.recorded_books import NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.panes.notices import (
    MAX_LINES,
    MAX_SHOWN,
    SEE_CHAT,
    WIDTH,
    Notice,
    NoticeBox,
    Notices,
    after,
    is_too_long,
    with_notice,
)
from tui.screens.confirm import ConfirmScreen
from tui.widgets.streaming_log import StreamingLog
from tui.widgets.wrapping import wrap, wrap_within

LONG = "the venue does not answer and " * 20


@given(st.lists(st.tuples(st.text(max_size=300), st.sampled_from(["information", "warning", "error"]))))
def test_there_are_never_more_than_three_of_two_lines(said: list[tuple[str, str]]) -> None:
    shown: tuple[Notice, ...] = ()
    for message, severity in said:
        shown = with_notice(shown, message, severity)
        assert len(shown) <= MAX_SHOWN
        assert shown[-1].message == message
    for notice in shown:
        assert len(notice.lines) <= MAX_LINES
        assert all(cell_len(line) <= WIDTH - 4 for line in notice.lines)


def cut_letter_by_letter(message: str) -> str:
    """Return a message cut as a person would: letter by letter, until the ending fits after it."""
    text = " ".join(message.split())
    while text and len(wrap(text + SEE_CHAT, WIDTH - 4)) > MAX_LINES:
        text = text[:-1].rstrip()
    return "\n".join(wrap_within(text + SEE_CHAT, WIDTH - 4, MAX_LINES))


@given(st.text(st.sampled_from("ab  \u0301界—"), min_size=80, max_size=400))
def test_a_long_message_keeps_as_much_as_fits(message: str) -> None:
    notice = Notice(message, "error", 1.0)
    if is_too_long(message):
        assert "\n".join(notice.lines) == cut_letter_by_letter(message)
    else:
        assert notice.lines == wrap(" ".join(message.split()), WIDTH - 4)


@pytest.mark.parametrize("message", ["word " * 200_000, "unbroken" * 100_000, "e\u0301" * 50_000])
def test_a_very_long_message_is_not_wrapped_again_and_again(
    message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped: list[int] = []

    def counted(text: str, width: int) -> list[str]:
        wrapped.append(len(text))
        return wrap(text, width)

    monkeypatch.setattr("tui.panes.notices.wrap", counted)
    assert Notice(message, "error", 1.0).lines[-1].endswith(SEE_CHAT.strip())
    assert len(wrapped) < 20
    assert sum(wrapped) < 20_000


def test_a_repeated_message_is_counted_not_stacked() -> None:
    shown: tuple[Notice, ...] = ()
    for _ in range(12):
        shown = with_notice(shown, "the feed is silent", "warning")
    assert [notice.lines for notice in shown] == [["the feed is silent ×12"]]


def test_an_error_outlives_what_is_less_severe() -> None:
    shown: tuple[Notice, ...] = ()
    for message, severity in (("a", "error"), ("b", "information"), ("c", "information"), ("d", "warning")):
        shown = with_notice(shown, message, severity)
    assert [notice.message for notice in shown] == ["a", "c", "d"]


def test_notices_leave_by_themselves() -> None:
    shown = with_notice((), "a", "information")
    assert after(shown, 3.9)
    assert after(shown, 4.1) == ()


async def test_a_long_message_is_cut_on_the_desk_and_whole_in_the_chat(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        app.say(LONG, "error")
        await pilot.press("4")
        await settled(pilot)
        box = app.screen.query_one(NoticeBox)
        assert box.size.height == MAX_LINES
        assert any("… see chat" in line for line in screen_lines(app))
        chat = " ".join(line.strip() for line in log_lines(app.screen.query_one(StreamingLog)))
        assert LONG.strip() in chat


async def test_a_storm_of_alerts_covers_six_lines_at_most(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        for number in range(40):
            desk.publish(Topic.ALERTS, Alert(Severity.ERROR, f"{number} {LONG}", NOW_MS))
        desk_screen(app).paint_tick()
        await pilot.pause()
        assert app.screen.query_one(NoticeBox).size.height == MAX_SHOWN * MAX_LINES
        assert len(app._notifications) == 0


async def test_no_notice_lies_over_a_dialog_or_the_command_line(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("K")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        app.say("while a dialog is open", "error")
        await pilot.pause()
        assert not desk_screen(app).query_one(Notices).display
        await pilot.press("escape", "colon")
        await pilot.pause()
        desk_screen(app).paint_tick()
        assert not desk_screen(app).query_one(Notices).display
        await pilot.press("escape")
        await pilot.pause()
        assert desk_screen(app).query_one(Notices).display
        assert notices(app) == ["while a dialog is open"]
