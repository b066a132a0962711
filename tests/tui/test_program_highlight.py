from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.recorded_programs import BRACES, BREAKOUT, RSI_V3
from tui.program_highlight import highlight, is_brace_form


def coloured(source: str, line: int) -> dict[str, str]:
    """Return the coloured words of a line (from 1), each with its role."""
    text = source.split("\n")[line - 1]
    return {text[piece.start : piece.end]: piece.role for piece in highlight(source)[line - 1]}


def test_python_words_have_their_roles() -> None:
    assert coloured(RSI_V3, 7) == {"def": "series-4", "init": "series-2", "self": "series-5"}
    assert (
        coloured(RSI_V3, 1)['"""Buy what fell too far, and leave when it is back in the middle."""']
        == "series-3"
    )
    assert coloured(RSI_V3, 3) == {"28": "series-1"}


def test_the_brace_form_is_read_as_such() -> None:
    assert is_brace_form(BRACES)
    assert not is_brace_form(BREAKOUT)
    assert coloured(BRACES, 1)["fn"] == "series-4"
    assert coloured(BRACES, 2) == {"// the short form with braces": "muted"}


def test_a_string_over_several_lines_keeps_its_colour_also_over_a_definition() -> None:
    source = 'x = """one\ndef not_a_function():\n"""\ndef run(ctx):\n    pass'
    assert coloured(source, 2) == {"def not_a_function():": "series-3"}
    assert coloured(source, 4)["run"] == "series-2"


@given(
    st.lists(st.sampled_from(["def f(:", '"""', "'", "class", "{", "fn x(", "\\", "", "    @a", "é = 'ü'"]))
)
def test_every_line_of_any_text_has_its_pieces_inside_it(lines: list[str]) -> None:
    source = "\n".join(lines)
    pieces = highlight(source)
    assert len(pieces) == len(source.split("\n"))
    for line, found in zip(source.split("\n"), pieces, strict=True):
        assert all(0 <= piece.start < piece.end <= len(line) for piece in found)
