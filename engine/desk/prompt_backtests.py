"""The desk's prompt backtests: over recorded markets, and over past decisions."""

from __future__ import annotations

from typing import Protocol

from engine.model.prompt_backtest import (
    PromptBacktestRequest,
    PromptBacktestResult,
    PromptRun,
    ReplayRequest,
    ReplayResult,
)


class PromptBacktestDesk(Protocol):
    """Runs that ask a model and trade nothing; `Topic.PROMPT_BACKTESTS` carries each `PromptRun`."""

    def runs(self) -> tuple[PromptRun, ...]:
        """Return every run that is not deleted, newest first."""
        ...

    async def start(self, request: PromptBacktestRequest) -> PromptRun:
        """Run a prompt over recorded snapshots; raises `InvalidInput`, `NotFound`, `VaultLocked`."""
        ...

    async def start_replay(self, request: ReplayRequest) -> PromptRun:
        """Ask past decisions again with a changed prompt; raises as `start`."""
        ...

    async def cancel(self, run_id: str) -> PromptRun:
        """Stop a run, keeping what there is; raises `NotFound` or `Conflict`."""
        ...

    async def retry(self, run_id: str) -> PromptRun:
        """Ask again only what failed; raises `NotFound`, or `Conflict` while it runs."""
        ...

    async def delete(self, run_id: str) -> None:
        """Delete a run and its result; raises `NotFound`, or `Conflict` while it runs."""
        ...

    async def result(self, run_id: str) -> PromptBacktestResult:
        """Return what a run over snapshots came to; raises `NotFound` or `Conflict`."""
        ...

    async def replay_result(self, run_id: str) -> ReplayResult:
        """Return what a replay came to, as far as it is; raises `NotFound` or `Conflict`."""
        ...
