"""A real Textual app in a real pseudo terminal, on the desk's driver and on Textual's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.terminal.session import Session
from tui.terminal.driver import PLAIN_DRIVER_VARIABLE, desk_driver


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session("tests.tui.terminal.small_app", 40, 10)
    yield session
    session.close()


def test_an_app_draws_answers_keys_follows_the_size_and_leaves_the_terminal_as_it_was(
    session: Session,
) -> None:
    session.read_until(session.shows("size 40x10"))
    session.type(b"a")
    session.read_until(session.shows("keys 1 漢字"))
    session.resize(60, 12)
    session.read_until(session.shows("size 60x12"))
    session.type(b"bcd")
    session.read_until(lambda: b"\x1b[?1004l" in session.raw)
    assert session.process.wait(10) == 0
    assert session.raw.endswith(b"\x1b[?25h\x1b[?1004l")


def test_textuals_own_driver_is_one_variable_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLAIN_DRIVER_VARIABLE, raising=False)
    assert desk_driver() is not None
    monkeypatch.setenv(PLAIN_DRIVER_VARIABLE, "1")
    assert desk_driver() is None
