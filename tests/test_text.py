"""Text from outside: nothing that a terminal or a reader could take for a command gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import count, safe_line, safe_text

HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x9d\x07\x00\r\n\t\u202e\u200b[]0;mJ\\")),
    max_size=300,
)


@given(HOSTILE)
def test_no_control_invisible_or_direction_changing_character_survives(text: str) -> None:
    kept = safe_text(text)
    assert all(
        character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs")
        for character in kept
    )


@given(HOSTILE, st.integers(1, 100))
def test_the_length_is_bounded(text: str, limit: int) -> None:
    assert len(safe_text(text, limit)) <= limit
    assert "\n" not in safe_line(text, limit)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;OWNED\x07title", "title"),
        ("\x9b2Jcleared", "cleared"),
        ("a\u202eb", "ab"),
        ("tab\there", "tab    here"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    ],
)
def test_whole_escape_sequences_go(text: str, kept: str) -> None:
    assert safe_text(text) == kept


def test_one_of_something_is_not_many() -> None:
    assert [count(number, "trade") for number in (0, 1, 2000)] == [
        "0 trades",
        "1 trade",
        "2,000 trades",
    ]
    assert [count(number, "try", "tries") for number in (1, 2)] == ["1 try", "2 tries"]
