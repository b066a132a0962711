"""What an order must pass: the venue's rules first, then the trader's limits, each by its name."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import InvalidOrder, OrderDenied
from engine.exchanges.instruments import INSTRUMENTS
from engine.model.account import RiskLimits, TraderConfig, TraderKind
from engine.model.order import OrderRequest, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.quote import Quote
from engine.trading.order_check import Situation, check_request
from engine.trading.risk import DenialReason

BTC = INSTRUMENTS["BTC"]
D = Decimal
TRADER = TraderConfig(
    trader_id=1,
    name="tester",
    kind=TraderKind.PROGRAM,
    initial_capital=D(10_000),
    symbols=("BTC",),
    limits=RiskLimits(max_notional=D(7_000)),
)
CALM = Situation(
    quote=Quote("BTC", D("59999.9"), D(60_000), D("0.5"), D("0.5"), D(60_000), 1),
    book=None,
    position=None,
    symbols_at_risk=frozenset(),
    orders=(),
    recent_orders=0,
)


def wanted(**changes: object) -> OrderRequest:
    base = OrderRequest(
        trader_id=1,
        symbol="BTC",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=D("0.1"),
        price=D(60_100),
        time_in_force=TimeInForce.IOC,
        leverage=2,
    )
    return msgspec.structs.replace(base, **changes)


def check(request: OrderRequest, **changes: object) -> None:
    check_request(request, TRADER, BTC, msgspec.structs.replace(CALM, **changes))


def held(quantity: str, leverage: int = 2) -> Position:
    return Position(
        trader_id=1,
        symbol="BTC",
        quantity=D(quantity),
        entry_price=D(60_000),
        leverage=leverage,
        isolated_margin=D(1_000),
        mark_price=D(60_000),
        liquidation_price=None,
        opened_ms=0,
    )


def test_an_order_that_keeps_every_rule_passes() -> None:
    check(wanted())


def test_a_symbol_that_is_not_the_traders_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidOrder, match=r"ETH.*trades BTC"):
        check(wanted(symbol="ETH"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": D("0.0105")}, "quantity"),
        ({"price": D("60000.05")}, "price"),
        ({"leverage": 126}, "leverage"),
        ({"quantity": D("0.0001")}, "quantity"),
        ({"stop_loss": D(61_000)}, "stop_loss"),
        ({"reduce_only": True}, "reduce_only"),
    ],
)
def test_a_rule_of_the_venue_comes_before_a_limit_of_the_trader(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidOrder, match=field):
        check(wanted(**changes), kill_switch=True)


@pytest.mark.parametrize(
    ("request_changes", "situation", "reason"),
    [
        ({}, {"kill_switch": True}, DenialReason.KILL_SWITCH),
        ({}, {"quote_age_ms": 60_000}, DenialReason.STALE_DATA),
        ({"leverage": 6}, {}, DenialReason.LEVERAGE),
        ({"quantity": D("0.2")}, {}, DenialReason.NOTIONAL),
        ({}, {"position": held("0.1")}, DenialReason.NOTIONAL),
        ({}, {"symbols_at_risk": frozenset({"ETH", "SOL", "XRP"})}, DenialReason.POSITIONS),
        ({}, {"recent_orders": 30}, DenialReason.ORDER_RATE),
        ({"price": D(62_000)}, {}, DenialReason.PRICE_COLLAR),
        ({"leverage": None}, {"position": held("0.01", leverage=9)}, DenialReason.LEVERAGE),
    ],
)
def test_each_limit_of_the_trader_refuses_by_its_name(
    request_changes: dict[str, object], situation: dict[str, object], reason: DenialReason
) -> None:
    with pytest.raises(OrderDenied) as denied:
        check(wanted(**request_changes), **situation)
    assert denied.value.details["reason"] == reason


def market(quantity: str, side: Side = Side.BUY) -> OrderRequest:
    return wanted(
        type=OrderType.MARKET, price=None, quantity=D(quantity), side=side, time_in_force=TimeInForce.IOC
    )


def test_only_a_market_order_can_slip_too_far() -> None:
    # What the touch does not show stands a tick worse each, up to far beyond half a per cent.
    thin = msgspec.structs.replace(CALM.quote, ask_quantity=D("0.001"), ask=D(60_800))
    with pytest.raises(OrderDenied) as denied:
        check(market("0.1"), quote=thin)
    assert denied.value.details["reason"] == DenialReason.SLIPPAGE
    check(wanted(price=D(60_800)), quote=thin)


def test_what_only_reduces_passes_whatever_the_limits_say() -> None:
    closing = msgspec.structs.replace(market("0.1", Side.SELL), reduce_only=True)
    check(closing, position=held("0.1"), kill_switch=True, quote_age_ms=10**9, recent_orders=10**6)


def test_the_notional_is_reckoned_at_the_dearer_of_mark_and_expected_price() -> None:
    dear = msgspec.structs.replace(CALM.quote, ask=D(61_000), bid=D(60_999))
    check(wanted(price=D(61_000), quantity=D("0.114")), quote=dear)
    with pytest.raises(OrderDenied):
        check(wanted(price=D(61_000), quantity=D("0.115")), quote=dear)
