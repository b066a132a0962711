"""Recorded sessions with frames removed, doubled and swapped: noticed, and healed by a snapshot."""

from __future__ import annotations

import math
from functools import cache
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.book.order_book import DepthDiff, DepthSnapshot, DiffOutcome, OrderBook, near_depth
from engine.market.feed_guard import FeedGuard, FeedTrouble
from engine.market.flow.accumulator import FlowAccumulator
from engine.market.replay.hyperliquid_frames import (
    HyperliquidBook,
    decode_hyperliquid_frame,
    read_hyperliquid_frames,
)
from engine.market.replay.raw_frames import TradeFrame, read_frames
from engine.model.flow import FlowSample
from engine.model.quote import BookSnapshot
from engine.model.trade import Trade
from engine.samples import RAW_SAMPLE

RAW = Path(__file__).resolve().parents[3] / "shared" / "data" / "raw"
BINANCE = sorted(RAW.glob("binance_um_*.frames.xz")) or [RAW_SAMPLE.path]
HYPERLIQUID = RAW / "hyperliquid_BTC_20250126.frames.xz"
FRAMES_READ = 7_000
EVERYTHING = 100_000

captures = st.sampled_from(BINANCE)


class Session(msgspec.Struct, frozen=True):
    """The beginning of a capture: the snapshot, what follows it, and all trades as they arrived."""

    snapshot: DepthSnapshot
    diffs: tuple[DepthDiff, ...]
    trades: tuple[Trade, ...]


@cache
def session(capture: Path) -> Session:
    frames = list(islice(read_frames(capture), FRAMES_READ))
    (snapshot,) = (frame for _, frame in frames if isinstance(frame, DepthSnapshot))
    return Session(
        snapshot,
        tuple(
            frame
            for _, frame in frames
            if isinstance(frame, DepthDiff) and frame.last_update_id >= snapshot.last_update_id
        ),
        tuple(frame.trade("X", ts_ms) for ts_ms, frame in frames if isinstance(frame, TradeFrame)),
    )


@cache
def reference(capture: Path, count: int) -> OrderBook:
    """The book after the first `count` differences."""
    book = OrderBook("X")
    book.apply_snapshot(session(capture).snapshot)
    for diff in session(capture).diffs[:count]:
        assert book.apply_diff(diff) is DiffOutcome.APPLIED
    return book


def snapshot_of(book: OrderBook) -> DepthSnapshot:
    whole = book.snapshot(EVERYTHING)
    assert whole is not None
    assert book.last_update_id is not None
    bids, asks = (tuple((each.price, each.quantity) for each in side) for side in (whole.bids, whole.asks))
    return DepthSnapshot(book.last_update_id, 0, bids, asks)


@settings(max_examples=12, deadline=None)
@given(capture=captures, data=st.data())
def test_a_removed_difference_is_noticed_at_the_next_one_and_the_next_snapshot_heals(
    capture: Path, data: st.DataObject
) -> None:
    diffs = session(capture).diffs
    assert len(diffs) > 300
    removed = data.draw(st.integers(1, len(diffs) - 40))
    arrives = removed + data.draw(st.integers(2, 30))
    book = OrderBook("X")
    book.apply_snapshot(session(capture).snapshot)
    for diff in diffs[:removed]:
        book.apply_diff(diff)
    assert book.apply_diff(diffs[removed + 1]) is DiffOutcome.OUT_OF_SYNC
    assert book.snapshot(1) is None
    for diff in diffs[removed + 2 : arrives]:
        assert book.apply_diff(diff) is DiffOutcome.WAITING
    book.apply_snapshot(snapshot_of(reference(capture, arrives - 1)))
    for diff in diffs[arrives:]:
        assert book.apply_diff(diff) is DiffOutcome.APPLIED
    assert book.resyncs == 1
    assert book.snapshot(EVERYTHING) == reference(capture, len(diffs)).snapshot(EVERYTHING)


