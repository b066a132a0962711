"""The risk gate: every limit refuses what breaks it, names it, and lets reduce-only orders through."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OrderDenied
from engine.model.account import RiskLimits
from engine.model.order import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from engine.trading.risk import DenialReason, Exposure, check_order, worst_case_quantity

LIMITS = RiskLimits()
MARK = Decimal(60_000)
CALM = Exposure(
    mark=MARK,
    quote_age_ms=0,
    expected_price=MARK,
    slippage=Decimal(0),
    position=Decimal(0),
    position_leverage=0,
    symbols_at_risk=frozenset(),
    orders=(),
    recent_orders=0,
    kill_switch=False,
)


def request(**changes: object) -> OrderRequest:
    base = OrderRequest(
        trader_id=1, symbol="BTC", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal("0.1")
    )
    return msgspec.structs.replace(base, **changes)


def exposure(**changes: object) -> Exposure:
    return msgspec.structs.replace(CALM, **changes)


def resting(quantity: str, side: Side = Side.BUY, **changes: object) -> Order:
    base = Order(
        client_order_id=f"{side}{quantity}",
        trader_id=1,
        symbol="BTC",
        side=side,
        type=OrderType.LIMIT,
        quantity=Decimal(quantity),
        price=MARK,
        created_ms=0,
        updated_ms=0,
        status=OrderStatus.ACCEPTED,
    )
    return msgspec.structs.replace(base, **changes)


BREACHES: list[tuple[DenialReason, OrderRequest, Exposure]] = [
    (DenialReason.KILL_SWITCH, request(), exposure(kill_switch=True)),
    (DenialReason.TRADING_DISABLED, request(), exposure(trading_enabled=False)),
    (DenialReason.STALE_DATA, request(), exposure(quote_age_ms=LIMITS.max_quote_age_ms + 1)),
    (
        DenialReason.UNKNOWN_ORDERS,
        request(),
        exposure(orders=(resting("0.001", status=OrderStatus.UNKNOWN),)),
    ),
    (DenialReason.LEVERAGE, request(leverage=LIMITS.max_leverage + 1), CALM),
    (DenialReason.NOTIONAL, request(quantity=Decimal("0.34")), CALM),
    (DenialReason.NOTIONAL, request(), exposure(position=Decimal("0.3"))),
    (DenialReason.NOTIONAL, request(), exposure(orders=(resting("0.3"),))),
    (DenialReason.POSITIONS, request(), exposure(symbols_at_risk=frozenset({"ETH", "SOL", "XRP"}))),
    (
        DenialReason.OPEN_ORDERS,
        request(),
        exposure(orders=tuple(resting("0.001") for _ in range(LIMITS.max_open_orders))),
    ),
    (DenialReason.ORDER_RATE, request(), exposure(recent_orders=LIMITS.max_orders_per_minute)),
    (DenialReason.PRICE_COLLAR, request(type=OrderType.LIMIT, price=MARK * Decimal("1.021")), CALM),
    (
        DenialReason.PRICE_COLLAR,
        request(side=Side.SELL, type=OrderType.LIMIT, price=MARK * Decimal("0.979")),
        CALM,
    ),
    (DenialReason.SLIPPAGE, request(), exposure(slippage=Decimal("0.006"))),
]


@pytest.mark.parametrize(("reason", "order", "risk"), BREACHES)
def test_each_limit_refuses_what_breaks_it(reason: DenialReason, order: OrderRequest, risk: Exposure) -> None:
    with pytest.raises(OrderDenied) as denied:
        check_order(order, LIMITS, risk)
    assert denied.value.details["reason"] == reason


@pytest.mark.parametrize(("reason", "order", "risk"), BREACHES)
@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_exit_that_does_not_rest_passes_every_limit(
    reason: DenialReason, order: OrderRequest, risk: Exposure, time_in_force: TimeInForce
) -> None:
    check_order(msgspec.structs.replace(order, reduce_only=True, time_in_force=time_in_force), LIMITS, risk)


def test_how_many_exits_may_rest_is_bounded_and_they_do_not_crowd_out_entries() -> None:
    exits = tuple(
        resting(f"0.0{number + 10}", Side.SELL, reduce_only=True) for number in range(LIMITS.max_open_orders)
    )
    risk = exposure(orders=exits, position=Decimal("0.1"))
    one_more = request(side=Side.SELL, type=OrderType.LIMIT, price=MARK, reduce_only=True)
    with pytest.raises(OrderDenied) as denied:
        check_order(one_more, LIMITS, risk)
    assert denied.value.details["reason"] == DenialReason.OPEN_ORDERS
    check_order(request(), LIMITS, risk)


def test_every_denial_reason_has_a_breach_above() -> None:
    assert {reason for reason, _, _ in BREACHES} == set(DenialReason)


def test_a_resting_bid_far_below_the_market_is_allowed() -> None:
    check_order(request(type=OrderType.LIMIT, price=MARK / 2), LIMITS, CALM)


@given(
    position=st.decimals(-1, 1, places=3),
    resting_sizes=st.lists(st.tuples(st.sampled_from(Side), st.decimals("0.001", 1, places=3)), max_size=5),
    side=st.sampled_from(Side),
    quantity=st.decimals("0.001", 1, places=3),
    data=st.data(),
)
def test_no_subset_of_fills_exceeds_the_worst_case(
    position: Decimal,
    resting_sizes: list[tuple[Side, Decimal]],
    side: Side,
    quantity: Decimal,
    data: st.DataObject,
) -> None:
    orders = tuple(resting(str(size), order_side) for order_side, size in resting_sizes)
    order = request(side=side, quantity=quantity)
    worst = worst_case_quantity(order, exposure(position=position, orders=orders))
    filled = [resting for resting in orders if resting.side is side and data.draw(st.booleans())]
    after = position + side.sign * (quantity + sum((o.quantity for o in filled), Decimal(0)))
    assert after * side.sign <= worst


def test_what_rests_is_not_set_against_a_position_that_may_be_closed_first() -> None:
    """A short that is closed by hand must not leave more resting buys than the cap allows."""
    risk = exposure(position=Decimal("-0.1"), orders=(resting("0.3"),))
    rests = request(type=OrderType.LIMIT, price=MARK, quantity=Decimal("0.1"))
    with pytest.raises(OrderDenied) as denied:
        check_order(rests, LIMITS, risk)
    assert denied.value.details["reason"] == DenialReason.NOTIONAL
    check_order(msgspec.structs.replace(rests, time_in_force=TimeInForce.IOC), LIMITS, risk)
