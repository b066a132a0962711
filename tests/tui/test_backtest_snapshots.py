"""How the backtests screen looks: compared with pictures that were looked at by a person."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_backtests import open_backtests, read
from tests.tui.test_snapshots import AppInTheme

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)
RUN, SWEEP, PARTIAL = ["j", "j"], ["j"], ["j", "j", "j"]


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
def test_backtests_in_three_sizes(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int]) -> None:
    async def open_and_settle(pilot: Pilot[None]) -> None:
        await open_backtests(pilot, *RUN)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=open_and_settle)


@pytest.mark.parametrize("theme", ["day", "safe", "contrast", "terminal"])
def test_backtests_in_other_themes(snap_compare: Any, app_in_theme: AppInTheme, theme: str) -> None:
    async def open_and_settle(pilot: Pilot[None]) -> None:
        await open_backtests(pilot, *SWEEP)

    assert snap_compare(app_in_theme(theme), terminal_size=MEDIUM, run_before=open_and_settle)


@pytest.mark.parametrize("digit", ["2", "3", "4", "5", "6", "7"])
def test_each_pane_alone(snap_compare: Any, app_in_theme: AppInTheme, digit: str) -> None:
    async def go_and_settle(pilot: Pilot[None]) -> None:
        await open_backtests(pilot, *RUN, digit)

    assert snap_compare(app_in_theme("night"), terminal_size=SMALL, run_before=go_and_settle)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (MEDIUM, PARTIAL),
        (LARGE, [*RUN, "c", "j", "j", "c"]),
        (MEDIUM, [*RUN, "5", "j", "j", "enter"]),
        (SMALL, [*SWEEP, "3"]),
        (SMALL, [*SWEEP, "5"]),
        (MEDIUM, [*RUN, "7", "o", "enter"]),
        (SMALL, ["N"]),
        (MEDIUM, [*RUN, "W"]),
        (MEDIUM, ["x"]),
    ],
    ids=["partial", "compared", "trade", "map", "combinations", "trigger", "form", "sweep-form", "cancel"],
)
def test_what_the_keys_bring_up(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: list[str]
) -> None:
    async def press_and_settle(pilot: Pilot[None]) -> None:
        await open_backtests(pilot)
        for key in keys:
            await pilot.press(key)
            await read(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press_and_settle)
