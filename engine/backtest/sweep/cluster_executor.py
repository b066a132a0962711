"""Workers of a cluster that somebody else keeps: its address, and what any kind of it must do."""

from __future__ import annotations

import contextlib
import socket
from abc import ABC, abstractmethod
from concurrent.futures import Executor
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.errors import DeskError, InvalidInput, Unavailable
from engine.text import first_line, safe_line

if TYPE_CHECKING:
    from engine.backtest.history import LoadedHistory

CONNECT_SECONDS = 10.0
FIRST_ANSWER_SECONDS = 60.0
"""How long a cluster that was reached may take to start its first worker."""

SCHEMES = ("dask", "ray")
_ALLOWED = "use dask://HOST:PORT or ray://HOST:PORT"


class ClusterExecutor(Executor, ABC):
    """An executor on a cluster; `workers` is how many runs it can make at once."""

    workers: int

    @abstractmethod
    def share(self, history: LoadedHistory) -> object:
        """Send a history ahead, once; what is returned stands for it as an argument of `submit`."""


def cluster_executor(url: str) -> ClusterExecutor:
    """Connect to a cluster whose workers have this version of nightdesk.

    Raises `InvalidInput` for an address of another shape, and `Unavailable` when the package for it
    is not installed, nobody answers, or the workers have not got nightdesk.
    """
    scheme, host, port = parse_cluster(url)
    _check_somebody_listens(url, host, port)
    try:
        executor = _connect(scheme, f"{host}:{port}")
    except ImportError as error:
        raise Unavailable(
            f"cluster: {url} needs a package that is not installed ({error.name});"
            f" pip install 'nightdesk[{scheme}]'",
            field="cluster",
            value=url,
        ) from error
    except DeskError:
        raise
    except Exception as error:
        raise _nobody(url, error) from error
    try:
        check_workers(executor, url)
    except BaseException:
        executor.shutdown(wait=False)
        raise
    return executor


def parse_cluster(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of an address; raises `InvalidInput`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    unused = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if parts.scheme not in SCHEMES or not parts.hostname or not port or any(unused):
        raise InvalidInput.of("cluster", safe_line(url, 80), _ALLOWED)
    return parts.scheme, parts.hostname, port


def nightdesk_version() -> str:
    """Return the version of nightdesk in this process, as a worker is asked for it."""
    try:
        return version("nightdesk")
    except PackageNotFoundError:
        return "unknown"


def _connect(scheme: str, address: str) -> ClusterExecutor:
    if scheme == "dask":
        from engine.backtest.sweep.dask_executor import DaskExecutor

        return DaskExecutor(address, CONNECT_SECONDS)
    from engine.backtest.sweep.ray_executor import RayExecutor

    return RayExecutor.connect(address)


def _check_somebody_listens(url: str, host: str, port: int) -> None:
    try:
        with contextlib.closing(socket.create_connection((host, port), CONNECT_SECONDS)):
            return
    except OSError as error:
        raise _nobody(url, error) from error


def check_workers(executor: ClusterExecutor, url: str, seconds: float = FIRST_ANSWER_SECONDS) -> None:
    """Raise `Unavailable` unless a worker answers with this version of nightdesk."""
    ours = nightdesk_version()
    try:
        theirs = executor.submit(nightdesk_version).result(seconds)
    except TimeoutError as error:
        raise _nobody(url, TimeoutError("no worker is free")) from error
    except Exception as error:
        problem = f"cannot run nightdesk ({_told(error)})"
    else:
        if theirs == ours:
            return
        problem = f"have nightdesk {theirs}"
    raise Unavailable(
        f"cluster: the workers of {url} {problem}; install nightdesk {ours} there", field="cluster", value=url
    )


def _nobody(url: str, error: Exception) -> Unavailable:
    return Unavailable(f"cluster: nobody answers at {url} ({_told(error)})", field="cluster", value=url)


def _told(error: Exception) -> str:
    return safe_line(first_line(error), 200)
