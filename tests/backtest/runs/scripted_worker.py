"""The process of a run, with a backtest that does what its program's text says in one word.

Everything but the simulation is the product's: how the process starts, talks, writes and ends.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.backtest.runs import worker
from engine.errors import InvalidInput
from engine.model.backtest import BacktestProgress, BacktestRequest, TriggerDetail

if TYPE_CHECKING:
    from tests.backtest.runs.made_runs import MadeOutcome

ROOT = Path(__file__).parents[3]
SLEEPER = "import time; time.sleep(600)"


def start_sleeper(pid_file: Path) -> None:
    """Start a process that sleeps, and write down who we are."""
    sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER])
    pid_file.write_text(f"{os.getpid()} {sleeper.pid} {os.nice(0)} {os.environ['TMPDIR']}")


async def run_backtest(
    request: BacktestRequest,
    history: object,
    sandbox: object,
    *,
    on_progress: Callable[[BacktestProgress], None],
) -> MadeOutcome:
    from tests.backtest.runs.made_runs import MadeOutcome

    print("a library that talks")
    for done in range(1, 101):
        on_progress(BacktestProgress(stage="running", done=done, total=100))
    match request.source.split():
        case ["refuse"]:
            raise InvalidInput.of("cash", request.cash, "more of it")
        case ["break"]:
            raise ZeroDivisionError("division by zero")
        case ["die"]:
            os._exit(1)
        case ["hang", pid_file]:
            start_sleeper(Path(pid_file))
            await asyncio.sleep(600)
    return MadeOutcome.of(request)


async def inspect_trigger(
    request: BacktestRequest, history: object, index: int, sandbox: object
) -> TriggerDetail:
    from tests.backtest.runs.made_runs import made_log

    return TriggerDetail(
        line=made_log().line(index), input_data="{}", reads=(), output="hello", decision="{}"
    )


def main() -> None:
    sys.path.insert(0, str(ROOT))
    scripted: Any = types.ModuleType("engine.backtest.run")
    scripted.run_backtest, scripted.inspect_trigger = run_backtest, inspect_trigger
    sys.modules["engine.backtest.run"] = scripted
    worker.main()


if __name__ == "__main__":
    main()
