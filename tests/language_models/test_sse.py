"""Server-sent events: the same events whatever the pieces they come in."""

from __future__ import annotations

import itertools
from codecs import BOM_UTF8

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language_models.sse import MAX_EVENT_BYTES, EventStreamParser, EventTooLong

STREAM = (
    b": a comment\n"
    b"event: message\nid: 7\nretry: 10\ndata: one\n\n"
    b"data:two\r\n\r\n"
    b"data: three\rdata: more\r\r"
    b"\n\n\n"
    b"data\n\n"
    b"data: gr\xc3\xb6\xc3\x9fer\n\n"
    b"unknown: x\n\n"
    b"data: last"
)
EVENTS = [b"one", b"two", b"three\nmore", b"", "größer".encode(), b"last"]


def parse(pieces: list[bytes]) -> list[bytes]:
    parser = EventStreamParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.finish()


def test_the_fields_and_line_ends_of_the_standard() -> None:
    assert parse([STREAM]) == EVENTS


def test_a_byte_order_mark_at_the_start_is_no_part_of_the_first_field() -> None:
    assert parse([BOM_UTF8 + STREAM]) == EVENTS
    assert parse([(BOM_UTF8 + STREAM)[i : i + 1] for i in range(len(STREAM) + 3)]) == EVENTS
    assert parse([b"data: one\n\n" + BOM_UTF8 + b"data: two\n\n"]) == [b"one"]


def test_byte_by_byte() -> None:
    assert parse([STREAM[i : i + 1] for i in range(len(STREAM))]) == EVENTS


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_cut_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert parse([STREAM[start:end] for start, end in itertools.pairwise(edges)]) == EVENTS


@pytest.mark.parametrize("piece", [b"x" * 10_000, b"data: " + b"x" * 10_000 + b"\n"])
def test_an_event_without_end_is_cut_off(piece: bytes) -> None:
    parser = EventStreamParser()
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        assert parser.feed(piece) == []
    with pytest.raises(EventTooLong):
        parser.feed(piece * 2)
