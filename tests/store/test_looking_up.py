"""What is read one subject at a time: a decision's story, a prompt's texts, a day's spending."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.market.periods import DAY_MS
from engine.model.assistant import ConversationMessage, Role
from engine.model.decision import Decision, DecisionRecord, Operation
from engine.model.language_model import CallPurpose, ModelCall, TokenUsage
from engine.model.prompt import PromptVersion
from engine.model.trigger import Trigger, TriggerKind
from engine.store.store import Store
from tests.store.values import fill, order


def decision(identity: str, started_ms: int, **changes: object) -> DecisionRecord:
    record = DecisionRecord(
        decision_id=identity,
        trader_id=1,
        trigger=Trigger(kind=TriggerKind.MANUAL, symbol="", ts_ms=started_ms),
        started_ms=started_ms,
    )
    return msgspec.structs.replace(record, **changes)


async def test_decisions_are_found_by_symbol_operation_and_any_text_of_theirs(store: Store) -> None:
    buy = Decision(operation=Operation.BUY, symbol="BTC")
    await store.journal(
        decision("buys", 1, decisions=(buy,)),
        decision("woken", 2, trigger=Trigger(kind=TriggerKind.SIGNAL, symbol="BTC", ts_ms=2)),
        decision("thinks", 3, reasoning="The RANGE is 100% narrow"),
        decision("says", 4, reply="a narrow_range"),
    )

    async def found(**wanted: Any) -> list[str]:
        return [record.decision_id for record in await store.decisions(**wanted)]

    assert await found(symbol="BTC") == ["buys", "woken"]
    assert await found(operation="buy") == ["buys"]
    assert await found(text="range") == ["thinks", "says"]
    assert await found(text="100%") == ["thinks"]
    assert await found(text="w_r") == ["says"]
    assert await found(text="0% n", symbol="BTC") == []


async def test_a_decision_is_read_whole_with_its_orders_their_exits_and_fills(store: Store) -> None:
    replace = msgspec.structs.replace
    entry = replace(order("o-1", created_ms=5), decision_id="d")
    stop = replace(order("o-2", created_ms=6), parent_id="o-1")
    other = replace(order("o-3", created_ms=7), decision_id="other")
    first = replace(fill("t-1", ts_ms=5), client_order_id="o-1")
    second = replace(fill("t-2", ts_ms=9), client_order_id="o-2")
    record = decision("d", 4, reasoning="because", cost_usd=Decimal("0.012"), model="m", strategy_version=3)
    await store.journal(record, entry, stop, other, first, second, fill("t-3"))
    assert await store.decision("d") == record
    assert await store.decision("none") is None
    assert await store.orders_of("d") == (entry, stop)
    assert await store.fills_of(["o-1", "o-2"]) == (first, second)


async def test_versions_and_messages_come_in_their_order(store: Store) -> None:
    versions = tuple(PromptVersion(prompt_id=2, version=n, text=f"text {n}", saved_ms=n) for n in (1, 2))
    said = tuple(
        ConversationMessage(conversation_id="c", number=n, role=Role.USER, text=f"{n}", created_ms=9 - n)
        for n in (1, 2)
    )
    await store.journal(*reversed(versions), *reversed(said))
    assert await store.prompt_versions(2) == versions
    assert await store.prompt_versions(1) == ()
    assert await store.conversation_messages("c") == said


def call(number: int, started_ms: int, **changes: object) -> ModelCall:
    made = ModelCall(
        call_id=f"c{number}",
        connection_id=3,
        model="m",
        purpose=CallPurpose.DECISION,
        started_ms=started_ms,
        trader_id=1,
        subject="d",
        usage=TokenUsage(input=10, output=5),
        cost_usd=Decimal("0.5"),
    )
    return msgspec.structs.replace(made, **changes)


async def test_calls_are_found_by_what_they_were_made_for(store: Store) -> None:
    calls = [call(2, 20, purpose=CallPurpose.REPAIR), call(1, 10), call(3, 30, subject="other")]
    await store.journal(*calls)
    assert await store.model_calls("d") == (calls[1], calls[0])
    assert await store.model_calls("d", limit=1) == (calls[1],)


async def test_spending_adds_up_by_day_trader_and_connection(store: Store) -> None:
    await store.journal(
        call(1, DAY_MS),
        call(2, 2 * DAY_MS - 1, error="quota gone", cost_usd=None),
        call(3, 2 * DAY_MS),
        call(4, 2 * DAY_MS, trader_id=2),
        call(5, 2 * DAY_MS, cached=True),
        call(6, DAY_MS - 1),
    )
    days = await store.spending(DAY_MS)
    assert [(day.day_ms // DAY_MS, day.trader_id, day.calls) for day in days] == [
        (2, 1, 1),
        (2, 2, 1),
        (1, 1, 2),
    ]
    assert (days[2].failed_calls, days[2].tokens, days[2].cost_usd) == (1, 30, Decimal("0.5"))
