"""Worker processes on this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import Any


class LocalExecutor(Executor):
    """A pool of processes that is replaced when one of them dies.

    What was in flight then fails with `BrokenProcessPool`; what is submitted after it runs. Processes
    are spawned: one forked beside threads could wait for ever for a lock that nobody holds.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = self._new_pool()

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `concurrent.futures.Executor`."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor`."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def end_now(self) -> None:
        """End the processes with whatever they are at."""
        self.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            process.terminate()

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
        )


def local_executor(workers: int = 0) -> LocalExecutor:
    """Return an executor of so many processes, 0 for one on each core this process may use."""
    return LocalExecutor(workers or _cores())


def _leave_interrupts_to_the_parent() -> None:
    """Let Ctrl-C, which a terminal sends to every process, be the one's that waits for the results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
