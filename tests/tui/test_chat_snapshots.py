"""How the model chat looks: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.panes.test_chat import open_chat
from tests.tui.test_snapshots import AppInTheme

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (SMALL, ["z", "left", "left"]),
        (MEDIUM, ["z", "left", "left"]),
        (LARGE, ["left"]),
        (SMALL, ["z", "F"]),
        (SMALL, ["z", "slash", *"past"]),
        (MEDIUM, ["z", "slash", *"hour", "space", "7", "enter"]),
    ],
    ids=["small", "medium", "large", "folded", "searching", "found"],
)
def test_chat(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: list[str]) -> None:
    async def press(pilot: Pilot[None]) -> None:
        await open_chat(pilot, *keys)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
