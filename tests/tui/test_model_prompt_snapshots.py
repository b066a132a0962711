"""How the models and the prompts screen look: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import settled

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


def pressing(*keys: str) -> Any:
    async def press(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await settled(pilot)

    return press


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
@pytest.mark.parametrize("keys", [("f7", "j"), ("f8", "j")], ids=["prompts", "models"])
def test_in_three_sizes(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize(
    "keys", [("f8", "e"), ("f8", "u"), ("f8", "w")], ids=["connection", "unlock", "change"]
)
def test_dialogs(snap_compare: Any, app_in_theme: AppInTheme, keys: tuple[str, ...]) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=SMALL, run_before=pressing(*keys))
