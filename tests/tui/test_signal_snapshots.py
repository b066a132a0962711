"""How the signals screen looks: compared with pictures that were looked at by a person."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_signals import open_signals, previewed
from tests.tui.test_snapshots import AppInTheme

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
def test_signals_in_three_sizes(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int]) -> None:
    async def open_and_settle(pilot: Pilot[None]) -> None:
        await open_signals(pilot)
        await previewed(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=open_and_settle)


@pytest.mark.parametrize("theme", ["day", "terminal"])
def test_signals_in_other_themes(snap_compare: Any, app_in_theme: AppInTheme, theme: str) -> None:
    async def open_and_settle(pilot: Pilot[None]) -> None:
        await open_signals(pilot)
        await previewed(pilot)

    assert snap_compare(app_in_theme(theme), terminal_size=MEDIUM, run_before=open_and_settle)


@pytest.mark.parametrize("digit", ["2", "3", "4", "5"])
def test_each_pane_alone(snap_compare: Any, app_in_theme: AppInTheme, digit: str) -> None:
    async def go_and_settle(pilot: Pilot[None]) -> None:
        await open_signals(pilot, digit)
        await previewed(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=SMALL, run_before=go_and_settle)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (SMALL, ["e"]),
        (MEDIUM, ["N", *"Low", "tab", *"abs nosuch > 3 on 5m"]),
        (SMALL, ["2", "e", "tab", "tab", "tab"]),
        (MEDIUM, ["2", "w"]),
        (MEDIUM, ["2", "y"]),
        (MEDIUM, ["D"]),
    ],
    ids=["editor", "editor-error", "pool-editor", "listeners", "test", "delete"],
)
def test_what_the_keys_bring_up(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: list[str]
) -> None:
    async def press_and_settle(pilot: Pilot[None]) -> None:
        await open_signals(pilot)
        await previewed(pilot)
        await pilot.press(*keys)
        await previewed(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press_and_settle)
