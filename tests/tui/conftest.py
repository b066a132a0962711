from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.settings import Settings
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp


@pytest.fixture
def desk() -> RecordedDesk:
    return RecordedDesk()


@pytest.fixture
def app(desk: RecordedDesk) -> DeskApp:
    return DeskApp(desk, Settings())


@pytest.fixture
def app_in_theme() -> Callable[[str], DeskApp]:
    return lambda theme: DeskApp(RecordedDesk(), Settings(theme=theme))
