"""A process of ours: whatever ends its start, nothing is left open."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path

import pytest

from engine.child_process import ChildProcess
from engine.intelligence.sources.feed_process import FeedDocument
from engine.intelligence.sources.feed_reader import FeedReader
from engine.strategies.programs.connection import SandboxConnection


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what", ["sandbox", "feed"])
@pytest.mark.parametrize("steps", range(6))
def test_a_loop_that_ends_while_a_process_starts_leaves_nothing_open(
    tmp_path: Path, what: str, steps: int
) -> None:
    before = open_descriptors()

    async def end_half_way() -> None:
        start = (
            SandboxConnection.open(tmp_path / "runtime")
            if what == "sandbox"
            else FeedReader().read(FeedDocument(b"<rss/>", "https://news.example", ""))
        )
        starting = asyncio.ensure_future(start)
        for _ in range(steps):
            await asyncio.sleep(0)
        assert not starting.done()

    asyncio.run(end_half_way())
    gc.collect()  # an unclosed descriptor is a warning, and a warning is an error here
    assert open_descriptors() <= before


async def test_it_reads_what_is_written_and_knows_nothing_else(tmp_path: Path) -> None:
    script = tmp_path / "echo.py"
    script.write_text("import os, sys; print(sys.stdin.read(), len(os.environ), os.getcwd(), sys.argv[1:])")
    process = await ChildProcess.start(str(script), "one")
    process.writer.write(b"hello")
    process.writer.write_eof()
    told = (await process.reader.read()).decode().split(maxsplit=3)
    await process.close()
    assert (told[0], told[2], told[3].strip()) == ("hello", "/", "['one']")
    assert int(told[1]) <= 1, "at most the locale that Python sets for itself"
