"""From typed values to a request, and from a preview to the figures on the screen."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import InvalidOrder
from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from engine.model.preview import OrderPreview
from tests.tui.recorded_books import INSTRUMENTS, PAST_ORDERS, TICKERS
from tui.commands import Entry, PlaceOrder, QuantityUnit
from tui.order_entry import order_proof, order_request, preview_facts, preview_warning, request_sentence

D = Decimal
BTC, QUOTE = INSTRUMENTS[0], TICKERS[0].quote


def preview(notional: str = "1000", slippage: str = "0.001", **order: object) -> OrderPreview:
    command = PlaceOrder(side=Side.BUY, symbol="BTC", quantity=D("0.5"), **order)  # type: ignore[arg-type]
    return OrderPreview(
        request=order_request(command, 3, BTC, QUOTE),
        expected_price=command.price or QUOTE.ask,
        notional=D(notional),
        margin=D(500),
        fee=D(1),
        slippage=D(slippage),
        liquidation_price=None,
        position_after=D("0.5"),
    )


def fact(of: OrderPreview) -> tuple[str, str]:
    return preview_facts(of, BTC, QUOTE)[3]


def test_an_amount_is_divided_by_its_own_price_and_rounded_down_to_the_lot() -> None:
    order = PlaceOrder(
        side=Side.BUY,
        symbol="BTC",
        quantity=D(1000),
        unit=QuantityUnit.USD,
        entry=Entry.LIMIT,
        price=D(60000),
    )
    assert order_request(order, 3, BTC, QUOTE).quantity == D("0.016")


def test_an_amount_below_one_lot_says_what_a_lot_costs() -> None:
    order = PlaceOrder(side=Side.BUY, symbol="BTC", quantity=D(10), unit=QuantityUnit.USD)
    with pytest.raises(InvalidOrder, match=r"smallest lot of BTC costs 67\.01 usd") as caught:
        order_request(order, 3, BTC, QUOTE)
    assert caught.value.details["field"] == "quantity"


def test_an_order_that_waits_says_how_far_away_and_never_a_slippage() -> None:
    assert fact(preview(entry=Entry.LIMIT, price=D(47600), slippage="-0.289")) == ("rests", "29.0% below")
    assert fact(preview(entry=Entry.STOP, price=D(70364))) == ("triggers", "5.0% above")


def test_an_order_that_trades_now_says_its_slippage() -> None:
    assert fact(preview()) == ("slippage", "+0.100%")
    assert fact(preview(entry=Entry.LIMIT, price=D(68000)))[0] == "slippage"


def test_an_order_that_cannot_fill_is_warned_about() -> None:
    killed = preview("0", entry=Entry.LIMIT, price=D(60000), time_in_force=TimeInForce.FOK)
    assert preview_warning(killed) == "Nothing would fill at this price now."
    assert fact(killed) == ("slippage", "–")


def test_a_request_in_words_calls_each_thing_by_its_one_name() -> None:
    order = PlaceOrder(
        side=Side.SELL,
        symbol="BTC",
        quantity=D("0.5"),
        entry=Entry.TAKE_PROFIT,
        price=D(70000),
        reduce_only=True,
    )
    request = order_request(order, 3, BTC, QUOTE)
    assert request.type is OrderType.TAKE_PROFIT_MARKET
    assert request_sentence(request, BTC) == "SELL 0.500 BTC take profit 70,000.0, reduce-only"


def test_a_proof_speaks_of_open_orders_not_of_accepted_ones() -> None:
    proofs = {status: order_proof(_with(status)) for status in OrderStatus}
    assert proofs[OrderStatus.ACCEPTED].startswith("BUY 9 ETH: open")
    assert not any("accepted" in proof or "_filled" in proof for proof in proofs.values())


def _with(status: OrderStatus) -> Order:
    return msgspec.structs.replace(PAST_ORDERS[0], status=status, status_reason="")
