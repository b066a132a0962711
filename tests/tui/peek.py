"""The one place where tests look behind the screen's public face."""

from __future__ import annotations

from textual.app import App
from textual.widgets import Static

from tui.panes.notices import Notices
from tui.screens.desk import DeskScreen
from tui.screens.workspace import WorkspaceScreen
from tui.widgets.line_chart import LineChart
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


def handled_actions(screen: WorkspaceScreen) -> set[str]:
    """Return the ids of the actions a workspace can run."""
    return set(screen._actions.handlers)


def is_drawn(chart: LineChart) -> bool:
    """Tell whether a chart shows its curve, which is drawn in a thread."""
    return not chart.size or (chart._drawn is not None and not chart._is_drawing)


def keys_wait(app: App[None]) -> bool:
    """Tell whether keys still act, or wait for the ones before them."""
    return bool(app._keys._is_busy)  # type: ignore[attr-defined]  # a DeskApp has them


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
