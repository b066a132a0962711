"""Programs for people and tools: checked, tried on the recorded market, and kept in a home.

Checking and trying need no desk. Keeping opens the home, which no running desk may hold meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.program import Parameter, ProgramRun, SourceReport
from engine.strategies.programs.authoring import guide, type_stub
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.validation import check_source

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.settings import Settings

__all__ = ["check", "guide", "library", "run_once", "sample_programs", "type_stub"]


def check(source: str) -> SourceReport:
    """Return what is wrong with a source, line by line."""
    return check_source(source)


def sample_programs() -> Mapping[str, str]:
    """Return the sources of the programs that come with the desk, by name."""
    return stock_programs()


async def run_once(
    source: str,
    *,
    symbol: str = "",
    period: str = "15m",
    params: Mapping[str, Parameter] = {},
    at_ms: int | None = None,
) -> ProgramRun:
    """Run a source once on the recording, with a fresh account of 10,000; nothing is traded.

    Raises `InvalidInput` for a symbol, period or time there is not, `Unavailable` without a sandbox.
    """
    from engine.backtest.trial import try_program
    from engine.strategies.programs.host import SandboxHost

    sandbox = SandboxHost()
    try:
        sandbox.start()
        await sandbox.ready()
        return await try_program(source, sandbox, symbol=symbol, period=period, params=params, at_ms=at_ms)
    finally:
        await sandbox.close()


@asynccontextmanager
async def library(home: Path, settings: Settings) -> AsyncIterator[Desk]:
    """Open a home's programs and bindings without running the desk: no trader wakes meanwhile.

    Raises `HomeLocked` while a desk runs on it, `StoreFailed` or `InvalidSetting` when it cannot be read.
    """
    from engine.local_desk import LocalDesk
    from engine.streams import Bus

    desk = await LocalDesk.open(home, settings, Bus())
    desk.begin_writing()
    try:
        yield desk
    finally:
        await desk.close()
