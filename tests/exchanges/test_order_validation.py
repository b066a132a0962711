"""Orders the venue refuses, each with the field, the value and what is allowed."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidOrder, NotFound
from engine.exchanges.instruments import INSTRUMENTS, instrument_of
from engine.exchanges.validation import validate_amendment, validate_order
from engine.model.order import Order, OrderRequest, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.samples import CANDLE_SAMPLES
from tests.exchanges.paper_market import BTC, an_order, btc_quote, d

QUOTE = btc_quote("67000.0", "67000.1")
LONG = Position(
    trader_id=1,
    symbol="BTC",
    quantity=d("0.5"),
    entry_price=d(66000),
    leverage=2,
    isolated_margin=d(16500),
    mark_price=d(67000),
    liquidation_price=None,
    opened_ms=0,
)


def refusal(
    quantity: str = "0.1", side: Side = Side.BUY, position: Position | None = None, **fields: Any
) -> InvalidOrder:
    with pytest.raises(InvalidOrder) as caught:
        validate_order(an_order("a", side, quantity, **fields), BTC, QUOTE, position)
    assert set(caught.value.details) == {"field", "value", "allowed"}
    return caught.value


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_quantity_must_be_a_positive_number(quantity: str) -> None:
    assert refusal(quantity).message == (
        f"quantity: {quantity} is not a positive number; the smallest is 0.001"
    )


def test_an_order_must_be_worth_its_trouble() -> None:
    cheap = btc_quote("40000.0", "40000.1")
    with pytest.raises(InvalidOrder) as caught:
        validate_order(an_order("a", Side.BUY, "0.001"), BTC, cheap, None)
    assert caught.value.message == (
        "quantity: 0.001 is worth 40.00 USDC at 40000.0; an order must be worth at least 50 USDC"
    )


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("0.12345", "quantity: 0.12345 is not a multiple of the lot size 0.001; try 0.123"),
        ("0.00034", "quantity: 0.00034 is not a multiple of the lot size 0.001; try 0.001"),
        ("1000.001", "quantity: 1000.001 is too large; at most 1000 BTC an order"),
        ("1e40", "quantity: 1E+40 is too large; at most 1000 BTC an order"),
    ],
)
def test_a_quantity_must_fit_the_instrument(quantity: str, message: str) -> None:
    assert refusal(quantity).message == message


@pytest.mark.parametrize("field", ["price", "stop_loss", "take_profit"])
@pytest.mark.parametrize("value", ["0", "-5", "NaN", "Infinity", "67000.05", "1e50"])
def test_every_price_must_be_a_positive_multiple_of_the_tick(field: str, value: str) -> None:
    prices: dict[str, Any] = {"price": d(67000), field: d(value)}
    assert refusal(**prices).details["field"] == field


def test_an_off_tick_price_suggests_the_nearest() -> None:
    message = refusal(price=d("67000.07")).message
    assert message == "price: 67000.07 is not a multiple of the tick size 0.1; try 67000.1"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type": OrderType.LIMIT}, "price"),
        ({"type": OrderType.MARKET, "price": d(67000)}, "price"),
        ({"type": OrderType.STOP_MARKET}, "trigger_price"),
        ({"trigger_price": d(68000)}, "trigger_price"),
        ({"time_in_force": TimeInForce.POST_ONLY}, "time_in_force"),
        (
            {"type": OrderType.STOP_MARKET, "trigger_price": d(68000), "time_in_force": TimeInForce.IOC},
            "time_in_force",
        ),
        ({"leverage": 0}, "leverage"),
        ({"leverage": 126}, "leverage"),
        ({"price": d("70350.1")}, "price"),
    ],
)
def test_the_parts_of_an_order_must_belong_together(fields: dict[str, Any], field: str) -> None:
    assert refusal(**fields).details["field"] == field


@pytest.mark.parametrize(
    ("order_type", "side", "wrong", "right"),
    [
        (OrderType.STOP_MARKET, Side.BUY, "66999.9", "67000.1"),
        (OrderType.STOP_MARKET, Side.SELL, "67000.1", "66999.9"),
        (OrderType.TAKE_PROFIT_MARKET, Side.BUY, "67000.1", "66999.9"),
        (OrderType.TAKE_PROFIT_MARKET, Side.SELL, "66999.9", "67000.1"),
    ],
)
def test_a_trigger_on_the_wrong_side_would_trigger_at_once(
    order_type: OrderType, side: Side, wrong: str, right: str
) -> None:
    for trigger in (wrong, "67000.0"):
        error = refusal(side=side, type=order_type, trigger_price=d(trigger))
        assert "would trigger at once" in error.message
        assert "the mark price 67000.0" in error.message
    validate_order(an_order("a", side, "0.1", type=order_type, trigger_price=d(right)), BTC, QUOTE, None)


@pytest.mark.parametrize(
    ("side", "field", "value"),
    [
        (Side.BUY, "stop_loss", "67000.0"),
        (Side.BUY, "take_profit", "66000"),
        (Side.SELL, "stop_loss", "66000"),
        (Side.SELL, "take_profit", "68000"),
    ],
)
def test_protection_stands_on_its_own_side_of_the_entry(side: Side, field: str, value: str) -> None:
    protection: dict[str, Any] = {field: d(value)}
    error = refusal(side=side, **protection)
    assert error.details["field"] == field
    assert "wrong side" in error.message


def test_protection_of_a_resting_limit_is_measured_from_its_price() -> None:
    below_market = an_order("a", Side.BUY, "0.1", price=d(60000), stop_loss=d(59000), take_profit=d(63000))
    validate_order(below_market, BTC, QUOTE, None)
    assert refusal(price=d(60000), stop_loss=d(61000)).details["field"] == "stop_loss"


def test_a_guard_price_above_the_market_does_not_excuse_a_stop_above_it() -> None:
    assert refusal(price=d(68000), stop_loss=d(67500)).details["field"] == "stop_loss"


def test_reduce_only_needs_something_to_reduce() -> None:
    assert "there is no BTC position" in refusal(reduce_only=True).message
    assert "only a sell reduces it" in refusal(reduce_only=True, position=LONG).message
    assert (
        refusal(side=Side.SELL, reduce_only=True, position=LONG, stop_loss=d(1)).details["field"]
        == "stop_loss"
    )


def test_reduce_only_is_exempt_from_the_minimum_notional() -> None:
    validate_order(an_order("a", Side.SELL, "0.001", reduce_only=True), BTC, QUOTE, LONG)


def test_an_unknown_symbol_names_what_is_listed() -> None:
    with pytest.raises(NotFound, match="symbol: DOGE is not listed; listed are BTC, ETH, SOL"):
        instrument_of("DOGE")


def test_only_resting_limits_can_be_amended_and_only_to_more_than_has_filled() -> None:
    stop = an_order("a", Side.SELL, "0.1", type=OrderType.STOP_MARKET, trigger_price=d(60000))
    limit = an_order("b", Side.BUY, "0.1", price=d(60000), filled_quantity=d("0.05"))

    def error(order: Order, quantity: str | None, price: str | None) -> InvalidOrder:
        with pytest.raises(InvalidOrder) as caught:
            validate_amendment(
                order, (quantity and d(quantity)) or None, (price and d(price)) or None, BTC, QUOTE, None
            )
        return caught.value

    assert error(stop, "0.2", None).details["field"] == "type"
    assert error(limit, None, None).details["field"] == "quantity"
    assert "must be above 0.05" in error(limit, "0.05", None).message
    assert error(limit, None, "60000.05").details["field"] == "price"
    validate_amendment(limit, d("0.2"), d("59000"), BTC, QUOTE, None)


def test_the_table_of_instruments_agrees_with_the_recordings() -> None:
    for sample in CANDLE_SAMPLES:
        instrument = INSTRUMENTS[sample.symbol]
        assert (instrument.venue_symbol, instrument.tick_size, instrument.lot_size) == (
            sample.venue_symbol,
            sample.tick_size,
            sample.lot_size,
        )


any_decimal = st.decimals(allow_nan=True, allow_infinity=True)


@given(
    st.sampled_from(OrderType),
    st.sampled_from(Side),
    any_decimal,
    st.none() | any_decimal,
    st.none() | any_decimal,
    st.none() | any_decimal,
    st.sampled_from(TimeInForce),
    st.booleans(),
    st.none() | st.integers(-5, 200),
)
def test_whatever_arrives_is_either_sound_or_refused_as_an_invalid_order(
    order_type: OrderType,
    side: Side,
    quantity: Decimal,
    price: Decimal | None,
    trigger: Decimal | None,
    stop_loss: Decimal | None,
    time_in_force: TimeInForce,
    reduce_only: bool,
    leverage: int | None,
) -> None:
    request = OrderRequest(
        trader_id=1,
        symbol="BTC",
        side=side,
        type=order_type,
        quantity=quantity,
        price=price,
        trigger_price=trigger,
        stop_loss=stop_loss,
        time_in_force=time_in_force,
        reduce_only=reduce_only,
        leverage=leverage,
    )
    with contextlib.suppress(InvalidOrder):
        validate_order(request, BTC, QUOTE, LONG)
        assert quantity > 0
        assert BTC.is_on_lot(quantity)
        assert (price is not None) is (order_type is OrderType.LIMIT)
