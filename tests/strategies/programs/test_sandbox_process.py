"""The second wall: the process around the sandbox has nothing, and never outlives or stalls the desk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import StrategyFailed, Unavailable
from engine.strategies.programs.host import GuestReply, SandboxHost, SandboxLimits
from engine.strategies.programs.payload import Payload
from engine.strategies.programs.sandbox_process import MAX_SESSIONS
from tests.strategies.programs.conftest import LIMITS, RunBody, program

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

HOLD = 'return Decision("hold")'
SPIN = "while True: pass"


@pytest_asyncio.fixture(loop_scope="session")
async def own_host(cache_dir: Path) -> AsyncIterator[SandboxHost]:
    host = SandboxHost(cache_dir)
    host.start()
    yield host
    await host.close()


def proc(host: SandboxHost, name: str) -> Path:
    assert host.pid is not None
    return Path(f"/proc/{host.pid}/{name}")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_has_no_environment_and_stands_at_the_root(host: SandboxHost) -> None:
    assert proc(host, "environ").read_bytes() == b""
    assert proc(host, "cwd").readlink() == Path("/")


async def test_it_holds_no_descriptor_but_its_pipes_and_the_runtimes(
    own_host: SandboxHost, cache_dir: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with secret.open() as held:
        os.set_inheritable(held.fileno(), True)
        await own_host.ready()
    targets = [str(link.readlink()) for link in proc(own_host, "fd").iterdir()]
    expected = ("pipe:", "socket:", "anon_inode:", "/dev/null", "/memfd:wasm", "/proc/", str(cache_dir))
    assert [target for target in targets if not target.startswith(expected)] == []
    assert len(targets) < 24


async def test_its_limits_are_set(host: SandboxHost) -> None:
    limits = {
        line[:25].strip(): line[25:].split()[:2] for line in proc(host, "limits").read_text().splitlines()
    }
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max file size"] == ["0", "0"]
    assert int(limits["Max open files"][1]) <= 256
    status = dict(
        line.split(":\t", 1) for line in proc(host, "status").read_text().splitlines() if ":\t" in line
    )
    assert int(limits["Max data size"][1]) < int(status["VmData"].split()[0]) * 1024 + 2**30 + 2**20
    assert status["NoNewPrivs"] == "1"
    niceness = int(proc(host, "stat").read_text().rpartition(")")[2].split()[16])
    assert niceness == min(os.nice(0) + 10, 19)


async def test_kill_nine_during_a_call_is_a_failure_and_the_next_call_works(
    own_host: SandboxHost, payload: Payload
) -> None:
    await own_host.run("a", program(HOLD), payload, LIMITS)
    first = own_host.pid
    spinning = asyncio.create_task(own_host.run("b", program(SPIN), payload, SandboxLimits(seconds=10)))
    await asyncio.sleep(0.1)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(StrategyFailed, match="sandbox died"):
        await spinning
    reply = await own_host.run("a", program(HOLD), payload, LIMITS)
    assert reply.decision == '{"operation": "hold"}'
    assert own_host.pid != first


async def test_a_process_that_stops_answering_is_killed_and_replaced(
    own_host: SandboxHost, payload: Payload
) -> None:
    await own_host.run("a", program(HOLD), payload, LIMITS)
    first = own_host.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(StrategyFailed, match="longer than its limit"):
        await own_host.run("a", program(HOLD), payload, SandboxLimits(seconds=0.1))
    assert (await own_host.run("a", program(HOLD), payload, LIMITS)).error is None
    assert not is_running(first)


async def test_calls_made_before_it_is_ready_wait_for_it(own_host: SandboxHost, payload: Payload) -> None:
    assert own_host.pid is None
    replies = await asyncio.gather(
        *(own_host.run(f"p{number}", program(HOLD), payload, LIMITS) for number in range(3))
    )
    assert {reply.decision for reply in replies} == {'{"operation": "hold"}'}


async def test_more_programs_than_sessions_take_turns(own_host: SandboxHost, payload: Payload) -> None:
    limits = SandboxLimits(seconds=10)
    for _ in range(2):
        replies = await asyncio.gather(
            *(
                own_host.run(f"p{number}", program(HOLD), payload, limits)
                for number in range(MAX_SESSIONS + 6)
            )
        )
        assert [reply.error for reply in replies] == [None] * (MAX_SESSIONS + 6)


async def test_a_caller_that_gives_up_does_not_disturb_the_next(run: RunBody, host: SandboxHost) -> None:
    before = host.pid
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run(f"if data.params:\n    {SPIN}\n{HOLD}", program_id="hasty", params={"spin": True})
    reply = await run(f"if data.params:\n    {SPIN}\n{HOLD}", program_id="hasty")
    assert reply.decision == '{"operation": "hold"}'
    assert host.pid == before


async def test_closing_ends_it_even_while_a_program_spins(cache_dir: Path, payload: Payload) -> None:
    host = SandboxHost(cache_dir)
    host.start()
    await host.ready()
    pid = host.pid
    spinning = asyncio.create_task(host.run("s", program(SPIN), payload, SandboxLimits(seconds=30)))
    await asyncio.sleep(0.05)
    await host.close()
    with pytest.raises(StrategyFailed, match="closing"):
        await spinning
    assert pid is not None
    assert not is_running(pid)
    with pytest.raises(Unavailable, match="closed"):
        await host.run("s", program(HOLD), payload, LIMITS)


async def test_a_runtime_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    host = SandboxHost(shared)
    with pytest.raises(Unavailable, match="writable by nobody else"):
        await host.ready()
    await host.close()


DESK_THAT_IS_KILLED = """
import asyncio, sys
from pathlib import Path
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import Payload

async def main():
    host = SandboxHost(Path(sys.argv[1]))
    await host.ready()
    print(host.pid, flush=True)
    source = "while True: pass"
    await host.run("s", source, Payload('{"now_ms": 0, "seed": 0}', {}), SandboxLimits(seconds=30))

asyncio.run(main())
"""


async def test_it_dies_with_a_desk_that_is_killed(cache_dir: Path) -> None:
    desk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DESK_THAT_IS_KILLED, str(cache_dir)), stdout=asyncio.subprocess.PIPE
    )
    assert desk.stdout is not None
    pid = int(await desk.stdout.readline())
    assert is_running(pid)
    desk.kill()
    await desk.wait()
    for _ in range(500):
        if not is_running(pid):
            break
        await asyncio.sleep(0.01)
    assert not is_running(pid)


async def test_the_reply_says_how_long_the_guest_took(run: RunBody) -> None:
    reply: GuestReply = await run(HOLD)
    assert 0 < reply.guest_us < 500_000
