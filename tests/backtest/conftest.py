"""One sandbox serves every run here: starting one for each would take most of the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.strategies.programs.host import SandboxHost


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHost]:
    cache: Path = tmp_path_factory.mktemp("backtest-sandbox") / "runtime"
    host = SandboxHost(cache)
    host.start()
    await host.ready()
    yield host
    await host.close()
