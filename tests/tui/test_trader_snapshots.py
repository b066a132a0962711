"""How the trader's dialog looks: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import settled


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    "keys",
    [("1", "z", "N"), ("1", "z", "k", "k", "j", "o"), ("1", "z", "N", "tab", "right")],
    ids=["new", "edit", "program"],
)
def test_the_form(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async def press(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await settled(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
