"""One sandbox host process serves every test here: starting one for each would take most of the time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from engine.model.program import Parameter, ProgramError
from engine.strategies.context import StrategyContext
from engine.strategies.programs.batch import BatchFailure, BatchReply, BatchRequest, DataQuery
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import batch_of_one
from tests.strategies.programs.recorded import Recording

LIMITS = SandboxLimits(seconds=0.5)
HELD = '{"operation": "hold"}'


class Ran(msgspec.Struct, frozen=True):
    """How one run ended."""

    decision: str
    output: str
    error: BatchFailure | None
    reply: BatchReply

    @property
    def sentence(self) -> str:
        """What went wrong."""
        error = self.error
        assert error is not None, self
        return ProgramError(
            kind=error.kind, message=error.message, line=error.line, code=error.code
        ).sentence()


RunBody = Callable[..., Coroutine[Any, Any, Ran]]


@pytest.fixture(scope="session")
def recording() -> Recording:
    return Recording()


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


def one(
    context: StrategyContext,
    source: str,
    *,
    session: str = "",
    params: Mapping[str, Parameter] = {},
) -> BatchRequest:
    """Return a batch of one trigger that asks for no data."""
    return batch_of_one(
        context, session=session or source, source=source, params=params, answers={}, keeps_reads=False
    )


async def run_source(
    host: SandboxHost,
    recording: Recording,
    context: StrategyContext,
    request: BatchRequest,
    limits: SandboxLimits = LIMITS,
) -> Ran:
    """Run a batch of one with whatever data it asks for."""
    answer = recording.answerer(context)
    plan: dict[DataQuery, None] = {}
    while True:
        answers = {query: answer(query, context.now_ms) for query in plan}
        reply = await host.run_batch(msgspec.structs.replace(request, answers=answers), limits)
        if not reply.needs:
            break
        plan |= dict.fromkeys(reply.needs)
    failure = reply.failures[0] if reply.failures else None
    decision = reply.decisions[0].decision if reply.decisions else "" if failure else HELD
    return Ran(decision, "".join(text for _, text in reply.output), failure, reply)


@pytest.fixture(scope="session")
def run(host: SandboxHost, recording: Recording) -> RunBody:
    """Run one should_trade body, in a session of its own unless `session` says otherwise."""

    async def run_body(
        body: str,
        *,
        session: str = "",
        params: Mapping[str, Parameter] = {},
        limits: SandboxLimits = LIMITS,
    ) -> Ran:
        context = recording.context()
        request = one(context, program(body), session=session, params=params)
        return await run_source(host, recording, context, request, limits)

    return run_body
