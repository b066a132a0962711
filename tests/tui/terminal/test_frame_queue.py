"""Between a Textual that draws and a terminal that answers when it likes there is one screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.terminal.emulator import TerminalEmulator
from tui.terminal.frame_queue import QUESTION, FrameQueue

ENTER = "\x1b[?1049h"
WIDTH, HEIGHT = 40, 10


class Line:
    """A frame queue with its terminal at the other end of a line, on a clock moved by hand."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.now = 100.0
        self.frames = FrameQueue(lambda: self.now)
        self.frames.resize(width, height)
        self.terminal = TerminalEmulator(width, height)
        self.frames.feed(ENTER)
        self.is_reading = True

    def draw(self, text: str, y: int = 0, x: int = 0) -> None:
        self.frames.feed(f"\x1b[{y + 1};{x + 1}H\x1b[32m{text}\x1b[0m\x1b[1;1H")

    def pass_time(self, seconds: float) -> int:
        """Let the writer send and, if the terminal reads, the terminal answer; return the bytes sent."""
        end, sent = self.now + seconds, 0
        while self.now < end:
            data = self.frames.take().data
            sent += len(data)
            self.terminal.feed(data)
            self.now += 0.01
            while self.is_reading and self.terminal.questions:
                self.terminal.questions -= 1
                self.frames.answered()
        return sent


def test_what_is_drawn_appears_and_then_nothing_is_sent() -> None:
    line = Line()
    line.draw("positions")
    line.pass_time(1)
    assert line.terminal.line(0).startswith("positions ")
    assert line.pass_time(60) == 0
    line.draw("positions")
    assert line.pass_time(60) == 0


def test_one_changed_cell_costs_less_than_forty_bytes() -> None:
    line = Line(120, 40)
    line.draw("price 67000", 20, 60)
    line.pass_time(1)
    line.draw("price 67001", 20, 60)
    assert 0 < line.pass_time(1) < 40


def test_a_terminal_that_stops_reading_is_sent_next_to_nothing_and_then_the_newest_screen() -> None:
    line = Line()
    line.draw("tick 0")
    line.pass_time(1)
    line.is_reading = False
    sent = 0
    for tick in range(1, 100):
        line.draw(f"tick {tick} ", tick % HEIGHT)
        sent += line.pass_time(0.1)
    assert sent < 300
    line.is_reading = True
    line.pass_time(2)
    assert line.terminal.line(9).startswith("tick 99")
    assert line.terminal.line(8).startswith("tick 98")


@given(
    st.lists(
        st.tuples(st.text("ab│漢 1", min_size=1, max_size=9), st.integers(0, 9), st.booleans()), max_size=40
    )
)
def test_after_any_pauses_the_terminal_shows_what_a_prompt_one_would(
    drawings: list[tuple[str, int, bool]],
) -> None:
    prompt, halting = Line(), Line()
    for text, y, is_reading in drawings:
        halting.is_reading = is_reading
        for line in (prompt, halting):
            line.draw(text, y)
            line.pass_time(0.05)
    halting.is_reading = True
    for line in (prompt, halting):
        line.draw("end", 0)
        line.pass_time(6)
    assert halting.terminal.screen() == prompt.terminal.screen()


def test_the_effect_of_a_key_does_not_wait_for_its_turn() -> None:
    line = Line(120, 40)
    line.pass_time(1)
    for tick in range(200):
        for y in range(40):
            line.draw(f"{tick * 7919 + y:0100}", y, 3)
        line.pass_time(0.01)
    line.frames.key_pressed()
    line.draw("typed", 0)
    line.pass_time(0.03)
    assert line.terminal.line(0).startswith("typed")


def test_controls_go_out_in_order_before_the_frame_even_to_a_stalled_terminal() -> None:
    line = Line()
    line.draw("x")
    line.pass_time(1)
    line.is_reading = False
    line.draw("y")
    line.pass_time(0.1)
    line.frames.feed("\x1b]52;c;SGk=\x07")
    line.frames.feed("\x07")
    assert line.frames.take().data == b"\x1b]52;c;SGk=\x07\x07"


def test_of_a_mode_switched_often_only_the_last_state_is_sent() -> None:
    line = Line()
    for _ in range(1_000):
        line.frames.feed("\x1b[?1004h")
        line.frames.feed("\x1b[?1004l")
    assert line.frames.take().data.count(b"?1004") == 1


def test_after_the_alternate_screen_is_left_nothing_is_drawn_until_it_is_entered_again() -> None:
    line = Line()
    line.draw("desk")
    line.pass_time(1)
    line.frames.feed("\x1b[?1049l")
    line.draw("late")
    line.pass_time(1)
    assert line.terminal.line(0).startswith("desk")
    line.frames.feed(ENTER)
    line.terminal = TerminalEmulator(WIDTH, HEIGHT)
    line.pass_time(1)
    assert line.terminal.line(0).startswith("late")


def test_a_new_size_waits_for_textuals_new_drawing_but_not_for_ever() -> None:
    line = Line()
    line.draw("old")
    line.pass_time(1)
    line.frames.resize(WIDTH + 5, HEIGHT)
    line.terminal = TerminalEmulator(WIDTH + 5, HEIGHT)
    assert line.pass_time(0.2) == 0
    line.draw("new")
    line.pass_time(1)
    assert line.terminal.line(0).startswith("new")
    line.frames.resize(WIDTH, HEIGHT)
    line.terminal = TerminalEmulator(WIDTH, HEIGHT)
    line.pass_time(1)
    assert line.terminal.line(0).startswith("new")


def test_a_repaint_restores_a_screen_others_wrote_into() -> None:
    line = Line()
    line.draw("desk", 3)
    line.pass_time(1)
    line.terminal = TerminalEmulator(WIDTH, HEIGHT)
    line.frames.repaint_all()
    line.pass_time(1)
    assert line.terminal.line(3).startswith("desk ")
    assert line.terminal.line(9) == " " * WIDTH


def test_long_frames_are_synchronised_once_the_terminal_is_known_to_understand_it() -> None:
    line = Line(120, 40)
    line.frames.synchronise()
    for y in range(40):
        line.draw("m" * 120, y)
    data = line.frames.take().data.decode()
    assert data.endswith(f"\x1b[?2026l{QUESTION}")
    assert "\x1b[?2026h" in data


def test_the_counters_tell_what_was_sent() -> None:
    line = Line()
    line.draw("desk")
    sent = line.pass_time(1)
    statistics = line.frames.statistics
    assert statistics.bytes_sent == sent
    assert statistics.frames_sent == statistics.frames_drawn == 1
    assert not statistics.is_pending
    assert statistics.is_acknowledged
