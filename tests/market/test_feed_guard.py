"""What is plainly wrong goes no further, and everybody can tell how a feed does."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.feed_guard import STALE_AFTER_MS, FeedChange, FeedGuard, FeedTrouble
from engine.market.periods import MINUTE_MS
from engine.model.candle import Candle
from engine.model.chart import FeedStatus
from engine.model.order import Side
from engine.model.quote import BookLevel, BookSnapshot, Quote
from engine.model.trade import Trade

NOW = 1_700_000_000_000
ONE = Decimal(1)
GOOD_QUOTE = Quote("BTC", Decimal(99), Decimal(101), ONE, ONE, Decimal(100), NOW)
MINUTE = NOW - NOW % MINUTE_MS
GOOD_CANDLE = Candle(MINUTE, 100.0, 102.0, 99.0, 101.0, 5.0)
GOOD_TRADE = Trade("BTC", Decimal(100), ONE, Side.BUY, 7, NOW)


def book(bid: int, ask: int, ts_ms: int = NOW) -> BookSnapshot:
    return BookSnapshot("BTC", (BookLevel(Decimal(bid), ONE),), (BookLevel(Decimal(ask), ONE),), ts_ms)


def a_guard(**options: bool) -> FeedGuard:
    return FeedGuard(["BTC", "ETH"], NOW, **options)


def status(guard: FeedGuard, now_ms: int = NOW) -> FeedStatus:
    return guard.status("BTC", now_ms)


def changes(guard: FeedGuard, now_ms: int, symbol: str = "BTC") -> list[tuple[FeedTrouble, bool]]:
    """What has changed of one symbol; the other one, which is silent, may well be stale."""
    return [
        (change.trouble, change.is_over) for change in guard.take_changes(now_ms) if change.symbol == symbol
    ]


@pytest.mark.parametrize(
    ("wrong", "trouble"),
    [
        ({"bid": Decimal(101)}, FeedTrouble.CROSSED),
        ({"bid": Decimal(102)}, FeedTrouble.CROSSED),
        ({"bid": Decimal(0)}, FeedTrouble.IMPOSSIBLE),
        ({"bid": Decimal(-1)}, FeedTrouble.IMPOSSIBLE),
        ({"mark": Decimal(0)}, FeedTrouble.IMPOSSIBLE),
        ({"ask_quantity": Decimal(0)}, FeedTrouble.IMPOSSIBLE),
        ({"bid_quantity": Decimal(-2)}, FeedTrouble.IMPOSSIBLE),
        ({"ts_ms": NOW - 1}, FeedTrouble.OUT_OF_ORDER),
    ],
)
def test_a_wrong_quote_is_refused_and_told_of_once(wrong: dict[str, object], trouble: FeedTrouble) -> None:
    guard = a_guard()
    assert guard.admit_quote(GOOD_QUOTE, NOW)
    bad = msgspec.structs.replace(GOOD_QUOTE, **wrong)
    for _ in range(3):
        assert not guard.admit_quote(bad, NOW)
    assert guard.take_changes(NOW) == [FeedChange("BTC", trouble, False, NOW)]
    assert guard.admit_quote(GOOD_QUOTE, NOW)
    assert guard.take_changes(NOW) == []
    counted = status(guard)
    assert counted.crossed == 3 * (trouble is FeedTrouble.CROSSED)
    assert counted.out_of_order == 3 * (trouble is FeedTrouble.OUT_OF_ORDER)


def test_a_trouble_is_over_once_it_has_not_shown_for_the_limit() -> None:
    guard = a_guard()
    guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, bid=Decimal(500)), NOW)
    assert changes(guard, NOW) == [(FeedTrouble.CROSSED, False)]
    for second in range(1, 40):
        now_ms = NOW + 1000 * second
        guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, ts_ms=now_ms), now_ms)
        expected = [(FeedTrouble.CROSSED, True)] if second == STALE_AFTER_MS // 1000 + 1 else []
        assert changes(guard, now_ms) == expected


@pytest.mark.parametrize(
    "wrong", [{"price": Decimal(0)}, {"quantity": Decimal(0)}, {"quantity": Decimal("-1")}]
)
def test_a_trade_of_nothing_is_refused(wrong: dict[str, Decimal]) -> None:
    guard = a_guard()
    assert not guard.admit_trade(msgspec.structs.replace(GOOD_TRADE, **wrong), NOW)
    assert guard.admit_trade(GOOD_TRADE, NOW)


@pytest.mark.parametrize("consecutive", [True, False])
def test_a_trade_comes_once(consecutive: bool) -> None:
    guard = a_guard(trade_ids_are_consecutive=consecutive)
    later = msgspec.structs.replace(GOOD_TRADE, trade_id=8)
    earlier = msgspec.structs.replace(GOOD_TRADE, trade_id=6)
    assert guard.admit_trade(GOOD_TRADE, NOW)
    assert guard.admit_trade(later, NOW)
    assert not guard.admit_trade(GOOD_TRADE, NOW)
    assert not guard.admit_trade(later, NOW)
    assert guard.admit_trade(earlier, NOW) is not consecutive
    assert not guard.admit_trade(msgspec.structs.replace(GOOD_TRADE, trade_id=99, ts_ms=NOW - 1), NOW)
    assert status(guard).out_of_order == 3 + consecutive


def test_a_crossed_book_is_lost_until_the_next_true_one() -> None:
    guard = a_guard()
    assert status(guard).book == "none"
    assert guard.admit_book(book(99, 101), NOW)
    assert status(guard).book == "true"
    assert not guard.admit_book(book(101, 101), NOW)
    assert not guard.admit_book(book(103, 101), NOW)
    lost = status(guard)
    assert (lost.book, lost.resyncs, lost.crossed) == ("lost", 1, 2)
    assert changes(guard, NOW) == [(FeedTrouble.BOOK_LOST, False), (FeedTrouble.CROSSED, False)]
    assert guard.admit_book(book(99, 100), NOW)
    assert status(guard).book == "true"
    assert changes(guard, NOW) == [(FeedTrouble.BOOK_LOST, True)]
    assert not guard.admit_book(book(99, 100, NOW - 5), NOW)


def test_a_candle_that_cannot_be_is_refused() -> None:
    guard = a_guard()
    good = Candle(MINUTE, 100.0, 110.0, 90.0, 105.0, 3.0)
    assert guard.admit_candle("BTC", good, NOW + MINUTE_MS)
    for wrong in ({"high": 101.0}, {"low": 104.0}, {"close": float("nan")}, {"low": 0.0}, {"volume": -1.0}):
        assert not guard.admit_candle("BTC", msgspec.structs.replace(good, **wrong), NOW + MINUTE_MS)
    assert not guard.admit_candle("BTC", msgspec.structs.replace(good, open_ms=NOW - 60_000), NOW)


def test_open_interest_and_funding_may_not_go_back_in_time_either() -> None:
    guard = a_guard()
    assert guard.admit_open_interest("BTC", ONE, NOW, NOW)
    assert not guard.admit_open_interest("BTC", ONE, NOW - 1, NOW)
    assert not guard.admit_open_interest("BTC", -ONE, NOW + 1, NOW)
    assert guard.admit_funding_rate("BTC", -ONE, NOW - 1, NOW)
    assert not guard.admit_funding_rate("BTC", -ONE, NOW - 2, NOW)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_wherever_it_comes(text: str) -> None:
    wrong = Decimal(text)
    guard = a_guard()
    for field in ("bid", "ask", "mark", "bid_quantity", "ask_quantity"):
        assert not guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, **{field: wrong}), NOW)
    for field in ("price", "quantity"):
        assert not guard.admit_trade(msgspec.structs.replace(GOOD_TRADE, **{field: wrong}), NOW)
    assert not guard.admit_open_interest("BTC", wrong, NOW, NOW)
    assert not guard.admit_funding_rate("BTC", wrong, NOW, NOW)
    assert changes(guard, NOW) == [(FeedTrouble.IMPOSSIBLE, False)]
    assert guard.admit_quote(GOOD_QUOTE, NOW)


@pytest.mark.parametrize("level", [("NaN", "1"), ("-5", "1"), ("99", "-1"), ("99", "0"), ("99", "Infinity")])
def test_an_impossible_level_loses_the_book(level: tuple[str, str]) -> None:
    guard = a_guard()
    good = book(99, 101)
    assert guard.admit_book(good, NOW)
    wrong = BookLevel(Decimal(level[0]), Decimal(level[1]))
    assert not guard.admit_book(msgspec.structs.replace(good, bids=(wrong,)), NOW)
    assert changes(guard, NOW) == [(FeedTrouble.BOOK_LOST, False), (FeedTrouble.IMPOSSIBLE, False)]
    assert guard.has_lost_book("BTC")
    assert guard.admit_book(good, NOW)
    assert not guard.has_lost_book("BTC")


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_ms": MINUTE + 1},
        {"high": math.inf},
        {"high": math.nan},
        {"low": 0.0},
        {"open": math.nan},
        {"close": 102.5},
        {"volume": math.inf},
        {"volume": math.nan},
        {"volume": -1.0},
    ],
)
def test_a_candle_no_market_could_have_traded_is_refused(wrong: dict[str, float]) -> None:
    guard = a_guard()
    now_ms = MINUTE + MINUTE_MS
    assert not guard.admit_candle("BTC", msgspec.structs.replace(GOOD_CANDLE, **wrong), now_ms)
    assert guard.admit_candle("BTC", GOOD_CANDLE, now_ms)


def test_a_closed_candle_from_the_future_does_not_keep_the_true_ones_out() -> None:
    guard = a_guard()
    now_ms = MINUTE + MINUTE_MS
    future = msgspec.structs.replace(GOOD_CANDLE, open_ms=MINUTE + 60 * MINUTE_MS)
    assert not guard.admit_candle("BTC", future, now_ms)
    assert status(guard, now_ms).out_of_order == 1
    assert guard.admit_candle("BTC", GOOD_CANDLE, now_ms)
    # A venue whose clock is a little ahead is believed.
    assert guard.admit_candle("BTC", msgspec.structs.replace(GOOD_CANDLE, open_ms=now_ms), now_ms + 50_000)


def test_one_stamp_from_the_future_does_not_make_everything_after_it_seem_old() -> None:
    guard = a_guard()
    assert guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, ts_ms=NOW + 86_400_000), NOW)
    assert guard.admit_quote(GOOD_QUOTE, NOW)
    assert not guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, ts_ms=NOW - 1), NOW)


def test_a_symbol_is_stale_when_it_was_silent_for_longer_than_the_limit_in_market_time() -> None:
    guard = a_guard()
    limit_ms = NOW + STALE_AFTER_MS
    guard.admit_quote(GOOD_QUOTE, NOW)
    assert not guard.is_stale("BTC", limit_ms)
    assert changes(guard, limit_ms) == []
    assert guard.is_stale("BTC", limit_ms + 1)
    assert status(guard, limit_ms + 1).is_stale
    assert status(guard, limit_ms + 1).quote_age_ms == STALE_AFTER_MS + 1
    assert changes(guard, limit_ms + 1) == [(FeedTrouble.STALE, False)]
    assert changes(guard, limit_ms + 9_000) == []
    assert guard.admit_trade(msgspec.structs.replace(GOOD_TRADE, ts_ms=limit_ms), limit_ms + 10_000)
    assert not guard.is_stale("BTC", limit_ms + 10_000)
    assert changes(guard, limit_ms + 10_000) == [(FeedTrouble.STALE, True)]


def test_a_silence_nobody_looked_at_is_told_of_all_the_same() -> None:
    guard = a_guard()
    guard.admit_quote(GOOD_QUOTE, NOW)
    later_ms = NOW + 60_000
    guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, ts_ms=later_ms), later_ms)
    assert changes(guard, later_ms) == [(FeedTrouble.STALE, False), (FeedTrouble.STALE, True)]


def test_nonsense_does_not_count_as_a_sign_of_life() -> None:
    guard = a_guard()
    for second in range(20):
        now_ms = NOW + 1000 * second
        guard.admit_quote(msgspec.structs.replace(GOOD_QUOTE, bid=Decimal(999), ts_ms=now_ms), now_ms)
    assert guard.is_stale("BTC", NOW + 19_000)


def test_a_message_names_the_symbol_and_what_follows() -> None:
    began = FeedChange("BTC", FeedTrouble.STALE, False, NOW)
    assert began.message == "BTC feed: silent, its signals are suspended"
    assert msgspec.structs.replace(began, is_over=True).message.endswith("(this is over)")


@given(
    events=st.lists(
        st.tuples(st.integers(0, 30_000), st.integers(-3, 3), st.integers(95, 105), st.integers(95, 105)),
        max_size=60,
    )
)
def test_what_is_admitted_is_in_order_and_never_crossed(events: list[tuple[int, int, int, int]]) -> None:
    guard, now_ms, admitted, told = a_guard(), NOW, [], []
    for wait_ms, late_ms, bid, ask in events:
        now_ms += wait_ms
        quote = Quote("BTC", Decimal(bid), Decimal(ask), ONE, ONE, ONE, now_ms + late_ms)
        if guard.admit_quote(quote, now_ms):
            admitted.append(quote)
        told += changes(guard, now_ms)
    assert admitted == sorted(admitted, key=lambda quote: quote.ts_ms)
    assert all(quote.bid < quote.ask for quote in admitted)
    counted = status(guard, now_ms)
    assert counted.crossed + counted.out_of_order + len(admitted) == len(events)
    for trouble in FeedTrouble:
        over = [is_over for each, is_over in told if each is trouble]
        assert over == [index % 2 == 1 for index in range(len(over))]
