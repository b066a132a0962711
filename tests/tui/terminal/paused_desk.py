"""The desk over a paused replay, run by a test in a pseudo terminal."""

from __future__ import annotations

import msgspec

from engine.model.event import ReplayState
from engine.settings import Settings
from tests.tui.recorded_books import RUNNING
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.terminal.driver import desk_driver

if __name__ == "__main__":
    desk = RecordedDesk()
    desk.status = msgspec.structs.replace(RUNNING, replay=ReplayState.PAUSED, feed_age_ms=None)
    DeskApp(desk, Settings(), driver_class=desk_driver()).run(mouse=False)
