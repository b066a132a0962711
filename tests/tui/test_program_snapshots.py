"""How the programs screen looks: compared with pictures that were looked at by a person."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.screens.test_programs import open_programs
from tests.tui.test_snapshots import AppInTheme
from tests.tui.waiting import settled

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


def pressing(*keys: str) -> Any:
    async def open_and_press(pilot: Pilot[None]) -> None:
        await open_programs(pilot)
        await pilot.press(*keys)
        await settled(pilot)

    return open_and_press


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
def test_programs_in_three_sizes(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int]) -> None:
    keys = () if size == SMALL else ("y",)
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("theme", ["day", "terminal"])
def test_programs_in_other_themes(snap_compare: Any, app_in_theme: AppInTheme, theme: str) -> None:
    assert snap_compare(app_in_theme(theme), terminal_size=MEDIUM, run_before=pressing("j", "2", "ctrl+r"))


@pytest.mark.parametrize(
    "keys",
    [["2"], ["2", "ctrl+end", *"nosuch"], ["y"], ["4", "j"], ["5"]],
    ids=["editor", "editor-error", "test", "bindings", "executions"],
)
def test_each_pane_alone(snap_compare: Any, app_in_theme: AppInTheme, keys: list[str]) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=SMALL, run_before=pressing(*keys))


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (SMALL, ["N"]),
        (MEDIUM, ["o", "tab", "tab", "end", *", x"]),
        (SMALL, ["4", "e"]),
        (MEDIUM, ["w"]),
        (MEDIUM, ["h"]),
        (MEDIUM, ["5", "j", "enter", "G", "k", "right"]),
        (MEDIUM, ["4", "y"]),
        (MEDIUM, ["i"]),
        (MEDIUM, ["D"]),
    ],
    ids=["new", "settings", "binding", "bind", "versions", "execution", "preview", "guide", "delete"],
)
def test_what_the_keys_bring_up(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: list[str]
) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=pressing(*keys))


def test_an_empty_desk(snap_compare: Any, app_in_theme: AppInTheme) -> None:
    app = app_in_theme("night")
    desk = app._bridge.desk.programs
    desk.program_list = desk.binding_list = desk.execution_list = ()  # type: ignore[attr-defined]
    assert snap_compare(app, terminal_size=MEDIUM, run_before=pressing())
