from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.program_source import SIGN, visible


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "\u2066", "\u200b", "\x9b", "\x00", "\ufeff", "\u2028"])
def test_what_hides_something_gets_a_sign(hidden: str) -> None:
    assert visible(f"if admin{hidden}: pass") == f"if admin{SIGN}: pass"


@given(st.text())
def test_every_character_keeps_its_place(source: str) -> None:
    shown = visible(source)
    assert len(shown) == len(source)
    assert all(after in (before, SIGN) for before, after in zip(source, shown, strict=True))


def test_what_people_write_stays() -> None:
    source = 'grüße = "日本 🧨"\n\treturn'
    assert visible(source) == source
