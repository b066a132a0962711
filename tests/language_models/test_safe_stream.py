"""Streamed text is as safe as whole text, wherever the pieces break."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language_models.safe_stream import SafeTextStream
from engine.text import safe_text


def streamed(pieces: list[str]) -> str:
    stream = SafeTextStream()
    return "".join([*(stream.feed(piece) for piece in pieces), stream.finish()])


@pytest.mark.parametrize(
    "text",
    [
        "plain words\nand lines",
        "before\x1b[31;1mred\x1b[0mafter",
        "a\x1b[2J\x1b[Hb",
        "tab\tand\r\nline\rend",
        "zero\u200bwidth \u202eturned",
        "\x1b7\x1b8\x1b(Bx",
        "ends with \x1b[",
    ],
)
def test_every_cut_gives_what_the_whole_gives(text: str) -> None:
    whole = safe_text(text)
    for first, second in itertools.combinations(range(len(text) + 1), 2):
        assert streamed([text[:first], text[first:second], text[second:]]) == whole


@given(st.lists(st.text(st.sampled_from("\x1b\x9b\x9d\x90[]PX^_;0?m\\\x07\x9c ab\r\n\t\u202e"), max_size=6)))
def test_no_control_character_gets_through_in_any_pieces(pieces: list[str]) -> None:
    text = streamed(pieces)
    assert safe_text(text) == text


def test_plain_text_is_not_held_back() -> None:
    stream = SafeTextStream()
    assert [stream.feed("one "), stream.feed("two ")] == ["one ", "two "]


def test_a_sequence_that_never_ends_is_not_hoarded() -> None:
    stream = SafeTextStream()
    assert [stream.feed(piece) for piece in ["\x1b[", *["0" * 1000] * 100, "m", "end "]][-1] == "end "
