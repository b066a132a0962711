"""A preview says what placing the order then does."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.exchanges.preview import preview_order
from engine.model.order import Order, OrderRequest, OrderType, Side
from engine.model.position import Position
from engine.model.quote import BookSnapshot
from tests.exchanges.paper_market import (
    BTC,
    a_wallet,
    an_order,
    btc_book,
    btc_quote,
    d,
    fills_in,
    place,
    recorded_quotes,
)

QUOTE = btc_quote(size="0.05")
BOOK = btc_book([("66999.9", "0.04"), ("66990", "1")], [("67000.1", "0.03"), ("67010", "1")])


def as_request(order: Order) -> OrderRequest:
    fields = {name: getattr(order, name) for name in OrderRequest.__struct_fields__}
    return msgspec.convert(fields, OrderRequest)


@given(
    st.sampled_from(Side),
    st.integers(2, 200),
    st.sampled_from([1, 2, 10]),
    st.sampled_from([None, BOOK]),
    st.sampled_from([None, Side.BUY, Side.SELL]),
)
def test_a_market_order_does_what_its_preview_says(
    side: Side, lots: int, leverage: int, book: BookSnapshot | None, holding: Side | None
) -> None:
    wallet = a_wallet(Decimal(1_000_000))
    if holding is not None:
        wallet, _ = place(wallet, an_order("before", holding, "0.1"), QUOTE)
    position: Position | None = next(iter(wallet.positions), None)
    order = an_order("a", side, lots * BTC.lot_size, leverage=leverage)
    preview = preview_order(as_request(order), BTC, QUOTE, book, position, 2)
    wallet, reports = place(wallet, order, QUOTE, book)
    fills = fills_in(reports)
    quantity = sum((fill.quantity for fill in fills), Decimal(0))
    notional = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    assert preview.notional == notional
    assert preview.expected_price == notional / quantity
    assert preview.fee == sum((fill.fee for fill in fills), Decimal(0))
    after = next(iter(wallet.positions), None)
    assert preview.position_after == (after.quantity if after else 0)
    assert preview.liquidation_price == (after.liquidation_price if after else None)
    assert preview.slippage > 0


def test_a_resting_limit_is_shown_as_filled_at_its_price_as_maker() -> None:
    request = as_request(an_order("a", Side.BUY, "0.1", price=d(66000), leverage=5))
    preview = preview_order(request, BTC, QUOTE, None, None, 2)
    assert (preview.expected_price, preview.margin, preview.fee) == (d(66000), d(1320), d("1.32"))
    assert preview.slippage < 0


def test_a_stop_is_shown_as_filled_at_its_trigger() -> None:
    order = an_order("a", Side.BUY, "0.1", type=OrderType.STOP_MARKET, trigger_price=d(68000))
    preview = preview_order(as_request(order), BTC, QUOTE, None, None, 2)
    assert (preview.expected_price, preview.margin) == (d(68000), d(3400))


def test_a_preview_warns_of_what_will_not_happen_as_asked() -> None:
    too_large = as_request(an_order("a", Side.BUY, "5"))
    assert "only 1.05 of 5" in preview_order(too_large, BTC, QUOTE, BOOK, None, 2).warning
    preview = preview_order(as_request(an_order("a", Side.BUY, "1")), BTC, QUOTE, BOOK, None, 2, d(10_000))
    assert preview.warning == "needs 33538.26 USDC, 10000.00 is available"


def test_reducing_needs_no_margin_and_is_cut_to_the_position() -> None:
    wallet, _ = place(a_wallet(), an_order("before", Side.BUY, "0.1"), QUOTE)
    (position,) = wallet.positions
    request = as_request(an_order("a", Side.SELL, "0.5", reduce_only=True))
    preview = preview_order(request, BTC, QUOTE, None, position, 2)
    assert preview.margin == preview.position_after == 0
    assert preview.liquidation_price is None
    assert preview.warning == "cut to the position of 0.1"


def test_slippage_grows_with_size_on_recorded_quotes() -> None:
    for quote in recorded_quotes("BTC", 10_000, 10):
        slippages = [
            preview_order(as_request(an_order("a", Side.BUY, size)), BTC, quote, None, None, 2).slippage
            for size in ("0.01", "1", "10")
        ]
        assert slippages == sorted(slippages)
        assert slippages[0] < slippages[-1]
