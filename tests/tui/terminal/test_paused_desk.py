"""A desk on which nothing happens sends nothing to its terminal."""

from __future__ import annotations

from tests.tui.terminal.session import Session

SETTLED_S = 1.5
WATCHED_S = 2.0


def test_a_paused_desk_writes_no_byte() -> None:
    session = Session("tests.tui.terminal.paused_desk", 120, 40)
    try:
        session.read_until(session.shows("‖ paused"))
        session.read_until_silent(SETTLED_S)
        assert session.read_for(WATCHED_S) == b""
        session.type(b"m")
        session.read_until(session.shows("Flow and regime"))
        session.read_until_silent(SETTLED_S)
        assert session.read_for(WATCHED_S) == b""
        session.type(b"?")
        session.read_until(session.shows("Keys and commands"))
    finally:
        session.close()
