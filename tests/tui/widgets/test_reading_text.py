"""A text that is read: nothing is lost by breaking it, and words are found across the breaks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.reading_text import Found, Paragraph, paragraphs_of, places_of, rows_of

TEXTS = st.lists(st.text(alphabet="ab c\t|世", max_size=60), max_size=6).map("\n".join)


@given(TEXTS, st.integers(2, 20))
def test_each_row_stands_where_it_says_and_only_blanks_are_left_out(text: str, width: int) -> None:
    paragraphs = [Paragraph(each.text.expandtabs(4)) for each in paragraphs_of(text)]
    rows = rows_of(paragraphs, width)
    for place, paragraph in enumerate(paragraphs):
        done = 0
        for row in (row for row in rows if row.place == place):
            assert paragraph.text[row.start : row.start + len(row.text)] == row.text
            assert not paragraph.text[done : row.start].strip()
            done = row.start + len(row.text)
        assert not paragraph.text[done:].strip()


def test_words_are_found_in_any_case_of_letters_and_taken_as_they_are() -> None:
    paragraphs = paragraphs_of("Buy [/foo]\nbuy or buy")
    assert places_of(paragraphs, "BUY") == [Found(0, 0, 3), Found(1, 0, 3), Found(1, 7, 10)]
    assert places_of(paragraphs, "[/foo]") == [Found(0, 4, 10)]
    assert places_of(paragraphs, "b.y") == []
    assert places_of(paragraphs, "") == []
