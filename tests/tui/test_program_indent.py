from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.program_indent import columns_to_dedent, columns_to_delete, indent_after, leading_blanks


@pytest.mark.parametrize(
    ("before", "indent"),
    [
        ("", ""),
        ("def run(ctx):", "    "),
        ("    if price:  # cheap", "        "),
        ("    x = 1", "    "),
        ("        return x", "    "),
        ("    ctx.buy(", "        "),
        ("fn run(ctx) {", "    "),
        ("        returned = 3", "        "),
    ],
)
def test_the_next_line_stands_where_it_belongs(before: str, indent: str) -> None:
    assert indent_after(before) == indent


@given(st.integers(1, 40))
def test_backspace_in_an_indent_lands_on_a_step(blanks: int) -> None:
    left = blanks - columns_to_delete(" " * blanks)
    assert left % 4 == 0
    assert 0 <= left < blanks


@given(st.text(min_size=1).filter(lambda text: text.strip(" ")))
def test_backspace_behind_text_takes_one_character(before: str) -> None:
    assert columns_to_delete(before) == 1


@given(st.integers(0, 40))
def test_going_a_step_out_takes_at_most_what_is_there(blanks: int) -> None:
    line = " " * blanks + "x"
    taken = columns_to_dedent(line)
    assert leading_blanks(line[taken:]) == " " * (blanks - taken)
    assert (blanks - taken) % 4 == 0
