"""What a worker process keeps between batches: its sandbox, and the history it read last."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Coroutine
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.model.backtest import BacktestRequest, BacktestResult

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory
    from engine.backtest.layout import RunLayout
    from engine.backtest.sweep.trials import TrialBatch
    from engine.strategies.programs.host import SandboxHost


SECONDS_TO_END = 2.0
LAYOUTS_KEPT = 2
"""A sweep has one range, and a walk-forward one more at a time."""


class WorkerState:
    """One sandbox on an event loop of its own thread, and one history.

    The thread stays for as long as the process: the sandbox ends with the thread that started it.
    One run at a time, however many threads a cluster's worker has.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="sweep runs", daemon=True).start()
        self._sandbox: SandboxHost | None = None
        self._layouts: deque[RunLayout] = deque(maxlen=LAYOUTS_KEPT)
        # A pool's worker ends without `atexit`; this is called in either case.
        Finalize(None, self._end, exitpriority=1)
        self._history: tuple[bytes, LoadedHistory] | None = None

    def run(
        self, request: BacktestRequest, batch: TrialBatch, history: LoadedHistory | None
    ) -> BacktestResult:
        """Run one request of a batch; raises what `run_backtest` and `load_history` raise."""
        known = self.history_of(batch) if history is None else history
        with self._turn:
            return self._wait_for(self._run(request, known))

    def history_of(self, batch: TrialBatch) -> LoadedHistory:
        """Return the history of a batch; raises what `load_history` raises."""
        from engine.backtest.history import load_history

        key = msgspec.msgpack.encode((batch.home, batch.request))
        with self._turn:
            if self._history is None or self._history[0] != key:
                self._history = None  # the old one makes room first
                self._layouts.clear()
                self._history = key, load_history(batch.request, Path(batch.home) if batch.home else None)
            return self._history[1]

    async def _run(self, request: BacktestRequest, history: LoadedHistory) -> BacktestResult:
        from engine.backtest.layout import RunLayout
        from engine.backtest.run import run_backtest
        from engine.strategies.programs.host import SandboxHost

        if self._sandbox is None:
            self._sandbox = SandboxHost()
            self._sandbox.start()
        layout = next((each for each in self._layouts if each.serves(request, history)), None)
        if layout is None:
            layout = RunLayout(request, history)
            self._layouts.append(layout)
        return (await run_backtest(request, history, self._sandbox, layout=layout)).result

    def _end(self) -> None:
        """End the sandbox in order, when the process ends."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            # By then no thread can be had to wait in for the sandbox, which has been killed.
            with contextlib.suppress(TimeoutError, RuntimeError):
                asyncio.run_coroutine_threadsafe(sandbox.close(), self._loop).result(SECONDS_TO_END)

    def _wait_for[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


_state: WorkerState | None = None
_making = threading.Lock()


def worker_state() -> WorkerState:
    """Return the state of this process, made when it is first asked for."""
    global _state
    with _making:
        if _state is None:
            _state = WorkerState()
        return _state
