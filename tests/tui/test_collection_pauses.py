"""A running desk is set apart from collections once it stands, also when it could not start.

In a process of its own, since what is set apart stays so for the process's life.
"""

from __future__ import annotations

import subprocess
import sys

SETTLING = """
import asyncio, gc
from tui.collection_pauses import hold_off, settled_after

async def start():
    assert not gc.isenabled()
    kept.extend([] for _ in range(50_000))
    {ending}

kept = []
hold_off()
try:
    asyncio.run(settled_after(start)())
except LookupError:
    print("failed")
print(gc.isenabled(), gc.get_freeze_count() > 50_000, len(gc.get_objects()) < 5_000)
"""


def settled(ending: str) -> list[str]:
    code = SETTLING.format(ending=ending)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_what_was_built_is_looked_at_no_more() -> None:
    assert settled("pass") == ["True", "True", "True"]


def test_a_start_that_fails_leaves_the_collector_on() -> None:
    assert settled("raise LookupError")[:2] == ["failed", "True"]
