"""One sandbox host process serves every test here: starting one for each would take most of the time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.strategies.programs.host import GuestReply, SandboxHost, SandboxLimits
from engine.strategies.programs.payload import Payload, ProgramParameters, payload_of
from tests.strategies.programs.recorded import Recording

LIMITS = SandboxLimits(seconds=0.5)

RunBody = Callable[..., Coroutine[Any, Any, GuestReply]]


@pytest.fixture(scope="session")
def recording() -> Recording:
    return Recording()


@pytest.fixture(scope="session")
def payload(recording: Recording) -> Payload:
    return payload_of(recording.context(), {})


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox-cache") / "runtime"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host(cache_dir: Path) -> AsyncIterator[SandboxHost]:
    host = SandboxHost(cache_dir)
    host.start()
    await host.ready()
    yield host
    await host.close()


def program(body: str) -> str:
    """Return a program whose should_trade has this body."""
    indented = "\n".join("        " + line for line in body.strip("\n").splitlines())
    return f"class Strategy:\n    def should_trade(self, data):\n{indented}\n"


@pytest.fixture(scope="session")
def run(host: SandboxHost, recording: Recording) -> RunBody:
    """Run one should_trade body, in a session of its own unless `program_id` says otherwise."""

    async def run_body(
        body: str,
        *,
        program_id: str = "",
        params: ProgramParameters | None = None,
        limits: SandboxLimits = LIMITS,
    ) -> GuestReply:
        source = program(body)
        payload = payload_of(recording.context(), params or {})
        return await host.run(program_id or source, source, payload, limits)

    return run_body
