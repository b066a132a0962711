"""The rules the store keeps whatever it is handed: once, all or nothing, and never back."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import StoreFailed
from engine.model.order import OrderStatus
from engine.store.changes import Change, Setting, Wallet
from engine.store.store import Store
from tests.store.conftest import OpenStore
from tests.store.values import fill, order, trader

UNSTORABLE: list[Change] = [
    Wallet(trader_id=1, cash=Decimal("NaN")),
    Wallet(trader_id=1, cash=Decimal("-Infinity")),
    Wallet(trader_id=2**63, cash=Decimal(1)),
    Setting(key="broken", value="\ud800"),
]


def test_a_fill_seen_twice_counts_once(store: Store) -> None:
    store.write(trader(), fill("t1"), fill("t1", quantity="9"), fill("t2")).result()
    store.write(fill("t1", quantity="8")).result()
    stored = store.restore().fills
    assert [(each.trade_id, each.quantity) for each in stored] == [
        ("t1", Decimal("0.1")),
        ("t2", Decimal("0.1")),
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statuses=st.lists(st.sampled_from(OrderStatus), min_size=1, max_size=12), together=st.booleans())
def test_an_order_moves_only_as_the_state_table_allows(
    store: Store, statuses: list[OrderStatus], together: bool
) -> None:
    order_id = f"{statuses}-{together}"
    changes = [order(order_id, status) for status in statuses]
    if together:
        store.write(trader(), *changes).result()
    else:
        for change in changes:
            store.write(trader(), change)
    expected = statuses[0]
    for status in statuses:
        expected = status if expected.can_become(status) else expected
    store.write(trader()).result()
    stored = {each.client_order_id: each.status for each in store.restore().recent_orders}
    assert stored[order_id] is expected


@pytest.mark.parametrize("unstorable", UNSTORABLE, ids=repr)
def test_a_unit_with_one_bad_change_changes_nothing(store: Store, unstorable: Change) -> None:
    store.write(trader()).result()
    before = store.restore()
    with pytest.raises(StoreFailed):
        store.write(order("a"), fill("t1"), unstorable).result()
    assert store.restore() == before


def test_only_the_bad_units_of_a_shared_commit_fail(open_store: OpenStore) -> None:
    failures: list[StoreFailed] = []
    store = open_store(on_failure=failures.append)
    units = {number: store.write(order(f"{number:04}"), _setting(number)) for number in range(300)}
    failed = {number for number, written in units.items() if written.exception() is not None}
    assert failed == {number for number in range(300) if number % 7 == 0}
    assert len(failures) == len(failed)
    store.write(trader()).result()
    kept = {int(each.client_order_id) for each in store.restore().open_orders}
    assert kept == set(range(300)) - failed


def _setting(number: int) -> Setting:
    return Setting(key=f"k{number}", value="\ud800" if number % 7 == 0 else "good")


def test_a_failing_listener_does_not_end_the_writer(open_store: OpenStore) -> None:
    def fail(failure: StoreFailed) -> None:
        raise RuntimeError(failure.message)

    store = open_store(on_failure=fail)
    with pytest.raises(StoreFailed):
        store.write(UNSTORABLE[0]).result()
    store.write(trader()).result()
    assert store.restore().traders[0].config == trader()


async def test_journal_returns_when_the_order_is_durable(store: Store) -> None:
    await store.journal(trader(), order("a"))
    assert [each.client_order_id for each in store.restore().open_orders] == ["a"]
    with pytest.raises(StoreFailed):
        await store.journal(UNSTORABLE[0])


async def test_cancelling_the_wait_does_not_cancel_the_write(store: Store) -> None:
    waiting = asyncio.ensure_future(store.journal(trader(), order("a")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.journal(order("b"))
    assert [each.client_order_id for each in store.restore().open_orders] == ["a", "b"]


async def test_closing_writes_what_waits_and_then_refuses(open_store: OpenStore) -> None:
    store = open_store()
    waiting = [store.write(order(f"{number:04}")) for number in range(500)]
    await store.aclose()
    assert all(written.result() is None for written in waiting)
    with pytest.raises(StoreFailed, match="closed"):
        store.write(order("late")).result()
    assert len(open_store().restore().open_orders) == 500
