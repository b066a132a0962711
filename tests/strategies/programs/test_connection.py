"""One connection to a sandbox process: whatever ends its start, nothing is left open."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path

import pytest

from engine.strategies.programs.connection import SandboxConnection


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("steps", range(6))
def test_a_loop_that_ends_while_the_process_starts_leaves_nothing_open(cache_dir: Path, steps: int) -> None:
    before = open_descriptors()

    async def end_half_way() -> None:
        starting = asyncio.create_task(SandboxConnection.open(cache_dir))
        for _ in range(steps):
            await asyncio.sleep(0)
        assert not starting.done()

    asyncio.run(end_half_way())
    gc.collect()  # an unclosed descriptor is a warning, and a warning is an error here
    assert open_descriptors() <= before
