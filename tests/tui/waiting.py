"""How a test waits: for what it is about to assert, or until all it set off has been done. Never for a time.

Textual takes an app for idle when the process has used little processor time for a moment, which on
a loaded machine is also how a process looks that was not let run. `conftest` puts `until_idle` in
the place of that guess, so that `pilot.press` and `pilot.pause()` return when every message has
been handled, everything that could run has run and what it changed is painted. What comes later, from
a worker, a thread or a delay, is waited for by `settled`, and what comes from outside, by `until`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from time import monotonic
from typing import Any

from textual._context import active_app
from textual.app import App
from textual.pilot import Pilot

from tests.tui.peek import has_ended, has_work_underway, screen_lines, unpainted_screens, work_is_ready

LONGEST_WAIT_S = 20.0
POLL_S = 0.005
NEVER_S = 3_600.0
"""A delay that no test lives to see the end of."""


async def until(pilot: Pilot[Any], what: Callable[[], object], *, seconds: float = LONGEST_WAIT_S) -> None:
    """Wait until something is true, and until all that came with it is painted.

    Raises `AssertionError`, with what was waited for and the screen, when it is still not true after
    `seconds`.
    """
    deadline = monotonic() + seconds
    while not what():
        if monotonic() > deadline:
            screen = "\n".join(screen_lines(pilot.app))
            raise AssertionError(f"not within {seconds:g} s: {_wording(what)}\non the screen:\n{screen}")
        await asyncio.sleep(POLL_S)
        await pilot.pause()
    await pilot.pause()


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until nothing is underway: no message, no worker, no thread, and no delay that leads to one.

    What repeats for ever, as paint ticks do, is not waited for. So this also proves what has not
    happened: it would have by now.
    """

    def nothing_is_underway() -> bool:
        return not has_work_underway(pilot.app)

    await pilot.pause()
    while not nothing_is_underway():
        await until(pilot, nothing_is_underway)


async def until_idle(*_seconds: float) -> None:
    """Wait until the app in this context has handled and painted everything it could.

    Raises `AssertionError` if it never comes to rest.
    """
    app: App[Any] = active_app.get()
    deadline = monotonic() + LONGEST_WAIT_S
    while True:
        await asyncio.sleep(0)
        if has_ended(app):
            return
        if not work_is_ready():
            unpainted = unpainted_screens(app)
            if not unpainted:
                return
            for screen in unpainted:
                screen._on_timer_update()
        assert monotonic() < deadline, f"the app is still busy after {LONGEST_WAIT_S:g} s"


def _wording(what: Callable[[], object]) -> str:
    if what.__name__ != "<lambda>":
        return what.__name__
    return " ".join(inspect.getsource(what).split())
