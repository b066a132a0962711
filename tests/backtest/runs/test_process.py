"""A run in a process of its own: it answers, fails, dies or is cancelled, and nothing is left of it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.backtest.runs.archive import RunArchive
from engine.backtest.runs.frames import BacktestTask, Finished, Inspected, InspectTask, Surroundings
from engine.backtest.runs.process import run_in_process
from engine.errors import DeskError, InvalidInput, Unavailable
from engine.model.backtest import BacktestProgress, BacktestRequest, BacktestStatus
from tests.backtest.runs import scripted_worker
from tests.backtest.runs.made_runs import candle_file, made_log, made_request, made_result

SCRIPT = scripted_worker.__file__


def surroundings(folder: Path) -> Surroundings:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return Surroundings(home=str(folder), scratch=str(scratch), environment={"HOME": str(folder)})


def task(tmp_path: Path, source: str) -> BacktestTask:
    folder = RunArchive(tmp_path).create("bt", 0).path
    return BacktestTask(request(tmp_path, source), str(folder), surroundings(tmp_path))


def request(tmp_path: Path, source: str) -> BacktestRequest:
    return made_request(source, candle_file(tmp_path))


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


async def until(happened: Callable[[], bool]) -> None:
    for _ in itertools.count():
        if happened():
            return
        await asyncio.sleep(0.01)


def start_desk(tmp_path: Path, pids: Path) -> subprocess.Popen[bytes]:
    """Start a desk whose one run hangs."""
    code = f"""
        import asyncio
        from pathlib import Path
        from engine.backtest.runs.process import run_in_process
        from tests.backtest.runs.test_process import SCRIPT, task
        asyncio.run(run_in_process(task(Path({str(tmp_path)!r}), "hang {pids}"), script=SCRIPT))
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=Path(__file__).parents[3])


async def test_it_tells_its_progress_keeps_its_result_and_sums_it_up(tmp_path: Path) -> None:
    work = task(tmp_path, "run")
    told: list[BacktestProgress] = []
    answer = await run_in_process(work, told.append, SCRIPT)
    assert isinstance(answer, Finished)
    assert (answer.status, answer.total_pnl) == (BacktestStatus.COMPLETED, 10.0)
    folder = RunArchive(tmp_path).folder("bt-001")
    assert (folder.result(), folder.trigger_log()) == (made_result(work.request), made_log())
    stages = [progress.stage for progress in told]
    assert list(dict.fromkeys(stages)) == ["loading", "running", "writing"]
    assert len(told) < 20, "a hundred steps at once are told as one"


async def test_it_looks_at_one_trigger(tmp_path: Path) -> None:
    work = InspectTask(request(tmp_path, "run"), 0, surroundings(tmp_path))
    answer = await run_in_process(work, script=SCRIPT)
    assert isinstance(answer, Inspected)
    assert (answer.detail.line.operation, answer.detail.output) == ("buy", "hello")


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("refuse", InvalidInput, "cash: 1000.10 is not allowed; more of it"),
        ("break", DeskError, "the run broke: ZeroDivisionError: division by zero"),
        ("die", Unavailable, "the process of the run ended before its time: killed, or out of memory"),
    ],
)
async def test_whatever_ends_it_is_told(
    tmp_path: Path, source: str, kind: type[DeskError], message: str
) -> None:
    with pytest.raises(kind) as told:
        await run_in_process(task(tmp_path, source), script=SCRIPT)
    assert told.value.message == message
    assert not RunArchive(tmp_path).folder("bt-001").has_result


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    work = InspectTask(made_request("run", str(tmp_path / "no.csv")), 0, surroundings(tmp_path))
    with pytest.raises(DeskError, match=r"no\.csv"):
        await run_in_process(work, script=SCRIPT)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_cancelling_ends_it_and_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    running = asyncio.create_task(run_in_process(task(tmp_path, f"hang {pids}"), script=SCRIPT))
    await until(lambda: pids.exists() and len(pids.read_text().split()) == 4)
    pid, child, niceness, scratch = pids.read_text().split()
    assert is_alive(int(pid))
    assert is_alive(int(child))
    assert int(niceness) >= 10
    assert scratch == str(tmp_path / "scratch")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not is_alive(int(pid))
    await until(lambda: not is_alive(int(child)))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_ends_with_the_desk(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    desk = start_desk(tmp_path, pids)
    await until(lambda: pids.exists() and len(pids.read_text().split()) == 4)
    os.kill(desk.pid, signal.SIGKILL)
    desk.wait()
    pid, child, *_ = (int(word) if word.isdigit() else 0 for word in pids.read_text().split())
    await until(lambda: not is_alive(pid) and not is_alive(child))
