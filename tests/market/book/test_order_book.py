"""The book is true or it says that it is not; checked on recorded sessions."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.book.order_book import DepthDiff, DepthSnapshot, DiffOutcome, OrderBook
from engine.model.quote import BookLevel

VECTOR = Path(__file__).resolve().parents[4] / "shared/data/vectors/binance_depth_sync_eth_20240808.json"


class Checkpoint(msgspec.Struct):
    after_u: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    bid_levels: int
    ask_levels: int


class Expected(msgspec.Struct):
    events_to_drop_u: list[int]
    first_applied_u: int
    checkpoints: list[Checkpoint]


class Vector(msgspec.Struct):
    snapshot: DepthSnapshot
    events: list[DepthDiff]
    expected: Expected


@cache
def vector() -> Vector:
    if not VECTOR.exists():
        pytest.skip("the recorded depth vector is not here")
    return msgspec.json.decode(VECTOR.read_bytes(), type=Vector)


def diff(first: int, last: int, previous: int, bids: Any = (), asks: Any = ()) -> DepthDiff:
    return DepthDiff(0, first, last, previous, levels(bids), levels(asks))


def levels(pairs: Any) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(quantity)) for price, quantity in pairs)


def small_book() -> OrderBook:
    book = OrderBook("ETH")
    bids, asks = levels([("99", "1"), ("98", "2")]), levels([("101", "1"), ("102", "2")])
    book.apply_snapshot(DepthSnapshot(100, 0, bids, asks))
    return book


def check(book: OrderBook, checkpoint: Checkpoint) -> None:
    snapshot = book.snapshot(len(checkpoint.bids))
    assert snapshot is not None
    assert [(level.price, level.quantity) for level in snapshot.bids] == checkpoint.bids
    assert [(level.price, level.quantity) for level in snapshot.asks] == checkpoint.asks
    assert book.depth == (checkpoint.bid_levels, checkpoint.ask_levels)


def test_the_recorded_vector_gives_the_expected_books() -> None:
    book = OrderBook("ETH")
    assert book.apply_snapshot(vector().snapshot) is DiffOutcome.WAITING
    checkpoints = {point.after_u: point for point in vector().expected.checkpoints}
    outcomes: dict[DiffOutcome, list[int]] = {outcome: [] for outcome in DiffOutcome}
    for event in vector().events:
        outcomes[book.apply_diff(event)].append(event.last_update_id)
        if event.last_update_id in checkpoints and book.synced:
            check(book, checkpoints.pop(event.last_update_id))
    assert outcomes[DiffOutcome.DROPPED] == vector().expected.events_to_drop_u
    assert outcomes[DiffOutcome.APPLIED][0] == vector().expected.first_applied_u
    assert outcomes[DiffOutcome.OUT_OF_SYNC] == []
    assert not checkpoints
    assert book.resyncs == 0


@settings(max_examples=30, deadline=None)
@given(before=st.integers(0, 205))
def test_a_snapshot_that_comes_late_gives_the_same_book(before: int) -> None:
    early, late = OrderBook("ETH"), OrderBook("ETH")
    early.apply_snapshot(vector().snapshot)
    for event in vector().events[:before]:
        early.apply_diff(event)
        assert late.apply_diff(event) is DiffOutcome.WAITING
        assert late.best_bid is None
    late.apply_snapshot(vector().snapshot)
    for event in vector().events[before:]:
        early.apply_diff(event)
        late.apply_diff(event)
    assert late.snapshot(1000) == early.snapshot(1000)


@settings(max_examples=40, deadline=None)
@given(missing=st.integers(6, 203))
def test_a_missing_difference_is_detected_at_the_next_one_and_a_snapshot_repairs_it(missing: int) -> None:
    book = OrderBook("ETH")
    book.apply_snapshot(vector().snapshot)
    events = vector().events
    for event in events[:missing]:
        book.apply_diff(event)
    assert book.synced
    assert book.apply_diff(events[missing + 1]) is DiffOutcome.OUT_OF_SYNC
    assert not book.synced
    assert book.snapshot(5) is None
    assert book.best_bid is None
    assert book.resyncs == 1
    fresh = msgspec.structs.replace(
        vector().snapshot, last_update_id=events[missing + 1].last_update_id, bids=(), asks=()
    )
    assert book.apply_snapshot(fresh) is DiffOutcome.APPLIED
    assert book.synced


def test_the_first_difference_must_span_the_snapshot() -> None:
    book = small_book()
    assert book.apply_diff(diff(90, 99, 89)) is DiffOutcome.DROPPED
    assert book.apply_diff(diff(101, 110, 99)) is DiffOutcome.OUT_OF_SYNC
    book = small_book()
    assert book.apply_diff(diff(100, 110, 99)) is DiffOutcome.APPLIED
    assert book.apply_diff(diff(200, 210, 110)) is DiffOutcome.APPLIED
    assert book.last_update_id == 210


def test_a_quantity_is_absolute_and_zero_removes() -> None:
    book = small_book()
    book.apply_diff(diff(100, 101, 99, bids=[("99", "5"), ("98", "0.000"), ("42", "0")], asks=[("100", "7")]))
    assert book.best_bid == BookLevel(Decimal("99"), Decimal("5"))
    assert book.best_ask == BookLevel(Decimal("100"), Decimal("7"))
    assert book.depth == (1, 3)


def test_a_crossed_book_is_given_up() -> None:
    book = small_book()
    assert book.apply_diff(diff(100, 101, 99, bids=[("101", "1")])) is DiffOutcome.OUT_OF_SYNC
    assert book.best_ask is None


def test_levels_come_best_first() -> None:
    book = small_book()
    book.apply_diff(diff(100, 101, 99, bids=[("97.5", "3")], asks=[("101.5", "3")]))
    snapshot = book.snapshot(2, ts_ms=7)
    assert snapshot is not None
    assert [level.price for level in snapshot.bids] == [Decimal("99"), Decimal("98")]
    assert [level.price for level in snapshot.asks] == [Decimal("101"), Decimal("101.5")]
    assert snapshot.ts_ms == 7
