"""What is written comes back as it was, to the last digit, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.account import EquityPoint, TraderConfig, TraderStatus
from engine.model.assistant import Conversation
from engine.model.backtest import BacktestRun
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.fill import Fill
from engine.model.language_model import ModelConnection
from engine.model.news import NewsItem, NewsSource
from engine.model.order import Order, OrderStatus
from engine.model.position import Position
from engine.model.program import Binding, Program, ProgramExecution, ProgramVersion
from engine.model.prompt import Prompt
from engine.model.prompt_backtest import PromptRun
from engine.model.signal import PoolEdge, PoolFire, PriceAlert, SignalDefinition, SignalPool
from engine.model.trigger import Trigger, TriggerKind
from engine.store import restore
from engine.store.changes import (
    BindingHealth,
    CustomFactor,
    PositionClosed,
    ReasoningChunk,
    Setting,
    TraderSeq,
    TraderState,
    Wallet,
)
from engine.store.restore import DeskState
from engine.store.store import Store
from tests.store.conftest import OpenStore
from tests.store.values import fill, order, trader, values_of

on_both_databases = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

KEYED: list[tuple[type[msgspec.Struct], str, Callable[[DeskState], Any]]] = [
    (TraderConfig, "trader_id", lambda state: [known.config for known in state.traders]),
    (Program, "program_id", lambda state: state.programs),
    (Binding, "binding_id", lambda state: state.bindings),
    (BindingHealth, "binding_id", lambda state: state.binding_health),
    (BacktestRun, "run_id", lambda state: state.backtest_runs),
    (Prompt, "prompt_id", lambda state: state.prompts),
    (ModelConnection, "connection_id", lambda state: state.model_connections),
    (PromptRun, "run_id", lambda state: state.prompt_runs),
    (Conversation, "conversation_id", lambda state: state.conversations),
    (Order, "client_order_id", lambda state: state.recent_orders),
    (Fill, "trade_id", lambda state: state.fills),
    (Position, "symbol", lambda state: state.positions),
    (DecisionRecord, "decision_id", lambda state: state.decisions),
    (SignalDefinition, "signal_id", lambda state: state.signals),
    (SignalPool, "pool_id", lambda state: state.pools),
    (PoolEdge, "pool_id", lambda state: state.pool_edges),
    (PoolFire, "fire_id", lambda state: state.fires),
    (PriceAlert, "alert_id", lambda state: state.price_alerts),
    (CustomFactor, "name", lambda state: state.factors),
    (NewsSource, "source_id", lambda state: state.news_sources),
    (NewsItem, "news_id", lambda state: state.news),
]
NUMBERED = (
    Program,
    Prompt,
    ModelConnection,
    Binding,
    BindingHealth,
    SignalDefinition,
    SignalPool,
    PoolEdge,
    PoolFire,
    PriceAlert,
    NewsSource,
)


@pytest.mark.parametrize(("kind", "key", "read"), KEYED, ids=[kind.__name__ for kind, _, _ in KEYED])
def test_a_value_comes_back_exactly(
    store: Store, kind: type[msgspec.Struct], key: str, read: Callable[[DeskState], Any]
) -> None:
    store.write(trader()).result()
    numbers = itertools.count(2)

    @on_both_databases
    @given(st.data())
    def comes_back(data: st.DataObject) -> None:
        number = next(numbers)
        fixed: dict[str, Any] = {"trader_id": 1} if "trader_id" in kind.__struct_fields__ else {}
        fixed[key] = number if key.endswith("r_id") and kind is TraderConfig else fixed.get(key, str(number))
        if kind in NUMBERED:
            fixed[key] = number
        value = data.draw(values_of(kind, **fixed))
        store.write(value).result()
        assert value in read(store.restore())

    comes_back()


@on_both_databases
@given(st.data())
def test_a_traders_state_wallet_and_equity_come_back_exactly(store: Store, data: st.DataObject) -> None:
    state = data.draw(values_of(TraderState, trader_id=1))
    wallet = data.draw(values_of(Wallet, trader_id=1))
    point = data.draw(values_of(EquityPoint, trader_id=1))
    setting = data.draw(values_of(Setting))
    store.write(trader(), state, wallet, point, setting).result()
    restored = store.restore()
    assert restored.traders[0].state == state
    assert restored.traders[0].wallet == wallet
    curve = restored.traders[0].equity
    assert (point.ts_ms, float(point.equity)) in zip(curve.ts_ms, curve.equity, strict=True)
    assert restored.settings[setting.key] == setting.value


@on_both_databases
@given(st.data())
def test_a_run_of_a_program_comes_back_exactly(store: Store, data: st.DataObject) -> None:
    execution = data.draw(values_of(ProgramExecution, decision_id="d1-1", program_id=3))
    store.write(execution).result()
    assert asyncio.run(store.executions(program_id=3)) == (execution,)


def execution(number: int, program_id: int = 1, trader_id: int = 1) -> ProgramExecution:
    return ProgramExecution(
        decision_id=f"d{trader_id}-{number}",
        binding_id=1,
        trader_id=trader_id,
        program_id=program_id,
        program_version=1,
        trigger=Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=number),
        started_ms=number,
        success=True,
    )


async def test_runs_of_programs_are_read_newest_first_by_program_and_by_trader(store: Store) -> None:
    runs = [execution(1), execution(2, program_id=2), execution(3, trader_id=2), execution(4)]
    await store.journal(*runs, execution(4))
    assert await store.executions() == tuple(reversed(runs))
    assert await store.executions(program_id=2) == (runs[1],)
    assert await store.executions(trader_id=2) == (runs[2],)
    assert await store.executions(program_id=1, trader_id=1, limit=1) == (runs[3],)


async def test_the_sources_a_program_had_are_read_oldest_first(store: Store) -> None:
    versions = [
        ProgramVersion(program_id=program_id, version=number, code=f"# {number}", saved_ms=number)
        for program_id in (1, 2)
        for number in (1, 2, 10)
    ]
    await store.journal(*reversed(versions), versions[0])
    assert await store.program_versions(1) == tuple(versions[:3])
    assert await store.program_versions(9) == ()


def test_everything_is_there_after_closing_and_opening_again(open_store: OpenStore) -> None:
    first = open_store()
    first.write(trader(1), trader(2), Setting(key="theme", value="night")).result()
    before = first.restore()
    first.close()
    assert open_store().restore() == before
    assert [known.config.trader_id for known in before.traders] == [1, 2]


def test_a_traders_number_is_kept_alone_and_its_status_stays(store: Store) -> None:
    state = TraderState(trader_id=1, status=TraderStatus.ERROR, status_reason="its program broke", seq=3)
    store.write(trader(1), trader(2), state).result()
    store.write(TraderSeq(trader_id=1, seq=7), TraderSeq(trader_id=2, seq=8)).result()
    first, second = (known.state for known in store.restore().traders)
    assert first == msgspec.structs.replace(state, seq=7)
    assert second == TraderState(trader_id=2, status=TraderStatus.PAUSED, seq=8)
    store.write(TraderSeq(trader_id=1, seq=9), state, TraderSeq(trader_id=1, seq=10)).result()
    assert store.restore().traders[0].state == msgspec.structs.replace(state, seq=10)


async def test_orders_and_fills_of_one_millisecond_keep_the_order_they_came_in(open_store: OpenStore) -> None:
    store = open_store()
    identities = [f"nd-{number}" for number in range(12)]
    await store.journal(trader(), *(order(identity) for identity in identities))
    # Later states of the first orders do not make them the last ones.
    await store.journal(order("nd-0", OrderStatus.ACCEPTED), *(fill(identity) for identity in identities))
    store.close()
    store = open_store()
    state = store.restore()
    assert [each.client_order_id for each in state.open_orders] == identities
    assert [each.client_order_id for each in state.recent_orders] == identities
    assert [each.trade_id for each in state.fills] == identities
    assert [each.client_order_id for each in await store.orders()] == identities
    assert [each.trade_id for each in await store.fills()] == identities


def test_of_many_fills_of_one_millisecond_the_last_are_restored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "RECENT_FILLS", 5)
    store.write(trader(), *(fill(f"t-{number}") for number in range(12))).result()
    assert [each.trade_id for each in store.restore().fills] == [f"t-{number}" for number in range(7, 12)]


def test_a_new_database_restores_as_an_empty_desk(store: Store) -> None:
    assert store.restore() == DeskState()


def test_a_closed_position_is_gone_and_the_others_stay(store: Store) -> None:
    positions = [
        Position(
            trader_id=1,
            symbol=symbol,
            quantity=Decimal("-0.5"),
            entry_price=Decimal(67000),
            leverage=3,
            isolated_margin=Decimal("11166.67"),
            mark_price=Decimal(66000),
            liquidation_price=None,
            opened_ms=1,
        )
        for symbol in ("BTC", "ETH")
    ]
    store.write(trader(), *positions).result()
    store.write(PositionClosed(trader_id=1, symbol="BTC")).result()
    assert store.restore().positions == (positions[1],)


def started_decision() -> DecisionRecord:
    return DecisionRecord(
        decision_id="d1",
        trader_id=1,
        trigger=Trigger(kind=TriggerKind.SCHEDULED, symbol="", ts_ms=5),
        started_ms=5,
    )


def test_a_decision_cut_off_while_streaming_keeps_what_it_had_said(store: Store) -> None:
    chunks = [
        ReasoningChunk(decision_id="d1", trader_id=1, chunk_index=index, text=f"piece {index}. ")
        for index in range(12)
    ]
    store.write(trader(), started_decision()).result()
    for chunk in chunks:
        store.write(chunk)
    store.write(chunks[3]).result()
    (decision,) = store.restore().decisions
    assert decision.status is DecisionStatus.STARTED
    assert decision.reasoning == "".join(chunk.text for chunk in chunks)


def test_the_whole_reasoning_replaces_the_streamed_pieces(store: Store) -> None:
    finished = msgspec.structs.replace(
        started_decision(), status=DecisionStatus.HELD, reasoning="all of it", outcome="nothing to do"
    )
    store.write(
        trader(),
        started_decision(),
        ReasoningChunk(decision_id="d1", trader_id=1, chunk_index=0, text="all "),
        ReasoningChunk(decision_id="d1", trader_id=1, chunk_index=1, text="of "),
        finished,
    ).result()
    assert store.restore().decisions == (finished,)


def test_a_long_equity_curve_keeps_recent_points_whole_and_thins_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "RECENT_EQUITY_POINTS", 100)
    points = [EquityPoint(1, minute * 60_000, Decimal(minute)) for minute in range(1_000)]
    store.write(trader(), *points).result()
    curve = store.restore().traders[0].equity
    assert curve.ts_ms[-100:] == array("q", [point.ts_ms for point in points[-100:]])
    older = list(curve.ts_ms[:-100])
    assert older == sorted(set(older))
    assert 90 <= len(older) <= 100
    assert max(later - earlier for earlier, later in itertools.pairwise(older)) <= 2 * 900_000 * 60 / 100
    assert [equity * 60_000 for equity in curve.equity] == list(curve.ts_ms)
