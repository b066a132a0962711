"""What Textual writes becomes a screen and a few controls; a cell's text never becomes a control."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.cell_grid import CellGrid
from tui.terminal.output_parser import OutputParser
from tui.terminal.pen import Pen


def parser(width: int = 20, height: int = 4) -> OutputParser:
    return OutputParser(CellGrid(width, height))


def text(reader: OutputParser, y: int) -> str:
    return "".join(reader.grid.characters[y])


def test_a_frame_lands_where_it_says_in_the_colours_it_says() -> None:
    reader = parser()
    drew, controls = reader.feed("\x1b[2;3H\x1b[1;38;2;1;2;3;48;5;7mBTC\x1b[0m up\x1b[4;1H")
    assert drew
    assert not controls
    assert text(reader, 1) == "  BTC up            "
    assert reader.grid.pens[1][2] == Pen((1,), "38;2;1;2;3", "48;5;7")
    assert reader.grid.pens[1][6] == Pen()
    assert reader.changed_rows == {1}
    assert reader.cursor == (0, 3)


def test_drawing_what_is_there_already_changes_no_row() -> None:
    reader = parser()
    reader.feed("\x1b[1;1Hsame")
    reader.changed_rows.clear()
    reader.feed("\x1b[1;1Hsame")
    assert not reader.changed_rows


def test_text_beyond_the_edges_is_cut() -> None:
    reader = parser(5, 2)
    reader.feed("\x1b[1;4Habcdef\x1b[9;1Hnowhere\x1b[2;1Habcd漢")
    assert text(reader, 0) == "   ab"
    assert text(reader, 1) == "abcd "


def test_a_character_of_two_cells_leaves_no_half_behind() -> None:
    reader = parser(6, 1)
    reader.feed("\x1b[1;1H漢字漢")
    reader.feed("\x1b[1;2Hx")
    assert reader.grid.characters[0] == [" ", "x", "字", "", "漢", ""]


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("\x1b[?1049h", "mode ?1049"),
        ("\x1b]52;c;SGk=\x07", "OSC 52"),
        ("\x1b]2;nightdesk\x1b\\", "OSC 2"),
        ("\x07", "bell"),
        ("\x1b[>25u", "\x1b[>25u"),
        ("\x1b[?2048$p", "\x1b[?2048$p"),
    ],
)
def test_controls_are_handed_back(written: str, subject: str) -> None:
    drew, controls = parser().feed(written)
    assert not drew
    assert [(control.subject, control.sequence) for control in controls] == [(subject, written)]


def test_synchronised_output_is_the_encoders_own_business() -> None:
    assert parser().feed("\x1b[?2026h") == (False, [])


@given(st.text(alphabet="a;]\x07\x1b[52cPX^_\\\x9b?1049hlm\r\n\x90\u202e", max_size=60))
def test_a_write_that_draws_never_carries_a_control(hostile: str) -> None:
    reader = parser()
    drew, controls = reader.feed(f"\x1b[1;1H\x1b[31mlabel {hostile}\x1b[0m\x1b[1;1H")
    assert drew
    assert not controls
    assert not any(ord(cell[0]) < 32 for line in reader.grid.characters for cell in line if cell)
