"""The one place where tests look behind the screen's public face."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App
from textual.screen import Screen
from textual.widgets import Static

from tui.panes.notices import Notices
from tui.screens.desk import DeskScreen
from tui.screens.workspace import WorkspaceScreen
from tui.widgets.live_table import LiveTable
from tui.widgets.streaming_log import StreamingLog
from tui.widgets.wrapped_text import WrappedText


def desk_screen(app: App[None]) -> DeskScreen:
    """Return the desk, whatever lies on top of it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, DeskScreen))


def notices(app: App[None]) -> list[str]:
    """Return what the desk's notices say."""
    return desk_screen(app).query_one(Notices).messages


def screen_lines(app: App[None]) -> list[str]:
    """Return the top screen as painted, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def log_lines(log: StreamingLog) -> list[str]:
    """Return every line of a log, also those out of its window."""
    return [log._text.line(index).text for index in range(log._text.line_count)]


def follows_end(log: StreamingLog) -> bool:
    """Tell whether new text keeps the end of a log in view."""
    return log._follows_end


def ticked_at(screen: WorkspaceScreen) -> float:
    """Return when a workspace last painted, on the clock of this process."""
    return screen._ticked_at


def handled_actions(screen: WorkspaceScreen) -> set[str]:
    """Return the ids of the actions a workspace can run."""
    return set(screen._actions.handlers)


def work_is_ready() -> bool:
    """Tell whether the running loop has anything it could run at once."""
    return bool(asyncio.get_running_loop()._ready)  # type: ignore[attr-defined]  # CPython's loops have it


def unpainted_screens(app: App[Any]) -> list[Screen[Any]]:
    """Return the screens in view, also behind a dialog, that have changed since they were painted."""
    return [
        screen for screen in (app.screen, *app._background_screens) if screen._update_timer._active.is_set()
    ]


def has_work_underway(app: App[Any]) -> bool:
    """Tell whether a worker runs, or a delay that is to end once."""
    if any(not worker.is_finished for worker in app.workers):
        return True
    timers = (timer for pump in (app, *app._registry) for timer in pump._timers)
    return any(timer._repeat == 0 and timer._task is not None and not timer._task.done() for timer in timers)


def has_ended(app: App[Any]) -> bool:
    """Tell whether an app has been left, or was ended by a fault."""
    return app._exit or app._exception_event.is_set()


def text_of(app: App[None], selector: str) -> str:
    """Return what a text on the top screen says."""
    widget = app.screen.query_one(selector)
    if isinstance(widget, WrappedText):
        return widget.text
    assert isinstance(widget, Static)
    return str(widget.render())


def column(app: App[None], pane: str, title: str) -> list[str]:
    """Return what a table shows in the column of that title."""
    table = desk_screen(app).query_one(f"#{pane}").query_one(LiveTable)
    titles = [column.title.strip() for column in table._columns]
    return [row.cells[titles.index(title)].text for row in table.rows]
