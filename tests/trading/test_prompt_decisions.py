"""A prompt trader's decisions as they are told and kept: started, text in pieces, final, refused, failed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

from engine.errors import DecisionRefused, StrategyFailed
from engine.model.account import TraderStatus
from engine.model.decision import Decision, DecisionRecord, DecisionStage, DecisionStatus, Operation
from engine.model.event import DecisionEvent, ReasoningEvent, Topic
from engine.model.trigger import Trigger, TriggerKind
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.trading.decider import FAILURES_BEFORE_STOPPING
from tests.trading.one_trader import OneTrader


class Scripted:
    """A strategy that streams some pieces, then answers or raises; it keeps the contexts it saw."""

    def __init__(self, pieces: list[str], outcome: StrategyReply | Exception) -> None:
        self._pieces = pieces
        self._outcome = outcome
        self.seen: list[StrategyContext] = []

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        self.seen.append(context)
        for piece in self._pieces:
            on_text(piece)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


HOLD = StrategyReply(
    decisions=(Decision(operation=Operation.HOLD),),
    prompt="the prompt",
    reply="{}",
    tokens=12,
    cost_usd=Decimal("0.0003"),
    strategy="short",
    strategy_version=4,
    model="m",
)


@contextlib.asynccontextmanager
async def deciding(home: Path, strategy: Scripted) -> AsyncIterator[OneTrader]:
    one = OneTrader(home)
    one.decider.attach(strategy)
    task = asyncio.create_task(one.decider.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await one.store.aclose()


async def decide(one: OneTrader) -> DecisionRecord:
    assert one.decider.wake(Trigger(kind=TriggerKind.MANUAL, symbol="", ts_ms=one.clock.now_ms())) == ""
    await one.decider.at_rest()
    return one.runtime.log.recent()[-1]


async def test_readers_hear_started_the_text_in_a_few_pieces_and_the_final_in_order(tmp_path: Path) -> None:
    pieces = [f"word{number} " for number in range(200)]
    async with deciding(tmp_path, Scripted(pieces, HOLD)) as one:
        events = one.bus.subscribe([Topic.DECISIONS, Topic.REASONING])
        await decide(one)
        heard = (await anext(events)).edges
    assert [event.seq for event in heard] == sorted({event.seq for event in heard})
    first, *chunks, last = heard
    assert isinstance(first, DecisionEvent)
    assert isinstance(last, DecisionEvent)
    assert (first.record.status, last.record.status) == (DecisionStatus.STARTED, DecisionStatus.HELD)
    texts = [chunk.delta for chunk in chunks if isinstance(chunk, ReasoningEvent)]
    assert len(texts) == len(chunks) <= 2
    assert "".join(texts) == "".join(pieces) == last.record.reasoning


async def test_everything_of_a_decision_is_in_its_record(tmp_path: Path) -> None:
    strategy = Scripted([], HOLD)
    async with deciding(tmp_path, strategy) as one:
        record = await decide(one)
        await one.journal.written()
        assert await one.store.decision(record.decision_id) == record
    assert (record.prompt, record.reply, record.tokens) == ("the prompt", "{}", 12)
    assert (record.strategy, record.strategy_version, record.model) == ("short", 4, "m")
    assert (record.stage, record.cost_usd) == (DecisionStage.DONE, Decimal("0.0003"))
    assert strategy.seen[0].decision_id == record.decision_id


async def test_the_gates_no_is_no_failure_however_often_it_comes(tmp_path: Path) -> None:
    refused = DecisionRefused("the cap of 1 USD a day is reached", reason="cap_reached")
    async with deciding(tmp_path, Scripted([], refused)) as one:
        for _ in range(FAILURES_BEFORE_STOPPING + 1):
            record = await decide(one)
        assert one.runtime.status is TraderStatus.ACTIVE
        assert one.decider.listens
    assert (record.status, record.stage) == (DecisionStatus.REFUSED, DecisionStage.GATE)
    assert record.outcome == "the cap of 1 USD a day is reached"


async def test_a_failure_keeps_what_there_was_and_what_it_cost(tmp_path: Path) -> None:
    failed = StrategyFailed(
        "not a decision", stage="parse", prompt="p", reply="r", tokens="30", cost_usd="0.5"
    )
    async with deciding(tmp_path, Scripted(["thought"], failed)) as one:
        record = await decide(one)
        assert (one.runtime.status, one.runtime.status_reason) == (TraderStatus.ERROR, "not a decision")
    assert (record.status, record.stage) == (DecisionStatus.FAILED, DecisionStage.PARSE)
    assert (record.prompt, record.reply, record.reasoning) == ("p", "r", "thought")
    assert (record.tokens, record.cost_usd) == (30, Decimal("0.5"))


async def test_a_pause_before_the_orders_ends_the_decision_at_risk(tmp_path: Path) -> None:
    class Pausing(Scripted):
        async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
            one.runtime.pause()
            return await super().decide(context, on_text)

    async with deciding(tmp_path, Pausing([], HOLD)) as one:
        record = await decide(one)
    assert (record.status, record.stage) == (DecisionStatus.REFUSED, DecisionStage.RISK)


async def test_a_decision_that_a_kill_cut_off_ended_at_its_model_and_not_done(tmp_path: Path) -> None:
    async with deciding(tmp_path, Scripted([], HOLD)) as one:
        started = DecisionRecord(
            decision_id="d1-9",
            trader_id=1,
            trigger=Trigger(kind=TriggerKind.MANUAL, symbol="", ts_ms=1),
            started_ms=1,
        )
        (left,) = one.runtime.log.restore([started])
    assert (left.status, left.stage) == (DecisionStatus.FAILED, DecisionStage.MODEL)
