"""A `PromptBacktestDesk` over runs written down here; one replay changes a buy into a hold.

Commands are noted. A started replay answers each decision with `ANSWER` the next time it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.errors import Conflict, NotFound
from engine.model.decision import Decision, Operation
from engine.model.prompt_backtest import (
    PromptBacktestRequest,
    PromptBacktestResult,
    PromptRun,
    PromptRunKind,
    PromptRunStatus,
    ReplayItem,
    ReplayItemStatus,
    ReplayRequest,
    ReplayResult,
    ReplaySummary,
)

NOW_MS = 1_772_373_807_000
D = Decimal
RUNS = (
    PromptRun(
        run_id="pbt-0003",
        kind=PromptRunKind.SNAPSHOTS,
        name="default [/foo]",
        status=PromptRunStatus.PARTIAL,
        created_ms=NOW_MS - 3_600_000,
        trader_id=2,
        model="gpt-5-mini",
        total=120,
        completed=64,
        failed=2,
        tokens=201_400,
        cost_usd=D("5.0012"),
        error="max_usd: 5 USD are spent",
        warnings=("gpt-5-mini may have been trained on this period: its result may be too good",),
    ),
    PromptRun(
        run_id="pbt-0002",
        kind=PromptRunKind.REPLAY,
        name="calmer",
        status=PromptRunStatus.COMPLETED,
        created_ms=NOW_MS - 90_000_000,
        trader_id=2,
        model="deepseek-chat",
        total=1,
        completed=1,
        cached=1,
        tokens=1_380,
    ),
)
ORIGINAL = Decision(
    operation=Operation.BUY, symbol="ETH", portion=D(1), leverage=5, reason="Breakout above the range."
)
ANSWER = Decision(
    operation=Operation.HOLD, symbol="ETH", reason="The range holds; wait for a close above it."
)


def answered(decision_id: str, prompt: str) -> ReplayItem:
    return ReplayItem(
        decision_id=decision_id,
        status=ReplayItemStatus.COMPLETED,
        prompt=prompt,
        reply='{"operation": "hold", "symbol": "ETH", "reason": "The range holds"}',
        reasoning="No close above the range yet.",
        original=(ORIGINAL,),
        changed=(ANSWER,),
        changes=("operation",),
        change_type="buy_to_hold",
        realized_pnl=D("-41.20"),
        tokens=1_402,
        cost_usd=D("0.0038"),
    )


class RecordedPromptBacktests:
    """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note: Callable[..., None] = note
        self.run_list: tuple[PromptRun, ...] = RUNS
        self.requests: dict[str, ReplayRequest] = {
            "pbt-0002": ReplayRequest(
                decision_ids=("d-2",), connection_id=2, model="deepseek-chat", text="Hold."
            )
        }

    def runs(self) -> tuple[PromptRun, ...]:
        return self.run_list

    async def start(self, request: PromptBacktestRequest) -> PromptRun:
        self._note("start_prompt_backtest", request)
        return self._add(
            PromptRun(
                run_id=f"pbt-{len(self.run_list) + 2:04d}",
                kind=PromptRunKind.SNAPSHOTS,
                name=request.name,
                status=PromptRunStatus.RUNNING,
                created_ms=NOW_MS,
                trader_id=request.trader_id,
                model=request.model,
            )
        )

    async def start_replay(self, request: ReplayRequest) -> PromptRun:
        self._note("start_replay", request)
        run_id = f"pbt-{len(self.run_list) + 2:04d}"
        self.requests[run_id] = request
        return self._add(
            PromptRun(
                run_id=run_id,
                kind=PromptRunKind.REPLAY,
                name=request.name,
                status=PromptRunStatus.RUNNING,
                created_ms=NOW_MS,
                model=request.model,
                total=len(request.decision_ids),
            )
        )

    async def cancel(self, run_id: str) -> PromptRun:
        self._note("cancel_prompt_run", run_id)
        if self._run(run_id).status is not PromptRunStatus.RUNNING:
            raise Conflict(f"{run_id} is over: {self._run(run_id).status}")
        return self._put(run_id, PromptRunStatus.CANCELLED)

    async def retry(self, run_id: str) -> PromptRun:
        self._note("retry_prompt_run", run_id)
        if not self._run(run_id).failed:
            raise Conflict(f"{run_id} has nothing that failed")
        return self._put(run_id, PromptRunStatus.RUNNING)

    async def delete(self, run_id: str) -> None:
        self._note("delete_prompt_run", run_id)
        self.run_list = tuple(run for run in self.run_list if run is not self._run(run_id))

    async def result(self, run_id: str) -> PromptBacktestResult:
        raise Conflict(f"{run_id} has no result: {self._run(run_id).error}")

    async def replay_result(self, run_id: str) -> ReplayResult:
        run, request = self._run(run_id), self.requests[run_id]
        if run.status is PromptRunStatus.RUNNING and run.completed < run.total:
            done = msgspec.structs.replace(
                run,
                status=PromptRunStatus.COMPLETED,
                completed=run.total,
                tokens=1_402 * run.total,
                cost_usd=D("0.0038") * run.total,
            )
            self.run_list = tuple(done if each is run else each for each in self.run_list)
            waiting = tuple(
                ReplayItem(decision_id=decision_id, original=(ORIGINAL,))
                for decision_id in request.decision_ids
            )
            return ReplayResult(
                run=run, request=request, items=waiting, summary=ReplaySummary(total=run.total)
            )
        items = tuple(answered(decision_id, request.text) for decision_id in request.decision_ids)
        summary = ReplaySummary(
            total=len(items),
            completed=len(items),
            changed=len(items),
            avoided_loss_count=len(items),
            avoided_loss=D("41.20") * len(items),
        )
        return ReplayResult(run=run, request=request, items=items, summary=summary)

    def _run(self, run_id: str) -> PromptRun:
        for run in self.run_list:
            if run.run_id == run_id:
                return run
        raise NotFound(f"prompt backtest: there is no run {run_id}", field="run_id")

    def _add(self, run: PromptRun) -> PromptRun:
        self.run_list = (run, *self.run_list)
        return run

    def _put(self, run_id: str, status: PromptRunStatus) -> PromptRun:
        changed = msgspec.structs.replace(self._run(run_id), status=status)
        self.run_list = tuple(changed if run.run_id == run_id else run for run in self.run_list)
        return changed