@settings(max_examples=12, deadline=None)
@given(capture=captures, data=st.data())
def test_a_doubled_difference_changes_nothing(capture: Path, data: st.DataObject) -> None:
    diffs = session(capture).diffs
    doubled = data.draw(st.integers(0, len(diffs) - 20))
    later = doubled + data.draw(st.integers(0, 10))
    book = OrderBook("X")
    book.apply_snapshot(session(capture).snapshot)
    for diff in diffs[: later + 1]:
        book.apply_diff(diff)
    assert book.apply_diff(diffs[doubled]) is DiffOutcome.DROPPED
    for diff in diffs[later + 1 :]:
        assert book.apply_diff(diff) is DiffOutcome.APPLIED
    assert book.snapshot(EVERYTHING) == reference(capture, len(diffs)).snapshot(EVERYTHING)


@settings(max_examples=12, deadline=None)
@given(capture=captures, data=st.data())
def test_swapped_differences_are_noticed_and_the_next_snapshot_heals(
    capture: Path, data: st.DataObject
) -> None:
    diffs = session(capture).diffs
    at = data.draw(st.integers(1, len(diffs) - 10))
    book = OrderBook("X")
    book.apply_snapshot(session(capture).snapshot)
    for diff in diffs[:at]:
        book.apply_diff(diff)
    assert book.apply_diff(diffs[at + 1]) is DiffOutcome.OUT_OF_SYNC
    assert book.apply_diff(diffs[at]) is DiffOutcome.WAITING
    book.apply_snapshot(snapshot_of(reference(capture, at + 2)))
    for diff in diffs[at + 2 :]:
        assert book.apply_diff(diff) is DiffOutcome.APPLIED
    assert book.snapshot(EVERYTHING) == reference(capture, len(diffs)).snapshot(EVERYTHING)


@pytest.mark.parametrize("capture", BINANCE, ids=lambda path: path.name.split(".")[0])
def test_the_running_depth_is_the_sum_of_the_levels_near_the_mid(capture: Path) -> None:
    book = OrderBook("X")
    book.apply_snapshot(session(capture).snapshot)
    for number, diff in enumerate(session(capture).diffs):
        book.apply_diff(diff)
        if number % 25 == 0:
            shown, whole = book.snapshot(1), book.snapshot(EVERYTHING)
            assert shown is not None
            assert whole is not None
            added_up = near_depth(msgspec.structs.replace(whole, near_bids=None))
            assert (shown.near_bids, shown.near_asks) == added_up
            assert min(added_up) > 1_000_000


def samples_of(trades: list[Trade]) -> tuple[FlowAccumulator, FeedGuard, list[FlowSample]]:
    flow, guard = FlowAccumulator(), FeedGuard(["X"], trades[0].ts_ms)
    for trade in trades:
        if guard.admit_trade(trade, trade.ts_ms):
            missing = flow.on_trade(trade, trade.ts_ms)
            if missing:
                guard.on_missing_trades("X", missing, trade.ts_ms)
    flow.close_until(trades[-1].ts_ms + 15_000)
    return flow, guard, flow.take_closed()


@settings(max_examples=15, deadline=None)
@given(capture=captures, data=st.data())
def test_a_removed_trade_makes_exactly_the_running_sample_unknown(capture: Path, data: st.DataObject) -> None:
    trades = list(session(capture).trades)
    removed = data.draw(st.integers(1, len(trades) - 2))
    flow, guard, holed = samples_of(trades[:removed] + trades[removed + 1 :])
    _, _, whole = samples_of(trades)
    noticed_ms = trades[removed + 1].ts_ms
    assert flow.missing_trades == guard.status("X", noticed_ms).missing_trades == 1
    assert any(change.trouble is FeedTrouble.TRADES_MISSING for change in guard.take_changes(noticed_ms))
    assert len(whole) >= 1
    assert not any(math.isnan(sample.buy_notional) for sample in whole)
    for sample in holed:
        runs = sample.close_ms - 15_000 <= noticed_ms < sample.close_ms
        assert math.isnan(sample.buy_notional) == math.isnan(sample.sell_notional) == runs


