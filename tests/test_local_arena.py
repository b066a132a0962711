"""The arena of a running desk: read from the store, kept as things happen, ranked when asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.clock import VirtualClock
from engine.errors import InvalidInput, NotFound
from engine.local_desk import LocalDesk
from engine.local_desk.arena import LocalArena
from engine.model.account import TraderConfig, TraderKind
from engine.model.arena import Dimension
from engine.model.decision import DecisionRecord
from engine.model.event import DecisionEvent, FillEvent, OrderEvent, Topic
from engine.model.fill import Fill
from engine.model.language_model import CallPurpose, ModelCall
from engine.model.order import Order, Side
from engine.settings import Settings
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.journal import DeskJournal
from tests.backtest.arena.made_facts import decision, fill, order

FORMER = TraderConfig(
    trader_id=1, name="Ada", kind=TraderKind.PROMPT, initial_capital=Decimal(1000), deleted=True
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def arena(store: Store, bus: Bus) -> LocalArena:
    journal = DeskJournal(store, VirtualClock(0))
    return LocalArena(traders=lambda: (), store=store, journal=journal, bus=bus, configs=lambda: [FORMER])


def _facts() -> tuple[DecisionRecord | Order | Fill, ...]:
    return (
        decision("d1", ("buy", "BTC"), at=5, tokens=7),
        order("a", Side.BUY, "d1"),
        fill("1", "a", Side.BUY, "1", "100", fee="0.5", at=5),
        fill("2", "b", Side.SELL, "0.5", "110", at=6),
    )


async def test_a_story_has_everything_of_a_decision(arena: LocalArena, store: Store) -> None:
    call = ModelCall(
        call_id="c1",
        connection_id=1,
        model="m",
        purpose=CallPurpose.DECISION,
        started_ms=5,
        subject="d1",
        request="{}",
    )
    await store.journal(*_facts(), call)
    story = await arena.story("d1")
    assert story.record.decision_id == "d1"
    assert [each.client_order_id for each in story.orders] == ["a"]
    assert [each.trade_id for each in story.fills] == ["1"]
    assert story.calls == (call,)
    assert (story.realized_pnl, story.is_settled) == (Decimal("4.75"), False)
    assert await arena.realized_pnl("d1") is None
    with pytest.raises(NotFound):
        await arena.story("d2")


async def test_what_happens_later_is_counted_once(arena: LocalArena, store: Store, bus: Bus) -> None:
    await store.journal(*_facts())
    (row,) = await arena.attribution(Dimension.ACCOUNT)
    assert (row.key, row.pnl, row.decisions, row.tokens) == ("Ada", Decimal("4.75"), 1, 7)
    later = fill("3", "b2", Side.SELL, "0.5", "90", at=7)
    made = decision("d2", ("close", "BTC"), at=7)
    closing = order("b2", Side.SELL, "d2")
    for _ in range(2):
        bus.publish_edge(Topic.DECISIONS, DecisionEvent(made, 1))
        bus.publish_edge(Topic.ORDERS, OrderEvent(closing, 2))
        bus.publish_edge(Topic.FILLS, FillEvent(later, 3))
    (row,) = await arena.attribution(Dimension.ACCOUNT)
    assert (row.pnl, row.decisions, row.trades) == (Decimal("-0.5"), 2, 1)
    assert await arena.realized_pnl("d1") == Decimal("-0.5")
    assert await arena.realized_pnl("d2") == Decimal("-5.25")


async def test_a_reader_that_fell_behind_reads_anew(store: Store, bus: Bus, arena: LocalArena) -> None:
    await store.journal(*_facts())
    await arena.attribution(Dimension.SYMBOL)
    event = DecisionEvent(decision("d1", ("buy", "BTC"), at=5, tokens=7), 1)
    for _ in range(10_001):
        bus.publish_edge(Topic.DECISIONS, event)
    await store.journal(fill("9", "c", Side.SELL, "0.5", "100", at=9))
    (row,) = await arena.attribution(Dimension.SYMBOL)
    assert row.pnl == Decimal("4.5")


async def test_a_history_of_many_pages_is_read_in_order(store: Store, arena: LocalArena) -> None:
    count = 2_400
    await store.journal(
        *(
            fill(f"{n}", f"o{n}", Side.BUY if n % 2 == 0 else Side.SELL, "1", str(100 + n % 2), at=n)
            for n in range(count)
        )
    )
    (row,) = await arena.attribution(Dimension.SYMBOL)
    assert (row.trades, row.wins, row.pnl) == (count // 2, count // 2, Decimal(count // 2))


async def test_the_chat_is_searched(store: Store, arena: LocalArena) -> None:
    records = [
        msgspec.structs.replace(decision(f"d{n}", ("buy", "BTC"), at=n), reply=f"reply {n}") for n in range(9)
    ]
    await store.journal(*records)
    assert [each.decision_id for each in await arena.chat(limit=2)] == ["d7", "d8"]
    assert [each.decision_id for each in await arena.chat(text="REPLY 3")] == ["d3"]
    assert await arena.chat(symbol="ETH") == ()
    assert len(await arena.chat(before_ms=4, operation="buy", trader_id=1)) == 4
    for limit in (0, 201):
        with pytest.raises(InvalidInput):
            await arena.chat(limit=limit)


async def test_the_traders_of_a_desk_are_ranked(tmp_path: Path) -> None:
    desk = await LocalDesk.open(tmp_path, Settings(), Bus())
    desk.begin_writing()
    try:
        assert desk.arena.standings() == ()
        await desk.arena.refresh()
        placed = desk.arena.standings()
        assert [row.rank for row in placed] == [1, 2, 3]
        assert {row.name for row in placed} == {trader.name for trader in desk.traders()}
        assert all(row.return_pct == 0 and row.equity > 0 and row.decisions == 0 for row in placed)
        hidden = placed[0].trader_id
        await desk.roster.set_hidden(hidden, hidden=True)
        await desk.arena.refresh()
        assert hidden not in {row.trader_id for row in desk.arena.standings()}
    finally:
        await desk.close()
