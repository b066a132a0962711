"""How one decision looks, and asking it again: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_decision_detail import LARGE, MEDIUM, SMALL, open_decision
from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import settled

ASKED = ("e", *"Wait.", "ctrl+o")


@pytest.mark.parametrize(
    ("size", "decision", "keys"),
    [
        (SMALL, "d-2", ()),
        (MEDIUM, "d-2", ("slash", *"candle", "enter")),
        (MEDIUM, "d-2", ("4",)),
        (SMALL, "d-1", ("5",)),
        (MEDIUM, "d-1", ("6",)),
        (SMALL, "d-2", ("e",)),
        (MEDIUM, "d-2", ASKED),
        (SMALL, "d-2", (*ASKED, "y")),
        (LARGE, "d-2", (*ASKED, "y")),
        (SMALL, "d-2", ("b",)),
        (LARGE, "d-2", ("b",)),
    ],
    ids=[
        "prompt",
        "found",
        "calls",
        "orders",
        "pnl",
        "edit",
        "may-cost",
        "then-and-now",
        "then-and-now-large",
        "runs",
        "runs-large",
    ],
)
def test_decision(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], decision: str, keys: tuple[str, ...]
) -> None:
    async def press(pilot: Pilot[None]) -> None:
        screen = await open_decision(pilot, decision, *keys)
        await settled(pilot)
        print("STACK", pilot.app.screen_stack)
        for shown in pilot.app.screen_stack:
            if shown is not screen and hasattr(shown, "_read"):
                shown._read()
        await settled(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
