"""Going from one pen to another always arrives, by the shorter of two ways."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.pen import PLAIN, Pen, on_blank, pen_after, sgr_between

pens = st.builds(
    Pen,
    st.sets(st.sampled_from([1, 2, 3, 4, 5, 7, 9, 21, 53])).map(lambda codes: tuple(sorted(codes))),
    st.sampled_from(["", "31", "97", "38;5;200", "38;2;1;2;3"]),
    st.sampled_from(["", "44", "107", "48;5;7", "48;2;9;8;7"]),
)


@given(st.none() | pens, pens)
def test_the_sequence_between_two_pens_leads_from_one_to_the_other(old: Pen | None, new: Pen) -> None:
    sequence = sgr_between(old, new)
    start = old or Pen((1, 4, 7), "35", "45")
    parameters = sequence.removeprefix("\x1b[").removesuffix("m")
    assert (pen_after(start, parameters) if sequence else start) == new


@given(pens)
def test_the_same_pen_needs_no_sequence(pen: Pen) -> None:
    assert sgr_between(pen, pen) == ""


def test_only_what_changes_is_said() -> None:
    assert sgr_between(Pen((1,), "31", "44"), Pen((1,), "32", "44")) == "\x1b[32m"
    assert sgr_between(Pen((1,), "31", ""), PLAIN) == "\x1b[m"


def test_what_a_blank_cell_shows_is_its_background() -> None:
    assert on_blank(Pen((1, 3), "31", "44")) == Pen((), "", "44")
    assert on_blank(Pen((1, 7), "31", "44")) == Pen((7,), "31", "44")


def test_unknown_parameters_change_nothing() -> None:
    assert pen_after(Pen((), "31", ""), "73") == Pen((), "31", "")
