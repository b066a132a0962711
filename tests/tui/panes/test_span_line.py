"""A line of spans: always as wide as its widget, and repainted exactly where it differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.widgets.painted import BareApp, lines_of, record_repaints
from tui.panes.span_line import MIN_GAP, Span, SpanLine, changed_cells, fit_spans

_texts = st.text(st.sampled_from("ab12 ,.▲漢字é"), max_size=12)
_spans = st.lists(
    st.builds(
        Span, _texts, st.sampled_from(["text", "gain"]), st.just(""), st.integers(0, 3), st.integers(0, 12)
    ),
    max_size=6,
)


def cells_of(spans: tuple[Span, ...]) -> list[tuple[str, str]]:
    """What a terminal holds: a character and its role in its first cell, nothing in a wide one's second."""
    cells: list[tuple[str, str]] = []
    for span in spans:
        for character in span.text:
            cells += [(character, span.role)] + [("", span.role)] * (cell_len(character) - 1)
    return cells


def test_spans_leave_whole_and_together() -> None:
    left = [Span("mode"), Span(" label ", priority=1), Span("value", priority=1)]
    assert "".join(span.text for span in fit_spans(left, [Span("end")], 21)) == "mode label value  end"
    assert "".join(span.text for span in fit_spans(left, [Span("end")], 20)) == "mode" + " " * 13 + "end"


@given(_spans, _spans, st.integers(0, 60))
def test_a_fitted_line_is_exactly_as_wide_as_asked(left: list[Span], right: list[Span], width: int) -> None:
    assert sum(cell_len(span.text) for span in fit_spans(left, right, width)) == width


@given(_spans, _spans, _spans, _spans, st.integers(1, 60))
def test_the_old_line_patched_where_it_changed_is_the_new_line(
    old_left: list[Span], old_right: list[Span], left: list[Span], right: list[Span], width: int
) -> None:
    old, new = fit_spans(old_left, old_right, width), fit_spans(left, right, width)
    before, after = cells_of(old), cells_of(new)
    changed = changed_cells(old, new)
    if changed is not None:
        start, end = changed
        assert 0 <= start < end <= width
        assert ("", "text") not in after[start : start + 1]
        before[start:end] = after[start:end]
    assert before == after


def test_a_longer_number_repaints_all_of_its_old_digits() -> None:
    left = [Span("mode  ")]
    old = fit_spans(left, [Span("9,999.99")], 14)
    new = fit_spans(left, [Span("10,000.01")], 14)
    assert changed_cells(old, new) is not None
    assert "".join(span.text for span in new) == "mode    10,00…"


def test_both_sides_are_always_parted() -> None:
    line = "".join(span.text for span in fit_spans([Span("left")], [Span("right")], 11))
    assert line == "left" + " " * MIN_GAP + "right"


def test_room_decides_what_leaves_not_the_digits() -> None:
    for number in ("1", "1000"):
        line = fit_spans([Span("label", priority=1), Span(number, room=4)], [], 8)
        assert "label" not in "".join(span.text for span in line)


@pytest.mark.parametrize("text", ["one", "一二三"])
async def test_equal_spans_cost_nothing_and_others_their_cells(text: str) -> None:
    line = SpanLine()
    async with BareApp(line).run_test(size=(20, 3)) as pilot:
        line.show([Span("a "), Span(text)])
        await pilot.pause()
        repainted = record_repaints(line)
        line.show([Span("a "), Span(text)])
        assert repainted == []
        line.show([Span("b "), Span(text)])
        assert [region.width for region in repainted] == [1]
        assert lines_of(line)[0].startswith("b ")
