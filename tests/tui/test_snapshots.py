"""How the desk looks: compared with pictures that were looked at by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.waiting import settled
from tui.app import DeskApp

AppInTheme = Callable[[str], DeskApp]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_desk_in_three_sizes(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int]) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("theme", ["day", "safe", "contrast", "terminal"])
def test_desk_in_every_theme(snap_compare: Any, app_in_theme: AppInTheme, theme: str) -> None:
    assert snap_compare(app_in_theme(theme), terminal_size=(120, 40), run_before=settled)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        ((80, 24), ["4"]),
        ((80, 24), ["3", "o"]),
        ((120, 40), ["question_mark"]),
        ((80, 24), ["b", "0", "full_stop", "5"]),
        ((120, 40), ["ctrl+p"]),
        ((120, 40), ["2", "x"]),
        ((120, 40), ["colon", *"buy", "space", "1", "space", *"btc", "enter"]),
        ((120, 40), ["colon", *"buy", "space", "0", "comma", "5", "space", *"btc", "enter"]),
    ],
    ids=["chat", "history", "help", "ticket", "palette", "confirm", "command", "command-error"],
)
def test_what_the_keys_bring_up(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: list[str]
) -> None:
    async def press_and_settle(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await settled(pilot)

    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=press_and_settle)
