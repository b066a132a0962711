"""A prompt over recorded snapshots: the same twice, for nothing the second time, and blind to what comes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from engine.backtest.prompts.budget import Budget, BudgetedModel
from engine.backtest.prompts.snapshots import ModelOnLoop, SnapshotProgress, run_snapshots
from engine.errors import ModelFailed
from engine.language_models.base import LanguageModel
from engine.language_models.reply_cache import RecordedReplies, ReplyCache
from engine.model.backtest import BacktestResult, BacktestStatus
from engine.model.prompt_backtest import PromptBacktestRequest, ReplyCacheMode
from tests.backtest.prompts.made_runs import HOUR_MS, START_MS, TRADER, HeldModel, snapshots, trades_in_turn
from tests.models.scripted_model import ScriptedModel

SNAPSHOTS = 12
QUARTER_MS = HOUR_MS // 4


class _Run:
    """One run over snapshots and what was heard of it."""

    def __init__(self, home: Path, model: LanguageModel, budget: Budget | None = None) -> None:
        self._home = home
        self._model = model
        self.budget = budget or Budget(Decimal(5))
        self.progress: list[SnapshotProgress] = []
        self.is_cancelled = False

    async def result(self, request: PromptBacktestRequest) -> BacktestResult:
        model = ModelOnLoop(BudgetedModel(self._model, self.budget), asyncio.get_running_loop())
        return await asyncio.to_thread(
            run_snapshots,
            request,
            TRADER,
            self._home,
            model,
            self.budget,
            self.progress.append,
            lambda: self.is_cancelled,
        )


def _cached(home: Path, model: ScriptedModel, mode: ReplyCacheMode) -> ReplyCache:
    return ReplyCache(model, RecordedReplies(home), vendor="openai", base_url="https://a.b/v1", mode=mode)


async def test_a_run_again_costs_nothing_and_is_identical(tmp_path: Path) -> None:
    model = ScriptedModel(answer=trades_in_turn)
    first = _Run(tmp_path, _cached(tmp_path, model, ReplyCacheMode.READ_WRITE))
    result = await first.result(snapshots())
    asked = len(model.requests)
    assert result.status is BacktestStatus.COMPLETED
    assert asked == result.program_calls == SNAPSHOTS
    assert len(result.trades) == 6
    assert first.budget.spent_usd == Decimal("0.01") * asked

    again = _Run(tmp_path, _cached(tmp_path, model, ReplyCacheMode.READ_ONLY))
    repeated = await again.result(snapshots())
    assert len(model.requests) == asked
    assert repeated.result_hash == result.result_hash
    assert repeated.trades == result.trades
    assert (again.budget.spent_usd, again.budget.cached) == (Decimal(0), asked)
    assert again.progress[-1] == first.progress[-1] == SnapshotProgress(SNAPSHOTS, SNAPSHOTS, 0)


async def test_the_request_s_cash_and_the_trader_s_limits_count(tmp_path: Path) -> None:
    result = await _Run(tmp_path, ScriptedModel(answer=trades_in_turn)).result(snapshots(cash=Decimal(2000)))
    assert result.request.cash == 2000
    assert result.request.limits == TRADER.limits
    assert 900 < result.trades[0].quantity * result.trades[0].entry_price / 2 <= 1000


async def test_no_prompt_shows_anything_of_later(tmp_path: Path) -> None:
    """What is asked at a time is the same whether the history goes on after it or not."""
    short, long = ScriptedModel(answer=trades_in_turn), ScriptedModel(answer=trades_in_turn)
    await _Run(tmp_path, short).result(snapshots(end_ms=START_MS + 20 * HOUR_MS))
    await _Run(tmp_path, long).result(snapshots())
    prompts = [request.messages[0].content for request in short.requests]
    assert len(prompts) == 5
    assert prompts == [request.messages[0].content for request in long.requests][:5]
    for number, prompt in enumerate(prompts):
        now_ms = START_MS + number * 4 * HOUR_MS
        shown = re.search(r"Now (\d{4}-\d\d-\d\d[ T]\d\d:\d\d)", prompt)
        assert shown is not None
        moment = datetime.fromisoformat(shown[1]).replace(tzinfo=UTC)
        assert int(moment.timestamp() * 1000) == now_ms
        opens = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) [0-9.]+ ", prompt, re.MULTILINE)
        last = datetime.fromisoformat(opens[-1]).replace(tzinfo=UTC)
        assert int(last.timestamp() * 1000) == now_ms - QUARTER_MS  # the one that has just closed


async def test_it_ends_once_the_budget_is_spent(tmp_path: Path) -> None:
    run = _Run(tmp_path, ScriptedModel(answer=trades_in_turn), Budget(Decimal("0.03")))
    result = await run.result(snapshots())
    assert (result.status, result.program_calls) == (BacktestStatus.PARTIAL, 3)
    assert result.ended_early == "the budget of 0.03 USD is spent"


async def test_it_ends_after_as_many_snapshots_as_were_asked_for(tmp_path: Path) -> None:
    run = _Run(tmp_path, ScriptedModel(answer=trades_in_turn))
    result = await run.result(snapshots(max_samples=4))
    assert (result.status, result.program_calls) == (BacktestStatus.PARTIAL, 4)
    assert run.progress[-1] == SnapshotProgress(4, 4, 0)


async def test_a_model_that_keeps_failing_is_not_asked_for_ever(tmp_path: Path) -> None:
    model = ScriptedModel(ModelFailed("answered 401: wrong key"))
    result = await _Run(tmp_path, model).result(snapshots())
    assert len(model.requests) == 3
    assert result.status is BacktestStatus.ERROR
    assert result.ended_early == "the model failed 3 times in a row: answered 401: wrong key"


async def test_a_reply_that_cannot_be_used_is_one_failed_snapshot(tmp_path: Path) -> None:
    run = _Run(tmp_path, ScriptedModel("I would buy, I think", '{"operation": "hold"}'))
    result = await run.result(snapshots())
    assert result.status is BacktestStatus.COMPLETED
    assert (result.failures, run.progress[-1].failed, run.progress[-1].completed) == (1, 1, SNAPSHOTS - 1)
    assert result.trades == ()


async def test_a_call_under_way_is_broken_off_when_the_run_is_ended(tmp_path: Path) -> None:
    held = HeldModel()
    on_loop = ModelOnLoop(held, asyncio.get_running_loop())
    ended = False

    def is_cancelled() -> bool:
        return ended

    running = asyncio.create_task(
        asyncio.to_thread(
            run_snapshots, snapshots(), TRADER, tmp_path, on_loop, Budget(None), lambda _: None, is_cancelled
        )
    )
    await held.asked.wait()
    ended = True
    on_loop.end()
    result = await running
    assert result.status is BacktestStatus.CANCELLED
    assert held.requests == 1
