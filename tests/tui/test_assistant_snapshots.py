"""How the assistants screen looks: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_assistants import LARGE, MEDIUM, SMALL, open_assistants, said
from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import settled, until


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (SMALL, ""),
        (SMALL, "2"),
        (SMALL, "4"),
        (SMALL, "4c"),
        (SMALL, "N"),
        (MEDIUM, "2"),
        (LARGE, "o"),
    ],
    ids=["conversations", "messages", "proposal", "confirm", "begin", "medium", "large"],
)
def test_assistants(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: str) -> None:
    async def press(pilot: Pilot[None]) -> None:
        await open_assistants(pilot)
        await until(pilot, lambda: "31 of 40" in said(pilot.app))
        await pilot.press(*keys)
        await settled(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
