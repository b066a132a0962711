"""The lifetimes of screen and engine: which starts first, what ends them, and in what order.

The screen paints its first frame before the engine is even imported. Whatever ends the screen
(a key, SIGTERM, the SIGHUP of a dropped SSH link) the engine is closed afterwards, in order.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from engine.desk_thread import DeskThread
from engine.errors import DeskError, InvalidSetting
from engine.settings import Settings
from tui.app import DeskApp
from tui.theming import theme_folder


def run_screen(home: Path, settings: Settings, *, theme: str | None, frames_per_second: int) -> int:
    """Run the desk on this terminal until it is ended; return the exit code."""
    _check_theme(theme)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("nightdesk: this is not a terminal; use --headless to run without a screen", file=sys.stderr)
        return 1
    return asyncio.run(_run(home, settings, theme, frames_per_second))


def _check_theme(name: str | None) -> None:
    names = sorted(path.stem for path in theme_folder().glob("*.toml"))
    if name is not None and name not in names:
        raise InvalidSetting.of("theme", name, f"allowed is {', '.join(names)}")


async def _run(home: Path, settings: Settings, theme: str | None, frames_per_second: int) -> int:
    desk = DeskThread(home, settings)
    failure: list[DeskError] = []

    async def start_desk() -> None:
        try:
            await desk.start()
        except DeskError as error:
            failure.append(error)
            app.exit(return_code=1)

    app = DeskApp(
        desk, settings, start_desk=start_desk, theme_name=theme, frames_per_second=frames_per_second
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.request_quit)
    try:
        await app.run_async()
    finally:
        await desk.stop()
    if failure:
        print(f"nightdesk: {failure[0].message}", file=sys.stderr)
    return app.return_code or 0
