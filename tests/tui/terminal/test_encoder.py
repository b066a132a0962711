"""Whatever is drawn, in whatever steps it is sent: the terminal ends up showing the wanted screen."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.terminal.emulator import TerminalEmulator, wanted_screen
from tui.terminal.encoder import ScreenEncoder
from tui.terminal.pen import PLAIN, Pen

WIDTH, HEIGHT = 20, 5
PENS = (
    PLAIN,
    Pen((), "31", ""),
    Pen((1,), "38;2;229;181;103", "48;2;11;14;20"),
    Pen((), "38;2;102;199;160", "48;2;11;14;20"),
    Pen((1, 2, 4), "", "44"),
    Pen((7,), "92", ""),
)


class Stroke(NamedTuple):
    x: int
    y: int
    text: str
    pen: Pen


strokes = st.builds(
    Stroke,
    st.integers(0, WIDTH - 1),
    st.integers(0, HEIGHT - 1),
    st.text(alphabet="ab 19│▲⣀漢字é\u0301🙂", min_size=1, max_size=12),
    st.sampled_from(PENS),
)
frames = st.lists(st.lists(strokes, max_size=8), min_size=1, max_size=6)


def draw(encoder: ScreenEncoder, frame: list[Stroke]) -> None:
    for stroke in frame:
        encoder.wanted.write(stroke.x, stroke.y, stroke.text, stroke.pen)


def send(encoder: ScreenEncoder, terminal: TerminalEmulator, budget: int = 1 << 20) -> str:
    rows = list(range(encoder.wanted.height))
    output = ""
    while rows:
        frame = encoder.encode(rows, budget, (0, 0))
        rows = rows[frame.finished :]
        terminal.feed(frame.output.encode())
        output += frame.output
    return output


@given(frames, st.integers(1, 400))
def test_the_terminal_always_ends_up_with_the_wanted_screen(
    sequence: list[list[Stroke]], budget: int
) -> None:
    encoder, terminal = ScreenEncoder(WIDTH, HEIGHT), TerminalEmulator(WIDTH, HEIGHT)
    for frame in sequence:
        draw(encoder, frame)
        send(encoder, terminal, budget)
        assert terminal.screen() == wanted_screen(encoder.wanted)


@given(frames, st.integers(1, 60))
def test_screens_that_were_never_sent_leave_no_trace(sequence: list[list[Stroke]], budget: int) -> None:
    encoder, terminal = ScreenEncoder(WIDTH, HEIGHT), TerminalEmulator(WIDTH, HEIGHT)
    for frame in sequence:
        draw(encoder, frame)
        terminal.feed(encoder.encode([2, 0], budget, (0, 0)).output.encode())
    send(encoder, terminal)
    assert terminal.screen() == wanted_screen(encoder.wanted)


@given(frames)
def test_a_screen_that_is_shown_already_costs_nothing(sequence: list[list[Stroke]]) -> None:
    encoder, terminal = ScreenEncoder(WIDTH, HEIGHT), TerminalEmulator(WIDTH, HEIGHT)
    for frame in sequence:
        draw(encoder, frame)
    send(encoder, terminal)
    assert send(encoder, terminal) == ""


@given(frames, st.integers(1, 30), st.integers(1, 8))
def test_a_resized_terminal_is_painted_anew(sequence: list[list[Stroke]], width: int, height: int) -> None:
    encoder = ScreenEncoder(WIDTH, HEIGHT)
    for frame in sequence:
        draw(encoder, frame)
    send(encoder, TerminalEmulator(WIDTH, HEIGHT))
    encoder.resize(width, height)
    terminal = TerminalEmulator(width, height)
    send(encoder, terminal)
    assert terminal.screen() == wanted_screen(encoder.wanted)


def test_one_changed_cell_costs_few_bytes() -> None:
    encoder, terminal = ScreenEncoder(120, 40), TerminalEmulator(120, 40)
    send(encoder, terminal)
    encoder.wanted.write(60, 20, "7", PENS[2])
    assert len(send(encoder, terminal)) < 60
    encoder.wanted.write(61, 20, "8", PENS[2])
    assert len(send(encoder, terminal)) < 20


def test_cells_of_one_colour_are_sent_together() -> None:
    encoder, terminal = ScreenEncoder(120, 40), TerminalEmulator(120, 40)
    send(encoder, terminal)
    for y in range(40):
        encoder.wanted.write(10, y, "12", PENS[2])
        encoder.wanted.write(30, y, "34", PENS[3])
    output = send(encoder, terminal)
    assert output.count("m") <= 4
    assert terminal.screen() == wanted_screen(encoder.wanted)


def test_forgetting_what_is_shown_repaints_every_cell() -> None:
    encoder, terminal = ScreenEncoder(WIDTH, HEIGHT), TerminalEmulator(WIDTH, HEIGHT)
    encoder.wanted.write(3, 1, "text", PLAIN)
    send(encoder, terminal)
    spoiled = TerminalEmulator(WIDTH, HEIGHT)
    encoder.forget_shown()
    send(encoder, spoiled)
    assert spoiled.screen() == wanted_screen(encoder.wanted)
