"""The second wall: the process around the sandbox has nothing, and never outlives or stalls the desk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import StrategyFailed, Unavailable
from engine.strategies.programs.batch import BatchReply
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.sandbox_process import MAX_SESSIONS
from tests.strategies.programs.conftest import HELD, LIMITS, RunBody, one, program
from tests.strategies.programs.recorded import Recording

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

HOLD = 'return Decision("hold")'
SPIN = "while True: pass"


async def run_one(
    host: SandboxHost, recording: Recording, session: str, body: str, limits: SandboxLimits = LIMITS
) -> BatchReply:
    return await host.run_batch(one(recording.context(), program(body), session=session), limits)


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
    own_host: SandboxHost, recording: Recording
) -> None:
    await run_one(own_host, recording, "a", HOLD)
    first = own_host.pid
    spinning = asyncio.create_task(run_one(own_host, recording, "b", SPIN, SandboxLimits(seconds=10)))
    await asyncio.sleep(0.1)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(StrategyFailed, match="sandbox died"):
        await spinning
    assert (await run_one(own_host, recording, "a", HOLD)).decided == 1
    assert own_host.pid != first


async def test_a_process_that_stops_answering_is_killed_and_replaced(
    own_host: SandboxHost, recording: Recording
) -> None:
    await run_one(own_host, recording, "a", HOLD)
    first = own_host.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(StrategyFailed, match="longer than its limit"):
        await run_one(own_host, recording, "a", HOLD, SandboxLimits(seconds=0.1))
    assert not (await run_one(own_host, recording, "a", HOLD)).failures
    assert not is_running(first)


async def test_calls_made_before_it_is_ready_wait_for_it(own_host: SandboxHost, recording: Recording) -> None:
    assert own_host.pid is None
    replies = await asyncio.gather(*(run_one(own_host, recording, f"p{number}", HOLD) for number in range(3)))
    assert [reply.decided for reply in replies] == [1] * 3


async def test_more_programs_than_sessions_take_turns(own_host: SandboxHost, recording: Recording) -> None:
    limits = SandboxLimits(seconds=10)
    for _ in range(2):
        replies = await asyncio.gather(
            *(run_one(own_host, recording, f"p{number}", HOLD, limits) for number in range(MAX_SESSIONS + 6))
        )
        assert [reply.failures for reply in replies] == [()] * (MAX_SESSIONS + 6)


async def test_a_caller_that_gives_up_does_not_disturb_the_next(run: RunBody, host: SandboxHost) -> None:
    before = host.pid
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run(f"if data.params:\n    {SPIN}\n{HOLD}", session="hasty", params={"spin": True})
    reply = await run(f"if data.params:\n    {SPIN}\n{HOLD}", session="hasty")
    assert reply.decision == HELD
    assert host.pid == before


async def test_closing_ends_it_even_while_a_program_spins(cache_dir: Path, recording: Recording) -> None:
    host = SandboxHost(cache_dir)
    host.start()
    await host.ready()
    pid = host.pid
    spinning = asyncio.create_task(run_one(host, recording, "s", SPIN, SandboxLimits(seconds=30)))
    await asyncio.sleep(0.05)
    await host.close()
    with pytest.raises(StrategyFailed, match="closing"):
        await spinning
    assert pid is not None
    assert not is_running(pid)
    with pytest.raises(Unavailable, match="closed"):
        await run_one(host, recording, "s", HOLD)


async def test_the_folder_of_a_session_goes_with_the_host_and_is_made_for_none_that_has_no_need(
    cache_dir: Path, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    host = SandboxHost(cache_dir)
    host.start()
    await run_one(host, recording, "live", HOLD)
    assert not os.listdir(tmp_path)
    folder = host.volume("backtest")
    assert host.volume("backtest") == folder
    assert os.listdir(tmp_path) == [folder.rpartition("/")[2]]
    await host.open_session("backtest", program(HOLD), LIMITS, folder)
    await host.close()
    assert not os.listdir(tmp_path)


async def test_a_session_that_cannot_be_opened_is_told_of_when_it_is_asked(
    host: SandboxHost, recording: Recording
) -> None:
    before = host.pid
    await host.open_session("hollow", "while True: pass", SandboxLimits(seconds=0.2))
    await host.open_session("hollow", "#" * 300_000, LIMITS)
    await host.open_session("hollow", "class S(\n", LIMITS)
    reply = await host.run_batch(one(recording.context(), "class S(\n", session="hollow"), LIMITS)
    assert reply.failures[0].kind == "SyntaxError"
    assert host.pid == before


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
from tests.strategies.programs.conftest import one, program
from tests.strategies.programs.recorded import Recording

async def main():
    host = SandboxHost(Path(sys.argv[1]))
    await host.ready()
    print(host.pid, flush=True)
    await host.run_batch(one(Recording().context(), program("while True: pass")), SandboxLimits(seconds=30))

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
    ran = await run(HOLD)
    assert 0 < ran.reply.guest_us < 500_000
