"""Prompt backtests of a running desk: started, watched, cut off, asked again, read after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.clock import VirtualClock
from engine.errors import Conflict, InvalidInput, ModelFailed, NotFound, ReplyUnusable
from engine.language_models.base import AskedTool, LanguageModel, ModelRequest
from engine.local_desk.arena import LocalArena
from engine.local_desk.prompt_backtests import LocalPromptBacktests
from engine.model.decision import Decision, DecisionRecord, Operation
from engine.model.event import Topic
from engine.model.language_model import CallPurpose, ModelConnection
from engine.model.order import Side
from engine.model.prompt_backtest import (
    PromptRun,
    PromptRunKind,
    PromptRunStatus,
    ReplacementRule,
    ReplayItemStatus,
    ReplayRequest,
    ReplyCacheMode,
)
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.journal import DeskJournal
from tests.backtest.arena.made_facts import decision, fill, order
from tests.backtest.prompts.made_runs import START_MS, TRADER, HeldModel, snapshots, trades_in_turn
from tests.models.scripted_model import Scripted, ScriptedModel, ScriptedModels, reply

CONNECTION = ModelConnection(
    connection_id=3, name="mine", vendor="openai", base_url="https://api.openai.com/v1", max_concurrent=2
)
PROMPT = "Be bold.\nTrade BTC."


class _Desk:
    """A desk as far as prompt backtests need one."""

    def __init__(self, home: Path, model: LanguageModel) -> None:
        self.bus = Bus()
        self.store = Store.open(home)
        self.models = ScriptedModels(model)
        clock = VirtualClock(START_MS)
        journal = DeskJournal(self.store, clock)
        self.arena = LocalArena(traders=lambda: (), store=self.store, journal=journal, bus=self.bus)
        self.side = LocalPromptBacktests(
            home=home,
            stored=self.store.restore().prompt_runs,
            models=self.models,
            connections=lambda: (CONNECTION,),
            traders=lambda: (TRADER,),
            arena=self.arena,
            store=self.store,
            journal=journal,
            bus=self.bus,
            clock=clock,
        )

    async def over(self, run_id: str) -> PromptRun:
        """Return a run once it is over."""
        news = self.bus.subscribe([Topic.PROMPT_BACKTESTS])
        while (run := next(each for each in self.side.runs() if each.run_id == run_id)).finished_ms is None:
            await anext(news)
        return run


@asynccontextmanager
async def _desk(
    home: Path, *replies: Scripted, answer: Callable[[ModelRequest], Scripted] | None = None
) -> AsyncIterator[_Desk]:
    desk = _Desk(home, ScriptedModel(*replies, answer=answer))
    try:
        yield desk
    finally:
        await desk.side.close()
        await desk.store.aclose()


def _past(decision_id: str, operation: Operation = Operation.BUY, prompt: str = PROMPT) -> DecisionRecord:
    record = decision(decision_id, trader_id=TRADER.trader_id, at=START_MS)
    made = Decision(
        operation=operation,
        symbol="BTC",
        portion=Decimal("0.5"),
        leverage=2,
        max_price=Decimal(100) if operation is Operation.BUY else None,
    )
    return msgspec.structs.replace(record, decisions=(made,), prompt=prompt, order_ids=(f"{decision_id}-in",))


async def _traded(desk: _Desk, decision_id: str, entry: str, exit: str) -> None:
    """Store a decision that bought one and whose position was sold again by hand."""
    trader_id = TRADER.trader_id
    opened = f"{decision_id}-in"
    await desk.store.journal(
        _past(decision_id),
        order(opened, Side.BUY, decision_id, trader=trader_id),
        fill(f"{decision_id}1", opened, Side.BUY, "1", entry, trader=trader_id, at=START_MS),
        fill(
            f"{decision_id}2", f"{decision_id}-out", Side.SELL, "1", exit, trader=trader_id, at=START_MS + 1
        ),
    )


def _replay(*decision_ids: str, **changes: object) -> ReplayRequest:
    request = ReplayRequest(
        decision_ids=decision_ids,
        connection_id=CONNECTION.connection_id,
        model="gpt-4o",
        rules=(ReplacementRule(find="bold", replace="careful"),),
    )
    return msgspec.structs.replace(request, **changes)


async def test_a_run_over_snapshots_and_the_same_again_for_nothing(tmp_path: Path) -> None:
    async with _desk(tmp_path, answer=trades_in_turn) as desk:
        news = desk.bus.subscribe([Topic.PROMPT_BACKTESTS])
        begun = await desk.side.start(snapshots())
        assert (begun.run_id, begun.status) == ("pbt-0001", PromptRunStatus.RUNNING)
        run = await desk.over(begun.run_id)
        assert run.status is PromptRunStatus.COMPLETED
        assert (run.total, run.completed, run.failed, run.cached) == (12, 12, 0, 0)
        assert run.cost_usd == Decimal("0.12")
        assert desk.models.asked == [(3, CallPurpose.BACKTEST, TRADER.trader_id, "pbt-0001")]
        assert news.drain().levels == {(Topic.PROMPT_BACKTESTS, "pbt-0001"): run}
        result = await desk.side.result(run.run_id)
        assert len(result.result.trades) == 6
        assert result.request == snapshots()

        again = await desk.over((await desk.side.start(snapshots(cache=ReplyCacheMode.READ_ONLY))).run_id)
        assert (again.cached, again.cost_usd) == (12, Decimal(0))
        assert again.result_hash == run.result_hash
        assert (await desk.side.result(again.run_id)).result.trades == result.result.trades

    async with _desk(tmp_path, "unused") as later:
        assert [run.run_id for run in later.side.runs()] == ["pbt-0002", "pbt-0001"]
        assert (await later.side.result("pbt-0001")).result.result_hash == run.result_hash
        await later.side.delete("pbt-0002")
        with pytest.raises(NotFound):
            await later.side.result("pbt-0002")


async def test_training_that_may_contain_the_period_is_warned_of(tmp_path: Path) -> None:
    async with _desk(tmp_path, answer=trades_in_turn) as desk:
        run = await desk.over((await desk.side.start(snapshots(model="claude-opus-4-5"))).run_id)
        assert any("trained on texts up to 2025-08, which may contain all" in each for each in run.warnings)
        assert (await desk.side.result(run.run_id)).warnings == run.warnings
        run = await desk.over((await desk.side.start(snapshots(model="gpt-4o"))).run_id)
        assert not any("trained" in each for each in run.warnings)


async def test_a_replay_says_what_another_prompt_would_have_changed(tmp_path: Path) -> None:
    def careful(request: ModelRequest) -> Scripted:
        assert request.messages[0].content == "Be careful.\nTrade BTC."
        return reply('{"operation": "hold"}', reasoning="Too risky.", cost_usd=Decimal("0.002"))

    async with _desk(tmp_path, answer=careful) as desk:
        await _traded(desk, "lost", "100", "90")
        await _traded(desk, "won", "100", "103")
        run = await desk.over((await desk.side.start_replay(_replay("lost", "won"))).run_id)
        assert run.status is PromptRunStatus.COMPLETED
        result = await desk.side.replay_result(run.run_id)
        lost, won = result.items
        assert (lost.change_type, lost.changes) == ("buy_to_hold", ("operation",))
        assert (lost.realized_pnl, won.realized_pnl) == (Decimal(-10), Decimal(3))
        assert lost.reasoning == "Too risky."
        assert result.summary.avoided_loss == 10
        assert result.summary.missed_profit == 3
        # The two prompts are one request: whichever came second was answered from the record.
        assert (run.cached, run.cost_usd) == (1, Decimal("0.002"))
        again = await desk.over((await desk.side.start_replay(_replay("lost", "won"))).run_id)
        assert (again.cached, again.cost_usd, again.result_hash) == (2, Decimal(0), run.result_hash)


async def test_only_what_failed_is_asked_again(tmp_path: Path) -> None:
    hold = '{"operation": "hold"}'
    asked: list[str] = []

    def answer(request: ModelRequest) -> Scripted:
        asked.append(request.messages[0].content)
        return ModelFailed("overloaded") if asked.count("B") == 1 and asked[-1] == "B" else hold

    async with _desk(tmp_path, answer=answer) as desk:
        for identity in ("A", "B"):
            await desk.store.journal(_past(identity, prompt=identity))
        await desk.store.journal(_past("C", prompt=""))
        run = await desk.over((await desk.side.start_replay(_replay("A", "B", "C"))).run_id)
        assert (run.status, run.completed, run.failed) == (PromptRunStatus.PARTIAL, 1, 2)
        items = (await desk.side.replay_result(run.run_id)).items
        assert [item.error for item in items][:2] == ["", "overloaded"]
        assert "no prompt" in items[2].error
        await desk.side.retry(run.run_id)
        run = await desk.over(run.run_id)
        assert (run.completed, run.failed) == (2, 1)
        assert sorted(asked) == ["A", "B", "B"]
        with pytest.raises(Conflict, match="nothing that failed"):
            await desk.side.retry(run.run_id)


async def test_a_reply_that_is_no_decision_changes_nothing(tmp_path: Path) -> None:
    foreign = '{"operation": "close", "symbol": "DOGE", "target_portion_of_balance": 1, "min_price": 1}'
    async with _desk(tmp_path, foreign) as desk:
        await desk.store.journal(_past("A"))
        run = await desk.over((await desk.side.start_replay(_replay("A"))).run_id)
        assert run.status is PromptRunStatus.FAILED
        (item,) = (await desk.side.replay_result(run.run_id)).items
        assert item.status is ReplayItemStatus.FAILED
        assert "symbol" in item.error
        assert (item.changed, item.reply) == ((), foreign)


@pytest.mark.parametrize(
    "said",
    [
        '{"operation": "buy", "symbol": "BTC", "leverage": 1, "max_price": 9,'
        ' "quantity": 1e99999999999999999999}',
        msgspec.structs.replace(
            reply('{"operation": "hold"}'),
            tool_calls=(AskedTool(call_id="1", name="place_order", arguments="{}"),),
        ),
    ],
)
async def test_one_hostile_reply_fails_itself_and_not_the_replay(tmp_path: Path, said: Scripted) -> None:
    def answer(request: ModelRequest) -> Scripted:
        return said if request.messages[0].content == "A" else '{"operation": "hold"}'

    async with _desk(tmp_path, answer=answer) as desk:
        for identity in "AB":
            await desk.store.journal(_past(identity, prompt=identity))
        run = await desk.over((await desk.side.start_replay(_replay("A", "B"))).run_id)
        assert (run.status, run.completed, run.failed) == (PromptRunStatus.PARTIAL, 1, 1)


async def test_a_replay_stops_asking_once_its_budget_is_spent(tmp_path: Path) -> None:
    async with _desk(tmp_path, reply('{"operation": "hold"}', cost_usd=Decimal(1))) as desk:
        for identity in "ABCDEF":
            await desk.store.journal(_past(identity, prompt=identity))
        begun = await desk.side.start_replay(_replay(*"ABCDEF", max_usd=Decimal(2)))
        run = await desk.over(begun.run_id)
        assert run.status is PromptRunStatus.PARTIAL
        assert 2 <= run.cost_usd <= 3  # what was under way came to its end
        assert "budget of 2 USD is spent" in run.error


async def test_calls_that_came_to_nothing_are_in_the_budget_too(tmp_path: Path) -> None:
    cut_off = ReplyUnusable("finish_reason is length", reply="{", tokens="10", cost_usd="1")
    async with _desk(tmp_path, cut_off) as desk:
        for identity in "ABCDEF":
            await desk.store.journal(_past(identity, prompt=identity))
        run = await desk.over((await desk.side.start_replay(_replay(*"ABCDEF", max_usd=Decimal(2)))).run_id)
        assert (run.status, run.failed) == (PromptRunStatus.FAILED, 6)
        assert 2 <= run.cost_usd <= 3
        errors = [item.error for item in (await desk.side.replay_result(run.run_id)).items]
        assert "budget of 2 USD is spent" in errors[-1]


@pytest.mark.parametrize("kind", ["snapshots", "replay"])
async def test_a_cancelled_run_keeps_what_there_is(tmp_path: Path, kind: str) -> None:
    held = HeldModel()
    desk = _Desk(tmp_path, held)
    await desk.store.journal(_past("A"))
    run = await (
        desk.side.start(snapshots()) if kind == "snapshots" else desk.side.start_replay(_replay("A"))
    )
    await held.asked.wait()
    with pytest.raises(Conflict, match="running"):
        await desk.side.delete(run.run_id)
    cancelled = await desk.side.cancel(run.run_id)
    assert cancelled.status is PromptRunStatus.CANCELLED
    with pytest.raises(Conflict, match="is over"):
        await desk.side.cancel(run.run_id)
    if kind == "replay":
        (item,) = (await desk.side.replay_result(run.run_id)).items
        assert item.status is ReplayItemStatus.PENDING
    else:
        assert (await desk.side.result(run.run_id)).result.trades == ()
    await desk.side.close()
    await desk.store.aclose()


async def test_a_run_that_a_killed_desk_left_is_over(tmp_path: Path) -> None:
    async with _desk(tmp_path, "unused") as desk:
        left = PromptRun(
            run_id="pbt-0009",
            kind=PromptRunKind.SNAPSHOTS,
            name="left",
            status=PromptRunStatus.RUNNING,
            created_ms=1,
        )
        await desk.store.journal(left)
    async with _desk(tmp_path, answer=trades_in_turn) as desk:
        (run,) = desk.side.runs()
        assert (run.status, run.error) == (PromptRunStatus.FAILED, "the desk ended while it ran")
        assert (await desk.side.start(snapshots(max_samples=1))).run_id == "pbt-0010"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", " "),
        ("text", "x" * 65_537),
        ("model", ""),
        ("max_samples", 0),
        ("max_usd", Decimal(0)),
        ("symbols", ()),
        ("period", "7m"),
        ("schedule_seconds", 0),
        ("cash", Decimal(-1)),
    ],
)
async def test_a_request_that_cannot_be_run_is_refused_by_name(
    tmp_path: Path, field: str, value: object
) -> None:
    async with _desk(tmp_path, "unused") as desk:
        with pytest.raises(InvalidInput):
            await desk.side.start(snapshots(**{field: value}))
        assert desk.side.runs() == ()


async def test_what_there_is_not_is_not_found(tmp_path: Path) -> None:
    async with _desk(tmp_path, "unused") as desk:
        with pytest.raises(NotFound, match="trader 99"):
            await desk.side.start(snapshots(trader_id=99))
        with pytest.raises(NotFound, match="connection 4"):
            await desk.side.start(snapshots(connection_id=4))
        with pytest.raises(NotFound, match="there is no nothing"):
            await desk.side.start_replay(_replay("nothing"))
        with pytest.raises(NotFound):
            await desk.side.cancel("pbt-0001")


@pytest.mark.parametrize(
    "changes",
    [
        {"decision_ids": ()},
        {"decision_ids": ("A", "A")},
        {"text": "all new"},
        {"rules": (ReplacementRule(find="", replace="x"),)},
        {"max_usd": Decimal(-1)},
        {"model": " "},
    ],
)
async def test_a_replay_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    async with _desk(tmp_path, "unused") as desk:
        await desk.store.journal(_past("A"))
        with pytest.raises(InvalidInput):
            await desk.side.start_replay(_replay("A", **changes))
