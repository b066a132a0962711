"""The desk's backtests: started, watched, read and compared; each runs in a process of its own."""

from __future__ import annotations

from typing import Protocol

from engine.model.backtest import (
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    SweepRequest,
    SweepResult,
    TriggerDetail,
    TriggerLine,
)


class BacktestDesk(Protocol):
    """Runs over recorded history; `Topic.BACKTESTS` carries each `BacktestRun` as it changes."""

    def runs(self) -> tuple[BacktestRun, ...]:
        """Return every run that is not deleted, newest first."""
        ...

    async def start(self, request: BacktestRequest) -> BacktestRun:
        """Start a backtest, or queue it behind those that run; raises `InvalidInput` for a bad request."""
        ...

    async def start_sweep(self, request: SweepRequest) -> BacktestRun:
        """Start a parameter sweep; raises `InvalidInput` for a bad request."""
        ...

    async def cancel(self, run_id: str) -> BacktestRun:
        """Stop a run; raises `NotFound`, or `Conflict` for one that is over."""
        ...

    async def resume(self, run_id: str) -> BacktestRun:
        """Run an interrupted or cancelled run to its end; raises `NotFound` or `Conflict`."""
        ...

    async def delete(self, run_id: str) -> None:
        """Delete a run and its result; raises `NotFound`, or `Conflict` while it runs."""
        ...

    async def result(self, run_id: str) -> BacktestResult:
        """Return what a backtest came to; raises `NotFound`, or `Conflict` before it is over."""
        ...

    async def sweep_result(self, run_id: str) -> SweepResult:
        """Return what a sweep came to; raises `NotFound`, or `Conflict` before it is over."""
        ...

    async def triggers(
        self, run_id: str, *, offset: int = 0, limit: int = 100, operation: str = ""
    ) -> tuple[int, tuple[TriggerLine, ...]]:
        """Return how many lines the trigger log has (of one operation, if given) and some of them."""
        ...

    async def trigger_detail(self, run_id: str, index: int) -> TriggerDetail:
        """Return everything about one trigger, by running the program on it once more."""
        ...

    async def request_of(self, binding_id: int) -> BacktestRequest:
        """Return the backtest of a binding: its program, parameters, pools, schedule and limits."""
        ...
