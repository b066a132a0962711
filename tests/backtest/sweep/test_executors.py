"""The same sweep on processes of this machine, on a Dask cluster and on a Ray cluster: the same lines."""

from __future__ import annotations

import importlib
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.backtest.runs.summary import sweep_hash
from engine.backtest.sweep.cluster_executor import (
    ClusterExecutor,
    check_workers,
    cluster_executor,
    nightdesk_version,
    parse_cluster,
)
from engine.backtest.sweep.local_executor import local_executor
from engine.backtest.sweep.sweep import SweepWork, sweep
from engine.errors import InvalidInput, Unavailable
from engine.model.backtest import SweepResult, WalkForward
from tests.backtest.sweep import made_trials, ray_client_server
from tests.backtest.sweep.made_trials import SHARED, sweep_request

REQUEST = sweep_request(walk_forward=WalkForward(splits=2))
ROOT = str(Path(__file__).parents[3])
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray has no wheel here")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


def swept(executor: Executor, **work: Any) -> SweepResult:
    return sweep(
        REQUEST,
        executor,
        workers=2,
        work=SweepWork(**{"run": made_trials.run_trials, "find_range": made_trials.find_range} | work),
    )


def on_shared(executor: ClusterExecutor) -> SweepResult:
    history: Any = SHARED
    return swept(
        executor,
        run=made_trials.run_trials_on_shared,
        find_range=made_trials.find_shared_range,
        history=executor.share(history),
    )


@pytest.fixture(scope="module")
def in_threads() -> str:
    """The hash that every executor must come to."""
    with ThreadPoolExecutor(2) as executor:
        return sweep_hash(swept(executor))


def test_processes_of_this_machine(in_threads: str) -> None:
    with local_executor(2) as executor:
        assert executor.workers == 2
        assert sweep_hash(swept(executor)) == in_threads


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(tmp_path: Path, in_threads: str) -> None:
    once = tmp_path / "killed.once"
    with local_executor(2) as executor:
        result = sweep(
            REQUEST,
            executor,
            workers=2,
            home=str(once),
            work=SweepWork(run=made_trials.run_trials_that_kill, find_range=made_trials.find_range),
        )
    assert once.exists(), "a worker was killed"
    assert sweep_hash(result) == in_threads


def test_one_process_for_each_core_unless_it_is_said() -> None:
    with local_executor() as executor:
        assert executor.workers == (
            len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
        )


@pytest.fixture(scope="module")
def dask_address() -> Iterator[str]:
    distributed: Any = importlib.import_module("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield str(cluster.scheduler_address).removeprefix("tcp://")


def test_a_dask_cluster(dask_address: str, in_threads: str) -> None:
    with cluster_executor(f"dask://{dask_address}") as executor:
        assert executor.workers == 2
        assert sweep_hash(on_shared(executor)) == in_threads


def test_a_worker_of_dask_that_is_killed(dask_address: str, in_threads: str, tmp_path: Path) -> None:
    once = tmp_path / "killed.once"
    with cluster_executor(f"dask://{dask_address}") as executor:
        result = sweep(
            REQUEST,
            executor,
            workers=2,
            home=str(once),
            work=SweepWork(run=made_trials.run_trials_that_kill, find_range=made_trials.find_range),
        )
    assert once.exists(), "a worker was killed"
    assert sweep_hash(result) == in_threads


@needs_ray
def test_a_ray_cluster(in_threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.backtest.sweep.ray_executor import RayExecutor

    ray = importlib.import_module("ray")
    monkeypatch.setenv("PYTHONPATH", ROOT)
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=50)
    with RayExecutor() as executor:
        assert executor.workers == 2
        assert sweep_hash(on_shared(executor)) == in_threads


@pytest.fixture
def ray_client_port() -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, ray_client_server.__file__, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": ROOT,
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            "RAY_AUTH_MODE": "disabled",
        },
    )
    with server:
        assert server.stdout is not None
        assert any(line == b"ready\n" for line in server.stdout)
        yield port
        server.communicate()


@needs_ray
@pytest.mark.skipif(importlib.util.find_spec("grpc") is None, reason="the Ray client needs grpc")
def test_a_ray_cluster_elsewhere(in_threads: str, ray_client_port: int) -> None:
    with cluster_executor(f"ray://127.0.0.1:{ray_client_port}") as executor:
        assert executor.workers == 2
        assert sweep_hash(on_shared(executor)) == in_threads


class OneWorker(ClusterExecutor):
    """A cluster whose one worker answers every question with `answer`."""

    def __init__(self, answer: Future[Any]) -> None:
        self._answer = answer

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._answer

    def share(self, history: object) -> object:
        return history


def test_workers_must_have_this_version_of_nightdesk() -> None:
    ours, other, missing, silent = Future[str](), Future[str](), Future[str](), Future[str]()
    ours.set_result(nightdesk_version())
    other.set_result("0.0.1")
    missing.set_exception(ModuleNotFoundError("No module named 'engine'"))
    check_workers(OneWorker(ours), "dask://host:1")
    with pytest.raises(Unavailable, match=r"workers of dask://host:1 have nightdesk 0\.0\.1; install"):
        check_workers(OneWorker(other), "dask://host:1")
    with pytest.raises(Unavailable, match=r"cannot run nightdesk \(No module named 'engine'\); install"):
        check_workers(OneWorker(missing), "dask://host:1")
    with pytest.raises(Unavailable, match=r"nobody answers at ray://host:1 \(no worker is free\)"):
        check_workers(OneWorker(silent), "ray://host:1", seconds=0.01)


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_nobody_at_the_address(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=f"cluster: nobody answers at {url}"):
        cluster_executor(url)


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_a_package_that_is_not_installed_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"dask": "distributed", "ray": "ray"}[scheme]
    monkeypatch.delitem(sys.modules, f"engine.backtest.sweep.{scheme}_executor", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"not installed \({module}\).*'nightdesk\[{scheme}\]'"):
            cluster_executor(f"{scheme}://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dask",
        "dask://",
        "dask://host",
        "tcp://host:1",
        "ray://host:0",
        "ray://host:99999",
        "dask://h:1/x",
    ],
)
def test_an_address_of_another_shape_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="use dask://HOST:PORT or ray://HOST:PORT"):
        parse_cluster(url)


def test_an_address_is_read() -> None:
    assert parse_cluster("dask://[::1]:8786") == ("dask", "::1", 8786)
    assert parse_cluster("ray://head.example:10001") == ("ray", "head.example", 10001)
