"""What reaches the terminal while fifty models think aloud: little with the chat in view, none of it else."""

from __future__ import annotations

from tests.tui.terminal.session import Session

SECONDS = 3.0
BYTES_PER_S = 20_000


def rate_with(keys: bytes, width: int, height: int) -> float:
    """Return the bytes a second that reach a terminal after these keys."""
    session = Session("tests.tui.terminal.streaming_desk", width, height)
    try:
        session.read_until(lambda: "Traders" in "".join(session.terminal.line(y) for y in range(3)))
        session.type(keys)
        session.read_for(1.0)
        return len(session.read_for(SECONDS)) / SECONDS
    finally:
        session.close()


def test_a_chat_over_the_whole_of_a_large_terminal_stays_below_the_limit() -> None:
    assert 0 < rate_with(b"4z", 200, 60) <= BYTES_PER_S


def test_a_hidden_chat_sends_nothing() -> None:
    assert rate_with(b"3", 80, 24) < BYTES_PER_S / 100
