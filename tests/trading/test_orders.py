"""The life of an order: journalled before it is sent, unknown is never failed, one intent one id."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from engine.errors import InvalidOrder, NotFound, OrderDenied, OrderRejected
from engine.model.order import OrderStatus, OrderType
from engine.trading.risk import DenialReason
from tests.trading.one_trader import OneTrader


async def settle(one: OneTrader) -> None:
    """Reconcile while the virtual clock runs."""
    settling = asyncio.create_task(one.orders.reconcile())
    for _ in range(5):
        await one.clock.advance(2)
    await settling


async def test_an_order_is_on_disk_before_it_is_sent(one: OneTrader) -> None:
    one.line.loses_request = True
    await one.orders.submit(one.request())
    on_disk = await one.store.orders()
    assert [order.client_order_id for order in on_disk] == one.line.sent


async def test_an_order_that_cannot_be_journalled_is_not_sent(one: OneTrader) -> None:
    one.store.close()
    with pytest.raises(Exception, match="store is closed"):
        await one.orders.submit(one.request())
    assert one.line.sent == []
    assert not one.books.open_orders


async def test_a_lost_reply_leaves_the_order_unknown_and_counted_as_risk(one: OneTrader) -> None:
    one.line.loses_reply = True
    order = await one.orders.submit(one.request(type=OrderType.LIMIT, price=Decimal(59_000)))
    assert order.status is OrderStatus.UNKNOWN
    with pytest.raises(OrderDenied) as denied:
        await one.orders.submit(one.request())
    assert denied.value.details["reason"] == DenialReason.UNKNOWN_ORDERS


async def test_an_unknown_order_is_settled_by_asking_for_its_own_id(one: OneTrader) -> None:
    one.line.loses_reply = True
    order = await one.orders.submit(one.request())
    one.line.recover()
    await settle(one)
    settled = one.books.order(order.client_order_id)
    assert settled is not None
    assert settled.status is OrderStatus.FILLED
    assert len(one.line.sent) == 1
    assert one.books.positions["BTC"].quantity == Decimal("0.01")


async def test_an_order_the_venue_never_had_ends_rejected_and_frees_its_risk(one: OneTrader) -> None:
    one.line.loses_request = True
    order = await one.orders.submit(one.request())
    one.line.recover()
    await settle(one)
    settled = one.books.order(order.client_order_id)
    assert settled is not None
    assert settled.status is OrderStatus.REJECTED
    await one.orders.submit(one.request())


async def test_a_refused_order_changes_nothing(one: OneTrader) -> None:
    with pytest.raises(OrderDenied):
        await one.orders.submit(one.request(quantity=Decimal("0.4")))
    with pytest.raises(InvalidOrder, match="quantity"):
        await one.orders.submit(one.request(quantity=Decimal("0.0005")))
    with pytest.raises(NotFound, match="allowed: BTC, ETH, SOL"):
        await one.orders.submit(one.request(symbol="DOGE"))
    assert one.line.sent == []
    assert not one.books.recent_orders


async def test_a_venue_rejection_is_recorded_with_its_reason(one: OneTrader) -> None:
    with pytest.raises(OrderRejected):
        await one.orders.submit(one.request(quantity=Decimal("0.3"), leverage=1))
    (order,) = one.books.recent_orders.values()
    assert order.status is OrderStatus.REJECTED
    assert order.status_reason


async def test_the_kill_switch_stops_entries_and_lets_exits_through(one: OneTrader) -> None:
    await one.orders.submit(one.request())
    await one.kill_switch.engage()
    with pytest.raises(OrderDenied, match="kill switch"):
        await one.orders.submit(one.request())
    closing = one.request(side=one.books.positions["BTC"].side.opposite, reduce_only=True)
    assert (await one.orders.submit(closing)).status is OrderStatus.FILLED
    assert not one.books.positions


async def test_the_kill_switch_wins_against_an_order_that_waits_for_the_disk(one: OneTrader) -> None:
    waiting = asyncio.create_task(one.orders.submit(one.request()))
    await asyncio.sleep(0)
    await one.kill_switch.engage()
    with pytest.raises(OrderDenied):
        await waiting
    assert one.line.sent == []


async def test_a_resting_order_can_be_amended_within_the_limits_only(one: OneTrader) -> None:
    order = await one.orders.submit(one.request(type=OrderType.LIMIT, price=Decimal(59_000)))
    amended = await one.orders.amend(order.client_order_id, None, Decimal(59_500))
    assert amended.price == Decimal(59_500)
    with pytest.raises(OrderDenied):
        await one.orders.amend(order.client_order_id, Decimal(5), None)
    with pytest.raises(NotFound):
        await one.orders.amend("nd-nobody", None, Decimal(59_500))
