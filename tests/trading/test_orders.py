"""The life of an order: journalled before it is sent, unknown is never failed, one intent one id."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from engine.errors import Conflict, InvalidOrder, NotFound, OrderDenied, OrderRejected, StoreFailed
from engine.model.event import ReplayState
from engine.model.order import OrderStatus, OrderType
from engine.trading import wind_down
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


async def test_a_kill_that_comes_while_a_release_waits_for_the_disk_wins(one: OneTrader) -> None:
    await one.kill_switch.engage()
    releasing = asyncio.create_task(one.kill_switch.release())
    await asyncio.sleep(0)
    await one.kill_switch.engage()
    await releasing
    assert one.kill_switch.engaged


async def test_a_caller_that_gives_up_leaves_no_order_behind(one: OneTrader) -> None:
    waiting = asyncio.create_task(one.orders.submit(one.request()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert one.line.sent == []
    assert not one.books.open_orders
    await wind_down.cancel_orders([one.runtime])


async def test_an_order_cancelled_while_it_waits_for_the_disk_is_never_sent(one: OneTrader) -> None:
    waiting = asyncio.create_task(one.orders.submit(one.request()))
    await asyncio.sleep(0)
    (intent,) = one.books.open_orders
    with pytest.raises(Conflict, match="cancelled once it is known"):
        await one.orders.cancel(intent)
    with pytest.raises(Conflict, match="before it was sent"):
        await waiting
    assert one.line.sent == []


async def test_an_unknown_order_that_was_cancelled_is_cancelled_once_it_is_found(one: OneTrader) -> None:
    one.line.loses_reply = True
    order = await one.orders.submit(one.request(type=OrderType.LIMIT, price=Decimal(59_000)))
    with pytest.raises(Conflict):
        await one.orders.cancel(order.client_order_id)
    one.line.recover()
    # The late report that it rests comes first; the look-up then still cancels it.
    one.books.open_orders[order.client_order_id] = order
    await settle(one)
    found = one.books.order(order.client_order_id)
    assert found is not None
    assert found.status is OrderStatus.CANCELLED


async def test_one_order_that_cannot_be_cancelled_keeps_no_other_from_it(one: OneTrader) -> None:
    resting = await one.orders.submit(one.request(type=OrderType.LIMIT, price=Decimal(59_000)))
    unknown = msgspec.structs.replace(
        resting, client_order_id="nd-unknown", status=OrderStatus.UNKNOWN, created_ms=0
    )
    one.books.open_orders = {"nd-unknown": unknown, **one.books.open_orders}
    with pytest.raises(Conflict, match="nd-unknown"):
        await wind_down.cancel_orders([one.runtime])
    assert set(one.books.open_orders) == {"nd-unknown"}


async def test_flatten_keeps_the_stop_of_what_it_cannot_close(one: OneTrader) -> None:
    await one.orders.submit(one.request(stop_loss=Decimal(59_000)))
    one.line.loses_request = True
    await wind_down.flatten([one.runtime])
    assert one.books.positions
    assert [order.type for order in one.books.open_orders.values() if order.parent_id] == [
        OrderType.STOP_MARKET
    ]


async def test_a_position_can_be_closed_while_the_disk_refuses_and_entries_cannot(one: OneTrader) -> None:
    await one.orders.submit(one.request())
    await one.ledger.written()
    one.store.close()
    with pytest.raises(StoreFailed):
        await one.orders.submit(one.request())
    await wind_down.flatten([one.runtime])
    assert not one.books.positions


@pytest.mark.parametrize(
    ("state", "is_allowed"),
    [(ReplayState.RUNNING, False), (ReplayState.ENDED, False), (ReplayState.PAUSED, True)],
)
async def test_nobody_enters_on_a_feed_that_has_gone_silent(
    one: OneTrader, state: ReplayState, is_allowed: bool
) -> None:
    one.replay = ReplayState.PAUSED
    await one.orders.submit(one.request())
    one.replay = state
    one.clock.pass_silently(60)
    if is_allowed:
        await one.orders.submit(one.request())
        return
    with pytest.raises(OrderDenied) as denied:
        await one.orders.submit(one.request())
    assert denied.value.details["reason"] == DenialReason.STALE_DATA
    await wind_down.flatten([one.runtime])
    assert not one.books.positions


async def test_a_resting_order_can_be_amended_within_the_limits_only(one: OneTrader) -> None:
    order = await one.orders.submit(one.request(type=OrderType.LIMIT, price=Decimal(59_000)))
    amended = await one.orders.amend(order.client_order_id, None, Decimal(59_500))
    assert amended.price == Decimal(59_500)
    with pytest.raises(OrderDenied):
        await one.orders.amend(order.client_order_id, Decimal(5), None)
    with pytest.raises(NotFound):
        await one.orders.amend("nd-nobody", None, Decimal(59_500))
