"""Workers of a running Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from distributed import Client

from engine.backtest.sweep.cluster_executor import ClusterExecutor

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory


class DaskExecutor(ClusterExecutor):
    """The workers of the scheduler at `address`; work of a worker that dies goes to another one.

    Raises `OSError` when there is no scheduler or no worker within `seconds`.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self._client = Client(f"tcp://{address}", timeout=seconds, set_as_default=False)
        try:
            self._client.wait_for_workers(1, timeout=seconds)
        except BaseException:
            self._client.close()
            raise
        self.workers = len(self._client.ncores())
        self._executor = self._client.get_executor(pure=False)
        self._shared: list[Any] = []

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `concurrent.futures.Executor`."""
        future: Future[T] = self._executor.submit(fn, *args, **kwargs)
        return future

    def share(self, history: LoadedHistory) -> object:
        """See `ClusterExecutor`; every worker has it when this returns."""
        [shared] = self._client.scatter([history], broadcast=True, hash=False)
        self._shared.append(shared)  # it is dropped by the workers when nobody here holds it
        return shared

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor`; the cluster itself goes on."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._shared.clear()
        self._client.close()
