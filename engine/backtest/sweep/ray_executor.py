"""Workers of a running Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Workers have nightdesk installed; under `uv run`, Ray would have each of them build the desk's project anew.
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

import ray  # reads that setting once, when it is imported

from engine.backtest.sweep.cluster_executor import ClusterExecutor

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory


class RayExecutor(ClusterExecutor):
    """The cluster this process is connected to; work of a worker that dies goes to another one."""

    def __init__(self) -> None:
        self.workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._remote = cache(ray.remote)

    @classmethod
    def connect(cls, address: str) -> RayExecutor:
        """Connect this process to the Ray client server at `address`.

        Raises `ConnectionError` when nobody answers, `ImportError` without what the Ray client needs.
        """
        import_module("grpc")  # what the Ray client speaks; ray by itself comes without it
        ray.init(f"ray://{address}")
        return cls()

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `concurrent.futures.Executor`."""
        reference = self._remote(fn).remote(*args, **kwargs)
        future: Future[T] = Future()
        future.add_done_callback(lambda future: _cancel_if(future, reference))
        reference.future().add_done_callback(lambda done: _pass_on(done, future))
        return future

    def share(self, history: LoadedHistory) -> object:
        """See `ClusterExecutor`; a node fetches it when one of its workers first needs it."""
        return ray.put(history)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor`; the cluster itself goes on."""
        ray.shutdown()


def _cancel_if(future: Future[Any], reference: Any) -> None:
    if future.cancelled():
        ray.cancel(reference)


def _pass_on(done: Future[Any], future: Future[Any]) -> None:
    """Give a result of Ray's to a future of ours, unless that was cancelled meanwhile."""
    if done.cancelled() or not future.set_running_or_notify_cancel():
        return
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(getattr(error, "cause", None) or error)
