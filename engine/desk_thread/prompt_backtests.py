"""The prompt-backtests side of a desk that lives on another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.desk_thread.sides import EngineThread

if TYPE_CHECKING:
    from engine.model.prompt_backtest import (
        PromptBacktestRequest,
        PromptBacktestResult,
        PromptRun,
        ReplayRequest,
        ReplayResult,
    )


class ThreadedPromptBacktests:
    """The desk's prompt-backtests side, see `engine.desk.prompt_backtests.PromptBacktestDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def runs(self) -> tuple[PromptRun, ...]:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        desk = self._thread.desk
        return desk.prompt_backtests.runs() if desk else ()

    async def start(self, request: PromptBacktestRequest) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.start(request))

    async def start_replay(self, request: ReplayRequest) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.start_replay(request))

    async def cancel(self, run_id: str) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.cancel(run_id))

    async def retry(self, run_id: str) -> PromptRun:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.retry(run_id))

    async def delete(self, run_id: str) -> None:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        await self._thread.call(lambda desk: desk.prompt_backtests.delete(run_id))

    async def result(self, run_id: str) -> PromptBacktestResult:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.result(run_id))

    async def replay_result(self, run_id: str) -> ReplayResult:
        """See `engine.desk.prompt_backtests.PromptBacktestDesk`."""
        return await self._thread.call(lambda desk: desk.prompt_backtests.replay_result(run_id))
