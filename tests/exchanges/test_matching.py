"""The fill rules: who trades how much at which price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.exchanges.matching import (
    Execution,
    Remainder,
    fill_resting,
    is_triggered,
    market_bound,
    match_new,
)
from engine.model.fill import Liquidity
from engine.model.order import OrderType, Side, TimeInForce
from tests.exchanges.paper_market import BTC, an_order, btc_book, btc_quote, d

TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER
BOOK = btc_book([("66999.9", "1"), ("66990", "2")], [("67000.1", "1"), ("67010", "2"), ("67100", "3")])


def total(executions: tuple[Execution, ...]) -> Decimal:
    return sum((execution.quantity for execution in executions), Decimal(0))


def test_a_market_order_walks_the_book_best_level_first() -> None:
    match = match_new(an_order("a", Side.BUY, "2.5"), d("2.5"), btc_quote(size="1"), BOOK, BTC)
    assert match.executions == (
        Execution(d("67000.1"), d(1), TAKER),
        Execution(d("67010"), d("1.5"), TAKER),
    )
    assert match.remainder is Remainder.EXPIRES


def test_a_market_order_larger_than_the_book_says_what_was_there() -> None:
    match = match_new(an_order("a", Side.SELL, "5"), d(5), btc_quote(size="1"), BOOK, BTC)
    assert total(match.executions) == d(4)
    assert "only 4 of 5" in match.reason


def test_without_a_book_the_touch_shows_its_size_and_the_rest_pays_a_tick_per_displayed_size() -> None:
    quote = btc_quote(size="1")
    match = match_new(an_order("a", Side.BUY, "3.5"), d("3.5"), quote, None, BTC)
    assert match.executions == (
        Execution(d("67000.1"), d(1), TAKER),
        Execution(d("67000.4"), d("2.5"), TAKER),
    )


def test_a_limit_bounds_what_the_quote_has_to_offer() -> None:
    quote = btc_quote(size="1")
    order = an_order("a", Side.BUY, "9", price=d("67000.3"))
    match = match_new(order, d(9), quote, None, BTC)
    assert total(match.executions) == d(3)
    assert match.executions[-1].price == d("67000.3")
    assert match.remainder is Remainder.RESTS


def test_a_market_order_stops_five_percent_from_the_mark() -> None:
    book = btc_book([], [("67000.1", "0.5"), ("70350.0", "0.5"), ("70350.1", "0.5")])
    match = match_new(an_order("a", Side.BUY, "1.5"), d("1.5"), btc_quote(size="0.5"), book, BTC)
    assert market_bound(Side.BUY, d("67000.0")) == d("70350")
    assert total(match.executions) == d(1)


def test_a_book_with_an_empty_side_gives_the_touch_and_a_quote_without_size_nothing() -> None:
    order = an_order("a", Side.BUY, "1")
    match = match_new(order, d(1), btc_quote(size="0.4"), btc_book([("1", "1")], []), BTC)
    assert match.executions == (Execution(d("67000.1"), d("0.4"), TAKER),)
    for book in (None, BOOK):
        assert match_new(order, d(1), btc_quote(size="0"), book, BTC).executions == ()


def test_of_a_stale_book_only_what_lies_beyond_the_quote_counts() -> None:
    """The market has jumped up: the book's asks still stand below the live bid."""
    book = btc_book([("66989", "1")], [("66990", "9"), ("67000.1", "9"), ("67000.2", "1"), ("67010", "2")])
    match = match_new(an_order("a", Side.BUY, "3"), d(3), btc_quote(size="0.5"), book, BTC)
    assert match.executions == (
        Execution(d("67000.1"), d("0.5"), TAKER),
        Execution(d("67000.2"), d(1), TAKER),
        Execution(d("67010"), d("1.5"), TAKER),
    )


def test_a_stale_book_does_not_make_a_post_only_order_take() -> None:
    order = an_order("a", Side.BUY, "1", price=d("67000.0"), time_in_force=TimeInForce.POST_ONLY)
    stale = btc_book([], [("66990", "9")])
    assert match_new(order, d(1), btc_quote(), stale, BTC).remainder is Remainder.RESTS