@settings(max_examples=15, deadline=None)
@given(capture=captures, data=st.data())
def test_doubled_and_swapped_trades_never_count_twice(capture: Path, data: st.DataObject) -> None:
    trades = list(session(capture).trades)
    at = data.draw(st.integers(1, len(trades) - 2))
    _, guard, samples = samples_of([*trades[: at + 1], trades[at], *trades[at + 1 :]])
    _, _, whole = samples_of(trades)
    assert samples == whole
    assert guard.status("X", 0).out_of_order == 1
    swapped = [*trades[:at], trades[at + 1], trades[at], *trades[at + 2 :]]
    _, guard, samples = samples_of(swapped)
    assert guard.status("X", 0).out_of_order == 1
    assert guard.status("X", 0).missing_trades == 1
    assert sum(sample.trades for sample in samples) <= sum(sample.trades for sample in whole)


def hyperliquid() -> list[tuple[int, HyperliquidBook | tuple[Trade, ...]]]:
    if not HYPERLIQUID.exists():
        pytest.skip("the recorded Hyperliquid frames are not here")
    return list(read_hyperliquid_frames(HYPERLIQUID))


def test_whole_books_of_hyperliquid_go_through_the_same_book_and_guard() -> None:
    frames = hyperliquid()
    book, flow = OrderBook("BTC"), FlowAccumulator(trade_ids_are_consecutive=False)
    guard = FeedGuard(["BTC"], frames[0][0], trade_ids_are_consecutive=False)
    books, repeated = 0, 0
    for ts_ms, frame in frames:
        if isinstance(frame, HyperliquidBook):
            assert book.apply_whole(frame.book) is DiffOutcome.APPLIED
            snapshot = book.snapshot(20)
            assert snapshot is not None
            assert snapshot.bids[0].price < snapshot.asks[0].price
            assert guard.admit_book(snapshot, ts_ms)
            flow.on_book(snapshot, ts_ms)
            books += 1
        else:
            for trade in frame:
                assert guard.admit_trade(trade, ts_ms)
                flow.on_trade(trade, ts_ms)
                repeated += trade.ts_ms < frames[0][0] - 15_000
    assert (books, book.resyncs, guard.status("BTC", 0).out_of_order) == (46, 0, 0)
    assert repeated > 0
    flow.close_until(frames[-1][0] + 1_000)  # the recording ends just before its interval does
    (sample,) = flow.take_closed()
    within = [
        trade
        for ts_ms, frame in frames
        if not isinstance(frame, HyperliquidBook) and sample.close_ms - 15_000 <= ts_ms < sample.close_ms
        for trade in frame
    ]
    assert sample.trades == len(within) > 0
    assert sample.buy_notional + sample.sell_notional == pytest.approx(
        float(sum(trade.price * trade.quantity for trade in within))
    )
    assert sample.bid_depth > 0


def test_a_doubled_or_late_whole_book_does_no_harm_and_a_crossed_one_is_given_up() -> None:
    first, second = [frame for _, frame in hyperliquid() if isinstance(frame, HyperliquidBook)][5:7]
    book = OrderBook("BTC")
    book.apply_whole(second.book)
    true = book.snapshot(20)
    assert book.apply_whole(first.book) is DiffOutcome.DROPPED
    assert book.apply_whole(second.book) is DiffOutcome.APPLIED
    assert book.snapshot(20) == true
    crossed = msgspec.structs.replace(second.book, bids=second.book.asks, asks=second.book.bids)
    assert book.apply_whole(crossed) is DiffOutcome.OUT_OF_SYNC
    assert (book.synced, book.resyncs, book.best_bid) == (False, 1, None)
    assert book.apply_whole(second.book) is DiffOutcome.APPLIED
    assert isinstance(book.snapshot(1), BookSnapshot)


def test_doubled_hyperliquid_trades_are_refused_though_their_ids_have_no_order() -> None:
    frames = [(ts_ms, frame) for ts_ms, frame in hyperliquid() if isinstance(frame, tuple)]
    guard = FeedGuard(["BTC"], frames[0][0], trade_ids_are_consecutive=False)
    assert all(guard.admit_trade(trade, ts_ms) for ts_ms, frame in frames for trade in frame)
    assert not any(guard.admit_trade(trade, ts_ms) for ts_ms, frame in frames for trade in frame)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"channel":"l2Book","data":{}}', b'{"channel":"x"}', b"\xff"])
def test_a_hyperliquid_frame_that_cannot_be_read_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"frame: .* it cannot be read"):
        decode_hyperliquid_frame(text)
