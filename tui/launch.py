"""The lifetimes of screen and engine: which starts first, what ends them, and in what order.

The screen paints its first frame before the engine is even imported. Whatever ends the screen
(a key, SIGTERM, the SIGHUP of a dropped SSH link) the engine is closed afterwards, in order.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from engine.desk_thread import DeskThread
from engine.errors import DeskError
from engine.settings import Settings
from tui.app import DeskApp
from tui.collection_pauses import hold_off, settle, settled_after
from tui.terminal.driver import desk_driver
from tui.terminal.kinds import UNUSABLE_TERMINALS, terminal_kind

SCREEN_SECONDS = 0.8
"""How long the screen may take to leave the terminal as it was, after a signal."""


def run_screen(
    home: Path,
    settings: Settings,
    *,
    theme: str | None,
    frames_per_second: int,
    passphrase_fd: int | None = None,
) -> int:
    """Run the desk on this terminal until it is ended; return the exit code.

    `passphrase_fd` is a descriptor that holds the vault's passphrase.

    Raises `DeskError` when the desk cannot run, broke, or could not write down what happened.
    """
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("nightdesk: this is not a terminal; use --headless to run without a screen", file=sys.stderr)
        return 1
    if terminal_kind() in UNUSABLE_TERMINALS:
        print(
            f"nightdesk: no screen can be drawn on a terminal of type {terminal_kind()}; set TERM to its real"
            " type, for example xterm-256color, or use --headless",
            file=sys.stderr,
        )
        return 1
    return asyncio.run(_run(DeskThread(home, settings, passphrase_fd), settings, theme, frames_per_second))


async def _run(desk: DeskThread, settings: Settings, theme: str | None, frames_per_second: int) -> int:
    hold_off()
    app = DeskApp(
        desk,
        settings,
        start_desk=settled_after(desk.start),
        workspace_built=settle,
        theme_name=theme,
        frames_per_second=frames_per_second,
        driver_class=desk_driver(),
    )
    hung_up = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, hung_up.set)
    screen = asyncio.create_task(app.run_async())
    failure: DeskError | None = None
    try:
        await _until_ended(app, screen, hung_up)
    finally:
        try:
            await desk.stop()
        except DeskError as error:
            failure = error
    if not screen.done():
        # The terminal is gone and the screen waits for it; everything that matters is closed.
        if failure is not None:
            print(f"nightdesk: {failure.message}", file=sys.stderr, flush=True)
        os._exit(0 if failure is None else 1)
    await screen
    failure = app.startup_error or failure
    if failure is not None:
        raise failure
    return app.return_code or 0


async def _until_ended(app: DeskApp, screen: asyncio.Task[None], hung_up: asyncio.Event) -> None:
    """Return when the screen has ended, or soon after a signal whether it has or not."""
    signalled = asyncio.create_task(hung_up.wait())
    await asyncio.wait((screen, signalled), return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if not screen.done():
        app.request_quit()
        await asyncio.wait((screen,), timeout=SCREEN_SECONDS)
