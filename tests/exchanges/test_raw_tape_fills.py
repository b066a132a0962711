"""On a recorded book that lags its quotes, nothing trades at a better price than the quote shows."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.matching import fill_resting, liquidity, match_new
from engine.exchanges.paper_state import apply_quote
from engine.exchanges.preview import preview_order
from engine.market.replay.raw_frames import RawTape
from engine.model.order import OrderRequest, OrderType, Side
from engine.model.quote import BookSnapshot, Quote
from engine.samples import RAW_SAMPLE
from tests.exchanges.paper_market import a_wallet, an_order, fills_in, place

ETH = INSTRUMENTS["ETH"]
Market = tuple[Quote, BookSnapshot]


@cache
def recorded_market() -> tuple[Market, ...]:
    """Every recorded quote with the book that was on show at that moment."""
    market: list[Market] = []
    book: BookSnapshot | None = None
    for moment in RawTape(RAW_SAMPLE).moments(0):
        for event in moment.events:
            if isinstance(event, BookSnapshot):
                book = event
            elif isinstance(event, Quote) and book is not None:
                market.append((event, book))
    return tuple(market)


def touch_price(side: Side, quote: Quote) -> Decimal:
    return quote.ask if side is Side.BUY else quote.bid


moments = st.integers(0, 53_000).map(lambda index: recorded_market()[index % len(recorded_market())])
quantities = st.integers(20, 2_000_000).map(lambda lots: lots * ETH.lot_size)


def test_the_recorded_book_does_cross_its_quote_but_what_can_be_taken_never_does() -> None:
    crossed = 0
    for quote, book in recorded_market():
        crossed += book.asks[0].price < quote.bid or book.bids[0].price > quote.ask
        for side in Side:
            prices = [level.price * side.sign for level in liquidity(side, quote, book)]
            assert prices[0] == touch_price(side, quote) * side.sign
            assert all(better < worse for better, worse in pairwise(prices))
    assert crossed > len(recorded_market()) / 10


@given(moments, st.sampled_from(Side), quantities, st.integers(-300, 300))
def test_no_taker_fill_is_better_than_the_touch(
    market: Market, side: Side, quantity: Decimal, ticks: int
) -> None:
    quote, book = market
    price = touch_price(side, quote)
    limit = price + ticks * ETH.tick_size
    for order in (
        an_order("m", side, quantity, symbol="ETH"),
        an_order("l", side, quantity, symbol="ETH", price=limit),
    ):
        for execution in match_new(order, quantity, quote, book, ETH).executions:
            assert (execution.price - price) * side.sign >= 0
    resting = an_order("r", side, quantity, symbol="ETH", price=limit)
    filled = fill_resting(resting, quote)
    assert (filled is not None) is ((limit - price) * side.sign >= 0)


@given(moments, st.sampled_from(Side), quantities)
def test_a_preview_never_promises_a_better_price_than_the_touch(
    market: Market, side: Side, quantity: Decimal
) -> None:
    quote, book = market
    request = OrderRequest(trader_id=1, symbol="ETH", side=side, type=OrderType.MARKET, quantity=quantity)
    expected = preview_order(request, ETH, quote, book, None, 1).expected_price
    assert (expected - touch_price(side, quote)) * side.sign >= 0


@given(moments, st.sampled_from(Side), st.integers(20, 500))
def test_turning_around_at_once_costs_the_spread_and_the_fees(market: Market, side: Side, lots: int) -> None:
    quote, book = market
    start = a_wallet(Decimal(100_000))
    quantity = lots * ETH.lot_size
    wallet, reports = place(start, an_order("in", side, quantity, symbol="ETH"), quote, book)
    assert fills_in(reports)
    wallet, _ = place(wallet, an_order("out", side.opposite, quantity, symbol="ETH"), quote, book)
    wallet, _ = apply_quote(wallet, quote, book)
    assert wallet.realized_pnl < 0
    assert wallet.cash < start.cash
