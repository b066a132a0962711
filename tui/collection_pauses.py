"""Keeps the garbage collector from stopping the desk.

A full collection looks at every object there is: 140 ms for the 200,000 of a running desk, during
which no order leaves and no key acts. What the desk is made of lives as long as it does, so once it
has been built it is set apart, and collections look only at what has come since.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

SETTLED_AGAIN_S = (5.0, 20.0, 60.0)
"""When, after the desk has started, what it has imported since then is set apart as well."""


def hold_off() -> None:
    """Collect nothing while the desk is being built."""
    gc.disable()


def settle() -> None:
    """Set apart what there is now, for good, and collect again from here on; takes no time."""
    gc.freeze()
    gc.enable()


def settled_after(start: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return `start` with everything set apart once it is done, and again as late parts come in."""

    async def start_and_settle() -> None:
        try:
            await start()
        finally:
            settle()
        loop = asyncio.get_running_loop()
        for seconds in SETTLED_AGAIN_S:
            loop.call_later(seconds, settle)

    return start_and_settle
