"""The desk on its own thread: whatever breaks it is told, to readers, to callers and at the end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from time import monotonic

import pytest

from engine.desk_thread import DeskThread
from engine.errors import DeskError, HomeLocked, InvalidSetting, NotFound, StoreFailed, Unavailable
from engine.model.event import Alert, Severity, Topic
from engine.settings import ReplaySettings, Settings
from engine.store.database import DATABASE_FILE
from engine.store.store import Store

FAST = Settings(replay=ReplaySettings(speed=600))


@asynccontextmanager
async def running_desk(home: Path) -> AsyncIterator[DeskThread]:
    """A desk that has written something; the test ends it."""
    desk = DeskThread(home, FAST)
    quotes = desk.stream([Topic.QUOTES])
    await desk.start()
    await asyncio.wait_for(anext(quotes), 20)
    quotes.close()
    try:
        yield desk
    finally:
        with suppress(DeskError):
            await desk.stop()


def lock(home: Path) -> sqlite3.Connection:
    """Lock the home's database for writing, as another program would."""
    file = sqlite3.connect(home / DATABASE_FILE, isolation_level=None, timeout=10)
    file.execute("BEGIN IMMEDIATE")
    return file


def break_engine(desk: DeskThread) -> None:
    """Make the engine's loop end as it does when something in it asks the process to end."""

    def end() -> None:
        raise SystemExit("out of order")

    assert desk._loop is not None
    desk._loop.call_soon_threadsafe(end)


async def test_ending_with_a_locked_database_says_what_was_lost_within_two_seconds(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.set_replay(paused=True)
        with closing(lock(tmp_path)):
            await desk.set_replay(paused=False)
            began = monotonic()
            with pytest.raises(StoreFailed, match=r"\d+ changes? could not be written .* locked"):
                await desk.stop()
            assert monotonic() - began < 2
    Store.open(tmp_path).close()


async def test_a_broken_engine_is_told_to_readers_commands_and_whoever_ends_it(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        alerts = desk.stream([Topic.ALERTS])
        break_engine(desk)
        await asyncio.wait_for(desk.broken(), 10)
        told = [edge for batch in [alerts.drain()] for edge in batch.edges if isinstance(edge, Alert)]
        assert (told[-1].severity, "SystemExit: out of order" in told[-1].message) == (Severity.ERROR, True)
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"has broken .*out of order"):
                await asyncio.wait_for(desk.flatten(), 5)
        assert desk.traders(), "what was on screen stays"
        with pytest.raises(Unavailable, match="out of order"):
            await desk.stop()
    Store.open(tmp_path).close()


async def test_no_command_waits_for_an_engine_that_breaks_meanwhile(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        waiting: list[asyncio.Future[object]] = [asyncio.ensure_future(desk.flatten()) for _ in range(20)]
        await asyncio.sleep(0)
        break_engine(desk)
        waiting += [asyncio.ensure_future(desk.step_replay()) for _ in range(20)]
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        assert {type(each) for each in ended if isinstance(each, BaseException)} <= {Unavailable}
        assert isinstance(ended[-1], Unavailable)


async def test_cancelling_a_command_cancels_only_it(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        command = asyncio.ensure_future(desk.set_replay(paused=True))
        await asyncio.sleep(0)
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        assert (await desk.set_replay(speed=60)).speed == 60


async def test_a_desk_stopped_while_it_opens_ends_too(tmp_path: Path) -> None:
    desk = DeskThread(tmp_path, FAST)
    starting = asyncio.ensure_future(desk.start())
    await asyncio.sleep(0)
    await desk.stop()
    starting.cancel()
    with pytest.raises(Unavailable, match="has ended"):
        await desk.flatten()
    Store.open(tmp_path).close()


async def test_programs_and_backtests_answer_across_the_threads(tmp_path: Path) -> None:
    before = DeskThread(tmp_path, FAST)
    assert (before.programs.programs(), before.programs.bindings(), before.backtests.runs()) == ((), (), ())
    with pytest.raises(Unavailable, match="still starting"):
        before.programs.guide()
    async with running_desk(tmp_path) as desk:
        assert (await desk.programs.check("x = (")).errors
        (state,) = desk.programs.bindings()
        (kept,) = await desk.programs.versions(state.binding.program_id)
        assert kept.code in {program.code for program in desk.programs.programs()}
        assert (await desk.programs.save_binding(state.binding)).binding == state.binding
        picture = await desk.programs.query_market_data("BTC", "5m", ("RSI14",))
        assert picture.price is not None
        assert desk.programs.available_symbols() == ("BTC", "ETH", "SOL")
        request = await desk.backtests.request_of(state.binding.binding_id)
        assert (request.source, request.schedule_seconds) == (kept.code, state.binding.schedule_seconds)
        with pytest.raises(NotFound):
            await desk.backtests.result("bt-404")
        assert desk.backtests.runs() == ()


async def test_what_start_has_told_stop_does_not_repeat(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path)):
        desk = DeskThread(tmp_path, FAST)
        with pytest.raises(HomeLocked):
            await desk.start()
        await desk.stop()
    desk = DeskThread(tmp_path, Settings(database_url="mysql://desk@127.0.0.1/x"))
    with pytest.raises(InvalidSetting, match=r"config\.toml: database_url"):
        await desk.start()
    await desk.stop()
