"""How the arena looks: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_arena import LARGE, MEDIUM, SMALL, open_arena
from tests.tui.test_snapshots import AppInTheme


@pytest.mark.parametrize(
    ("size", "keys"),
    [(SMALL, ""), (SMALL, "2"), (SMALL, "3"), (MEDIUM, ""), (LARGE, "")],
    ids=["standings", "curves", "attribution", "medium", "large"],
)
def test_arena(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: str) -> None:
    async def press(pilot: Pilot[None]) -> None:
        await open_arena(pilot, *keys)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
