"""Bindings of one trader decide side by side, and what one does is never another's business."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from engine.errors import Conflict, NotFound, StrategyFailed
from engine.model.account import TraderKind, TraderStatus
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.program import Binding, BindingState, BindingStatus, Program, ProgramRun
from engine.model.trigger import Trigger, TriggerKind
from engine.store.changes import BindingHealth
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.trading.bindings import Bindings
from engine.trading.bound_program import interrupted
from engine.trading.decider import Decider
from engine.trading.program_book import ProgramBook
from engine.trading.traders import Traders
from engine.trading.waking import Roster
from tests.trading.one_trader import START_MS, TRADER, OneTrader
from tests.trading.test_trader import BUY, News, next_end

PROGRAMS = (
    Program(program_id=1, name="first", code="# one", params={"length": 14, "note": "mine"}),
    Program(program_id=2, name="second", code="# two"),
)
BOUND = (
    Binding(binding_id=1, trader_id=1, program_id=1, pool_ids=(1, 2), params={"length": 7}),
    Binding(binding_id=2, trader_id=1, program_id=2, pool_ids=(2,), schedule_seconds=60),
)


class Held:
    """A strategy that answers once it is let go, with what it is told to."""

    def __init__(self, desk: BoundDesk, binding_id: int) -> None:
        self._bound = desk.bindings.bound(binding_id)
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.seen: list[StrategyContext] = []

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        self.seen.append(context)
        self._bound.saw(context)
        on_text("looking")
        await self.gate.wait()
        self._bound.ran(ProgramRun(output="looking", duration_ms=3.5))
        if self.error is not None:
            raise self.error
        return StrategyReply(decisions=(BUY,))


class BoundDesk:
    """A program trader with two bindings, each with a strategy that a test holds."""

    def __init__(self, home: Path, healths: tuple[BindingHealth, ...] = ()) -> None:
        self.one = OneTrader(home, msgspec.structs.replace(TRADER, kind=TraderKind.PROGRAM))
        self.trader = self.one.runtime
        self.roster = Roster()
        self.told: list[BindingState] = []
        self.bindings = Bindings(
            book=ProgramBook(PROGRAMS, BOUND),
            roster=self.roster,
            traders=Traders([self.trader]),
            answers=self.one.answers,
            ordinals=self.one.ordinals,
            clock=self.one.clock,
            publish=self.told.append,
        )
        self.restored = self.bindings.restore(healths)
        self.first, self.second = Held(self, 1), Held(self, 2)
        self.decider(1).attach(self.first)
        self.decider(2).attach(self.second)

    def decider(self, binding_id: int) -> Decider:
        return self.roster.of_binding(binding_id).decider

    def wake(self, binding_id: int, kind: TriggerKind = TriggerKind.SIGNAL, symbol: str = "BTC") -> str:
        trigger = Trigger(kind=kind, symbol=symbol, ts_ms=START_MS)
        return self.roster.of_binding(binding_id).wake(trigger)

    def status(self, binding_id: int) -> BindingStatus:
        return self.bindings.bound(binding_id).state().status

    @asynccontextmanager
    async def running(self) -> AsyncIterator[News]:
        news = News(self.one)
        tasks = [asyncio.create_task(decider.run()) for decider in self.trader.deciders]
        try:
            yield news
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BoundDesk]:
    made = BoundDesk(tmp_path / "home")
    yield made
    made.one.store.close()


async def fail(desk: BoundDesk, news: News, binding_id: int) -> DecisionRecord:
    strategy = (desk.first, desk.second)[binding_id - 1]
    strategy.error = StrategyFailed("line 3: it broke")
    desk.wake(binding_id)
    return await next_end(news)


async def test_two_bindings_decide_at_the_same_time(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        assert desk.wake(1) == ""
        await news.read()
        assert desk.wake(2) == ""
        ended = await next_end(news)
        assert ended.decision_id == "d1-2", "the second did not wait for the first"
        assert desk.bindings.bound(1).state().thinking
        assert desk.trader.thinking
        desk.first.gate.set()
        assert (await next_end(news)).decision_id == "d1-1"


async def test_a_binding_in_flight_is_never_entered_again(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
        assert desk.wake(1, symbol="ETH") == "still deciding (d1-1)"
        assert desk.wake(1, TriggerKind.SCHEDULED, "") == ""
        await asyncio.sleep(0)
        assert len(desk.first.seen) == 1
        desk.first.gate.set()
        await next_end(news)
        await next_end(news)
    assert [context.trigger.kind for context in desk.first.seen] == ["signal", "scheduled"]


async def test_a_failure_stays_with_its_binding_and_shows_on_the_trader(desk: BoundDesk) -> None:
    async with desk.running() as news:
        await fail(desk, news, 1)
        assert (desk.status(1), desk.status(2)) == (BindingStatus.ERROR, BindingStatus.ACTIVE)
        assert (desk.trader.status, desk.trader.status_reason) == (
            TraderStatus.ERROR,
            "first: line 3: it broke",
        )
        desk.wake(2)
        assert (await next_end(news)).status is DecisionStatus.EXECUTED
        assert desk.trader.status is TraderStatus.ERROR, "the first is still in error"
        desk.first.error = None
        desk.wake(1)
        await next_end(news)
        assert (desk.status(1), desk.trader.status) == (BindingStatus.ACTIVE, TraderStatus.ACTIVE)


async def test_a_binding_that_keeps_failing_stops_alone_until_a_person_starts_the_trader(
    desk: BoundDesk,
) -> None:
    async with desk.running() as news:
        for _ in range(3):
            await fail(desk, news, 1)
        assert desk.wake(1) == "stopped until a person starts the trader"
        assert desk.trader.listens
        desk.wake(2)
        await next_end(news)
        desk.trader.start()
        assert (desk.status(1), desk.trader.status) == (BindingStatus.ACTIVE, TraderStatus.ACTIVE)
        assert desk.wake(1) == ""


async def test_saving_a_program_or_binding_starts_what_its_failures_had_stopped(desk: BoundDesk) -> None:
    async with desk.running() as news:
        for _ in range(3):
            await fail(desk, news, 1)
        desk.bindings.keep_program(msgspec.structs.replace(PROGRAMS[0], code="# mended", version=2))
        assert desk.wake(1) == ""


async def test_pausing_the_trader_pauses_every_binding(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
        desk.trader.pause()
        assert {desk.status(1), desk.status(2)} == {BindingStatus.PAUSED}
        assert desk.wake(2) == "the trader is paused"
        desk.first.gate.set()
        assert (await next_end(news)).status is DecisionStatus.REFUSED


async def test_an_inactive_binding_is_not_woken_and_gives_up_what_it_decides(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
        desk.bindings.keep_binding(msgspec.structs.replace(BOUND[0], active=False))
        assert desk.status(1) is BindingStatus.PAUSED
        assert desk.wake(1) == "the binding is inactive"
        desk.first.gate.set()
        assert (await next_end(news)).status is DecisionStatus.REFUSED
        desk.wake(2)
        assert (await next_end(news)).status is DecisionStatus.EXECUTED
    assert desk.trader.strategy == "second"


async def test_a_program_that_is_switched_off_wakes_none_of_its_bindings(desk: BoundDesk) -> None:
    desk.bindings.keep_program(msgspec.structs.replace(PROGRAMS[1], enabled=False))
    assert desk.wake(2) == "the program second is switched off"
    assert desk.wake(1) == ""


async def test_a_run_uses_what_was_saved_when_it_began(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
        changed = msgspec.structs.replace(PROGRAMS[0], code="# new", version=2, params={"length": 3})
        desk.bindings.keep_program(changed)
        desk.bindings.keep_binding(msgspec.structs.replace(BOUND[0], params={"length": 99}))
        assert desk.bindings.bound(1).turn.program.code == "# one"
        assert desk.bindings.bound(1).next_turn.program.code == "# new"
        desk.first.gate.set()
        await next_end(news)
        desk.wake(1)
        await next_end(news)
    await desk.one.ledger.written()
    later, earlier = await desk.one.store.executions(program_id=1)
    assert (earlier.program_version, earlier.params) == (1, {"length": 7, "note": "mine"})
    assert (later.program_version, later.params) == (2, {"length": 99})


async def test_every_run_is_in_the_execution_log_with_its_decision(desk: BoundDesk) -> None:
    async with desk.running() as news:
        desk.wake(1)
        record = await next_end(news)
        await fail(desk, news, 2)
    await desk.one.ledger.written()
    failed, done = await desk.one.store.executions()
    assert (done.decision_id, done.binding_id, done.success) == (record.decision_id, 1, True)
    assert done.decisions == record.decisions
    assert done.order_ids == record.order_ids != ()
    assert (done.output, done.duration_ms) == ("looking", 3.5)
    assert '"BTC":{"mark":60000,' in done.market_context
    assert (failed.binding_id, failed.success) == (2, False)
    assert failed.error is not None
    assert failed.error.message == "line 3: it broke"


async def test_a_desk_that_ends_while_deciding_leaves_the_run_in_the_log(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
    await desk.one.ledger.written()
    (execution,) = await desk.one.store.executions()
    assert (execution.success, "stopped" in execution.outcome) == (False, True)
    (health,) = desk.one.store.restore().binding_health
    assert (health.deciding, health.runs, health.last_trigger_ms) == ("", 1, START_MS)


async def test_how_a_binding_stands_is_told_as_it_changes(desk: BoundDesk) -> None:
    async with desk.running() as news:
        await fail(desk, news, 1)
    mine = [state for state in desk.told if state.binding.binding_id == 1]
    assert [state.thinking for state in mine] == [True, False]
    assert (mine[-1].status, mine[-1].runs, mine[-1].failures) == (BindingStatus.ERROR, 1, 1)


async def test_a_restart_finds_a_stopped_binding_stopped_and_the_others_well(tmp_path: Path) -> None:
    reason = "stopped after 3 failures: line 3: it broke"
    health = BindingHealth(binding_id=1, failed=True, reason=reason, traceback="in first", runs=9, failures=3)
    desk = BoundDesk(tmp_path / "home", (health,))
    try:
        state = desk.bindings.bound(1).state()
        assert (state.status, state.reason, state.traceback) == (BindingStatus.ERROR, reason, "in first")
        assert (desk.trader.status, desk.trader.status_reason) == (TraderStatus.ERROR, f"first: {reason}")
        assert desk.wake(1) != ""
        assert desk.wake(2) == ""
    finally:
        desk.one.store.close()


async def test_a_pool_new_to_the_trader_wakes_all_bindings_and_the_rest_stays(desk: BoundDesk) -> None:
    desk.roster.listen(1, (1, 2, 3))
    assert [state.binding.pool_ids for state in desk.bindings.states()] == [(1, 2, 3), (2, 3)]
    desk.roster.listen(1, (1, 3))
    assert [state.binding.pool_ids for state in desk.bindings.states()] == [(1, 3), (3,)]
    assert desk.roster.traders_listening_to(3) == (1,)
    assert desk.roster.traders_listening_to(2) == ()


async def test_a_schedule_wakes_its_own_binding_only_and_any_trigger_begins_it_anew(desk: BoundDesk) -> None:
    first, second = desk.roster.all
    for waking in (first, second):
        waking.on_time(START_MS)
    async with desk.running() as news:
        assert (await next_end(news)).trigger.kind is TriggerKind.SCHEDULED
        desk.roster.of_binding(2).wake(Trigger(kind=TriggerKind.MANUAL, symbol="", ts_ms=START_MS + 50_000))
        await next_end(news)
        second.on_time(START_MS + 60_000)
        await asyncio.sleep(0)
        assert len(desk.second.seen) == 2
        second.on_time(START_MS + 110_000)
        await next_end(news)
    assert (len(desk.first.seen), len(desk.second.seen)) == (0, 3)


async def test_a_binding_is_let_go_only_while_it_does_not_decide(desk: BoundDesk) -> None:
    desk.first.gate.clear()
    async with desk.running() as news:
        desk.wake(1)
        await news.read()
        with pytest.raises(Conflict, match="is deciding"):
            desk.bindings.close(1)
        desk.first.gate.set()
        await next_end(news)
        await asyncio.sleep(0)
        deleted, _ = desk.bindings.close(1)
    assert deleted.deleted
    assert [waking.binding_id for waking in desk.roster.all] == [2]
    assert desk.trader.strategy == "second"
    with pytest.raises(NotFound):
        desk.bindings.bound(1)


def test_a_run_cut_off_by_a_kill_is_told_of_once() -> None:
    record = DecisionRecord(
        decision_id="d1-8",
        trader_id=1,
        trigger=Trigger(kind=TriggerKind.SIGNAL, symbol="BTC", ts_ms=START_MS),
        started_ms=START_MS,
        status=DecisionStatus.FAILED,
        outcome="the desk ended while it was deciding",
    )
    left = BindingHealth(binding_id=1, last_trigger_ms=START_MS, runs=4, deciding="d1-8")
    health, execution = interrupted(left, BOUND[0], PROGRAMS[0], [record])
    assert (health.deciding, health.runs, health.failures) == ("", 5, 1)
    assert execution is not None
    assert (execution.decision_id, execution.success) == ("d1-8", False)
    assert (execution.outcome, execution.trigger) == (record.outcome, record.trigger)
    assert interrupted(health, BOUND[0], PROGRAMS[0], [record]) == (health, None)
