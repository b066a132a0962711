"""One machine full of traps, and one sandbox host that all contained attacks share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.strategies.programs.host import SandboxHost
from tests.strategies.programs.attacks.arena import Arena
from tests.strategies.programs.attacks.machine import Machine


@pytest.fixture(scope="session")
def runtime_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacked-runtime") / "runtime"


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def arena(runtime_dir: Path, machine: Machine) -> AsyncIterator[Arena]:
    host = SandboxHost(runtime_dir)
    host.start()
    yield Arena(host, machine)
    await host.close()