@pytest.mark.parametrize(
    ("time_in_force", "filled", "remainder"),
    [
        (TimeInForce.GTC, d(3), Remainder.RESTS),
        (TimeInForce.IOC, d(3), Remainder.EXPIRES),
        (TimeInForce.FOK, d(0), Remainder.EXPIRES),
        (TimeInForce.POST_ONLY, d(0), Remainder.REJECTED),
    ],
)
def test_time_in_force_of_a_crossing_limit(
    time_in_force: TimeInForce, filled: Decimal, remainder: Remainder
) -> None:
    order = an_order("a", Side.BUY, "4", price=d("67010"), time_in_force=time_in_force)
    match = match_new(order, d(4), btc_quote(size="1"), BOOK, BTC)
    assert total(match.executions) == filled
    assert match.remainder is remainder
    assert bool(match.reason) is (remainder is not Remainder.RESTS)


def test_post_only_rests_when_it_does_not_cross() -> None:
    order = an_order("a", Side.BUY, "4", price=d("67000.0"), time_in_force=TimeInForce.POST_ONLY)
    assert match_new(order, d(4), btc_quote(), BOOK, BTC).remainder is Remainder.RESTS


def test_a_resting_limit_fills_whole_when_the_market_goes_through_it() -> None:
    order = an_order("a", Side.BUY, "8", price=d("66000"))
    through = btc_quote("65999.8", "65999.9", size="1")
    assert fill_resting(order, through) == Execution(d("66000"), d(8), MAKER)


def test_a_resting_limit_fills_the_displayed_size_when_the_market_stands_at_it() -> None:
    order = an_order("a", Side.SELL, "8", price=d("68000"))
    at = btc_quote("68000", "68000.1", size="1.5")
    assert fill_resting(order, at) == Execution(d("68000"), d("1.5"), MAKER)
    assert fill_resting(order, btc_quote("67999.9", "68000")) is None


@pytest.mark.parametrize(
    ("order_type", "side", "triggering", "waiting"),
    [
        (OrderType.STOP_MARKET, Side.BUY, "67000", "66999.9"),
        (OrderType.STOP_MARKET, Side.SELL, "67000", "67000.1"),
        (OrderType.TAKE_PROFIT_MARKET, Side.BUY, "67000", "67000.1"),
        (OrderType.TAKE_PROFIT_MARKET, Side.SELL, "67000", "66999.9"),
    ],
)
def test_triggers_compare_with_the_mark(
    order_type: OrderType, side: Side, triggering: str, waiting: str
) -> None:
    order = an_order("a", side, "1", type=order_type, trigger_price=d("67000"))
    assert is_triggered(order, d(triggering))
    assert not is_triggered(order, d(waiting))


@given(
    st.sampled_from(Side),
    st.integers(1, 50_000),
    st.integers(0, 3_000),
    st.integers(-500, 500),
    st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
)
def test_never_more_than_asked_never_worse_than_the_limit_and_slippage_grows(
    side: Side, lots: int, displayed: int, ticks: int, time_in_force: TimeInForce
) -> None:
    quantity = lots * BTC.lot_size
    quote = btc_quote(size=str(displayed * BTC.lot_size))
    limit = quote.mid.quantize(BTC.tick_size) + ticks * BTC.tick_size
    order = an_order("a", side, quantity, price=limit, time_in_force=time_in_force)
    match = match_new(order, quantity, quote, None, BTC)
    filled = total(match.executions)
    assert filled <= quantity
    assert all(execution.quantity > 0 for execution in match.executions)
    assert all((limit - execution.price) * side.sign >= 0 for execution in match.executions)
    assert all(BTC.is_on_tick(e.price) and BTC.is_on_lot(e.quantity) for e in match.executions)
    if time_in_force is TimeInForce.FOK:
        assert filled in (0, quantity)
    worsening = [execution.price * side.sign for execution in match.executions]
    assert worsening == sorted(worsening)
