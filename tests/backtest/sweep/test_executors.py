"""The same sweep on processes of this machine, on a Dask cluster and on a Ray cluster: the same lines."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.backtest.runs.summary import sweep_hash
from engine.backtest.sweep.cluster_executor import ClusterExecutor, cluster_executor, parse_cluster
from engine.backtest.sweep.local_executor import local_executor
from engine.backtest.sweep.sweep import SweepWork, sweep
from engine.errors import InvalidInput, Unavailable
from engine.model.backtest import SweepResult, WalkForward
from tests.backtest.sweep import made_trials
from tests.backtest.sweep.made_trials import SHARED, sweep_request

REQUEST = sweep_request(walk_forward=WalkForward(splits=2))
ROOT = str(Path(__file__).parents[3])
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray has no wheel here")


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
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
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
    import ray

    from engine.backtest.sweep.ray_executor import RayExecutor

    monkeypatch.setenv("PYTHONPATH", ROOT)
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=50)
    with RayExecutor() as executor:
        assert executor.workers == 2
        assert sweep_hash(on_shared(executor)) == in_threads


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_nobody_at_the_address(scheme: str) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"cluster: nobody answers at {scheme}://127.0.0.1:{port}"):
            cluster_executor(f"{scheme}://127.0.0.1:{port}")


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
