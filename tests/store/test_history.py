"""Pages of history join to the whole, in order, whatever the page size and however times coincide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine.model.decision import DecisionRecord
from engine.model.trigger import Trigger, TriggerKind
from engine.store.changes import ReasoningChunk
from engine.store.store import Store
from tests.store.values import fill, order

COUNT = 60


@pytest.mark.parametrize("limit", [1, 7, COUNT, 10 * COUNT])
@pytest.mark.parametrize("trader_id", [1, None])
async def test_pages_join_to_the_whole(store: Store, limit: int, trader_id: int | None) -> None:
    decisions = [
        DecisionRecord(
            decision_id=f"{number:03}",
            trader_id=1,
            trigger=Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=number // 3),
            started_ms=number // 3,
            reasoning=f"because {number}",
        )
        for number in range(COUNT)
    ]
    orders = [order(f"{number:03}", created_ms=number // 3) for number in range(COUNT)]
    fills = [fill(f"{number:03}", ts_ms=number // 3) for number in range(COUNT)]
    await store.journal(*decisions, *orders, *fills)
    assert await _joined(store.orders, "created_ms", trader_id, limit) == orders
    assert await _joined(store.fills, "ts_ms", trader_id, limit) == fills
    assert await _joined(store.decisions, "started_ms", trader_id, limit) == decisions


async def _joined(
    query: Callable[..., Awaitable[tuple[Any, ...]]], time: str, trader_id: int | None, limit: int
) -> list[Any]:
    joined: list[Any] = []
    before_ms = None
    while page := await query(trader_id, before_ms=before_ms, limit=limit):
        assert len(page) < limit + 3
        joined = [*page, *joined]
        before_ms = getattr(page[0], time)
    return joined


async def test_another_traders_history_is_empty(store: Store) -> None:
    await store.journal(order("a"), fill("t"))
    assert await store.orders(2) == ()
    assert await store.fills(2) == ()


async def test_history_of_a_new_database_is_empty(store: Store) -> None:
    assert await store.orders() == ()


async def test_a_decision_still_streaming_shows_what_it_has_said(store: Store) -> None:
    trigger = Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=1)
    await store.journal(
        DecisionRecord(decision_id="d", trader_id=1, trigger=trigger, started_ms=1),
        *(
            ReasoningChunk(decision_id="d", trader_id=1, chunk_index=index, text=str(index))
            for index in range(11)
        ),
    )
    (decision,) = await store.decisions(1)
    assert decision.reasoning == "012345678910"
