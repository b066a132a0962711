"""How one decision looks, and asking it again: compared with pictures that were looked at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_decision_detail import LARGE, MEDIUM, SMALL, open_decision, shown
from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import until

ASKED = ("e", *"Wait.", "ctrl+o")


@pytest.mark.parametrize(
    ("size", "decision", "keys", "words"),
    [
        (SMALL, "d-2", (), "You trade ETH"),
        (MEDIUM, "d-2", ("slash", *"candle", "enter"), "1 of 40 found"),
        (MEDIUM, "d-2", ("4",), "repair of the reply"),
        (SMALL, "d-1", ("5",), "1 order"),
        (MEDIUM, "d-1", ("6",), "What it came to"),
        (SMALL, "d-2", ("e",), "at most USD"),
        (MEDIUM, "d-2", ASKED, "may cost  about"),
        (SMALL, "d-2", (*ASKED, "y"), "buy → hold"),
        (LARGE, "d-2", (*ASKED, "y"), "buy → hold"),
        (SMALL, "d-2", ("b",), "pbt-0002"),
        (LARGE, "d-2", ("b",), "pbt-0002"),
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
    snap_compare: Any,
    app_in_theme: AppInTheme,
    size: tuple[int, int],
    decision: str,
    keys: tuple[str, ...],
    words: str,
) -> None:
    async def press(pilot: Pilot[None]) -> None:
        await open_decision(pilot, decision, *keys)
        await until(pilot, lambda: words in shown(pilot.app))

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press)
