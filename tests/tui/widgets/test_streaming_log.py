"""The log shows what was said, follows the end while the reader is there, and paints little."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.peek import follows_end
from tests.tui.waiting import settled
from tests.tui.widgets.painted import BareApp, lines_of, record_repaints
from tui.widgets.log_text import LogBlock, LogText
from tui.widgets.streaming_log import StreamingLog
from tui.widgets.wrapping import wrap

PROSE = st.text("ab cd  漢\n", max_size=120)


def all_lines(text: LogText) -> list[str]:
    return [text.line(index).text for index in range(text.line_count)]


async def test_a_block_is_a_header_and_an_indented_body() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 8)) as pilot:
        log.put(LogBlock("1", "14:02 rsi-trader", "RSI is 28, oversold, so I look for an entry."))
        await settled(pilot)
        assert lines_of(log)[:4] == [
            "14:02 rsi-trader",
            "  RSI is 28, oversold, so I",
            "  look for an entry.",
            "",
        ]


async def test_a_block_grows_where_it_stands_and_only_its_last_line_is_painted() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 8)) as pilot:
        log.put(LogBlock("1", "first", "waits"))
        await settled(pilot)
        repainted = record_repaints(log)
        log.append("1", " for")
        log.append("1", " a signal")
        await settled(pilot)
        assert lines_of(log)[1] == "  waits for a signal"
        assert {region.y for region in repainted} == {1}


async def test_the_log_follows_the_end_only_while_the_reader_is_there() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 6)) as pilot:
        log.reset(LogBlock(str(number), f"block {number}") for number in range(20))
        await settled(pilot)
        assert follows_end(log)
        assert "block 19" in lines_of(log)
        log.focus()
        await pilot.press("k", "k")
        assert not follows_end(log)
        before = lines_of(log)
        log.put(LogBlock("20", "block 20"))
        await settled(pilot)
        assert lines_of(log) == before
        await pilot.press("G")
        assert follows_end(log)
        log.put(LogBlock("21", "block 21"))
        await settled(pilot)
        assert "block 21" in lines_of(log)


async def test_the_reader_can_page_with_the_keyboard() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 7)) as pilot:
        log.reset([LogBlock("1", "top", "\n".join(str(number) for number in range(40)))])
        await settled(pilot)
        log.focus()
        await pilot.press("g")
        assert lines_of(log)[0] == "top"
        await pilot.press("pagedown", "j")
        assert lines_of(log)[0] == "  6"


async def test_text_is_never_read_as_markup() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(40, 6)) as pilot:
        log.put(LogBlock("1", "[red]x[/red]", "[link=y]z[/link]"))
        await settled(pilot)
        assert lines_of(log)[:2] == ["[red]x[/red]", "  [link=y]z[/link]"]


async def test_an_empty_log_says_why() -> None:
    app = BareApp(log := StreamingLog(empty_text="no thoughts yet"))
    async with app.run_test(size=(40, 6)):
        assert any("no thoughts yet" in line for line in lines_of(log))


def test_only_the_newest_blocks_are_kept() -> None:
    text = LogText(width=40, max_blocks=3, gap=0)
    for number in range(10):
        text.put(LogBlock(str(number), f"b{number}"))
    text.append("0", "lost")
    assert all_lines(text) == ["b7", "b8", "b9"]


def test_a_block_put_again_replaces_the_old_one_in_place() -> None:
    text = LogText(width=40, max_blocks=9, gap=0)
    text.put(LogBlock("a", "one"))
    text.put(LogBlock("b", "two"))
    text.put(LogBlock("a", "three"))
    assert all_lines(text) == ["three", "two"]


@given(PROSE, st.integers(4, 30), st.lists(st.integers(0, 120), max_size=6))
def test_text_in_pieces_is_wrapped_as_if_it_came_at_once(body: str, width: int, cuts: list[int]) -> None:
    whole, pieces = LogText(width, 9), LogText(width, 9)
    whole.put(LogBlock("1", "head", body))
    pieces.put(LogBlock("1", "head"))
    edges = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    for start, end in pairwise(edges):
        pieces.append("1", body[start:end])
    assert all_lines(pieces) == all_lines(whole)


@given(PROSE, st.integers(4, 30), st.integers(4, 30))
def test_a_new_width_wraps_as_if_it_had_always_been_so(body: str, width: int, other: int) -> None:
    text, fresh = LogText(width, 9), LogText(other, 9)
    for log in (text, fresh):
        log.put(LogBlock("1", "head", body))
    text.set_width(other)
    assert all_lines(text) == all_lines(fresh)


@given(PROSE, st.integers(2, 30))
def test_no_line_is_wider_than_its_room_and_no_word_is_lost(body: str, width: int) -> None:
    lines = wrap(body, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(body.split())


async def test_one_who_scrolled_back_keeps_their_lines_whatever_changes_above() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 8)) as pilot:
        blocks = [LogBlock(str(number), f"block {number}") for number in range(20)]
        log.reset(blocks)
        await settled(pilot)
        log.action_scroll_lines(-6)
        before = lines_of(log)
        log.append("2", "grows\nand grows")
        await settled(pilot)
        assert lines_of(log) == before
        log.drop(["0", "1"])
        await settled(pilot)
        assert lines_of(log) == before
        log.reset([LogBlock("old", "old", "older\nthan all"), *blocks], keeps_place=True)
        await settled(pilot)
        assert lines_of(log) == before
        assert not follows_end(log)


async def test_a_log_out_of_view_paints_only_once_it_comes_back() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 8)) as pilot:
        log.put(LogBlock("1", "first", "waits"))
        await settled(pilot)
        repainted = record_repaints(log)
        log.set_in_view(False)
        log.append("1", " for a signal")
        await settled(pilot)
        assert repainted == []
        log.set_in_view(True)
        await settled(pilot)
        assert lines_of(log)[1] == "  waits for a signal"


async def test_the_cursor_marks_a_block_and_brings_it_into_the_window() -> None:
    app = BareApp(log := StreamingLog())
    async with app.run_test(size=(30, 8)) as pilot:
        log.reset(LogBlock(str(number), f"◆ block {number}") for number in range(20))
        await settled(pilot)
        log.put_cursor("3")
        await settled(pilot)
        assert "▶ block 3" in lines_of(log)
        assert "3" in log.window_blocks()
