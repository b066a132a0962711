"""Keys act one after the other, also when many arrive in one read of a slow line.

Textual hands a key to the focused widget's queue and reads the next one at once, so in a burst such
as `jx` the second key would act on the row before the first has moved the cursor, and what is typed
after `:` would fall through to the desk's keys. `KeyOrder` holds each key back until everything the
one before it has set off is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

ROUNDS = 3
"""A key's effect travels at most this often from the focused widget up to the app."""

LONGEST_WAIT_S = 1.0
"""A key never waits longer than this, whatever hangs."""


class KeyOrder:
    """Delivers keys with `deliver`, the next one only after the last one's effects."""

    def __init__(self, app: App[Any], deliver: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[events.Key] = deque()
        self._is_busy = False
        self._settling: asyncio.Task[None] | None = None

    async def take(self, key: events.Key) -> None:
        """Deliver a key now, or after those before it."""
        self._waiting.append(key)
        if not self._is_busy:
            self._is_busy = True
            await self._deliver_next()

    def close(self) -> None:
        """Forget the keys that still wait."""
        self._waiting.clear()
        if self._settling is not None:
            self._settling.cancel()

    async def _deliver_next(self) -> None:
        # The focus may move while the key acts: what it sets off starts at the widget that got it.
        target = self._app.focused or self._app.screen
        await self._deliver(self._waiting.popleft())
        self._settling = asyncio.create_task(self._settle(target))

    async def _settle(self, target: DOMNode) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT_S):
                for _ in range(ROUNDS):
                    for node in target.ancestors_with_self:
                        await _reached(node)
        if self._waiting:
            self._app.call_later(self._deliver_next)
        else:
            self._is_busy = False


async def _reached(node: DOMNode) -> None:
    """Wait until a node has handled everything that is in its queue now."""
    done = asyncio.Event()
    if node.is_running and node.call_later(done.set):
        await done.wait()
