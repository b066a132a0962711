from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.settings import Settings
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import until_idle
from tui.app import DeskApp


@pytest.fixture(autouse=True, scope="module")
def pilots_see_when_the_app_is_idle() -> Iterator[None]:
    """Let `pilot.press` and `pilot.pause()` wait for the app's work instead of for a quiet processor."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", until_idle)
        yield


@pytest.fixture
def desk() -> RecordedDesk:
    return RecordedDesk()


@pytest.fixture
def app(desk: RecordedDesk) -> DeskApp:
    return DeskApp(desk, Settings())


@pytest.fixture
def app_in_theme() -> Callable[[str], DeskApp]:
    return lambda theme: DeskApp(RecordedDesk(), Settings(theme=theme))
