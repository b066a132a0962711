"""How the market looks: compared with pictures that were looked at by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp

AppInTheme = Callable[[str], DeskApp]


def pressing(*keys: str) -> Callable[[Pilot[None]], Any]:
    async def press_and_settle(pilot: Pilot[None]) -> None:
        await pilot.press("m", *keys)
        await settled(pilot)

    return press_and_settle


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_market_in_three_sizes(snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int]) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("theme", ["day", "safe", "contrast", "terminal"])
def test_market_in_every_theme(snap_compare: Any, app_in_theme: AppInTheme, theme: str) -> None:
    assert snap_compare(app_in_theme(theme), terminal_size=(120, 40), run_before=pressing())


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        ((80, 24), ("4", "r")),
        ((120, 40), ("up", "h", "h", "h", "h", "r")),
        ((120, 40), ("i",)),
        ((120, 40), ("P",)),
        ((120, 40), ("pageup", "o")),
    ],
    ids=["flow", "crosshair", "indicators", "periods", "past"],
)
def test_what_the_keys_bring_up(
    snap_compare: Any, app_in_theme: AppInTheme, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(app_in_theme("night"), terminal_size=size, run_before=pressing(*keys))


def test_a_feed_of_candles_alone_says_what_it_lacks(
    snap_compare: Any, app: DeskApp, desk: RecordedDesk
) -> None:
    desk.markets.has_book = desk.markets.has_trades = False
    desk.markets.price_only = True
    desk.markets.flow_values = {}
    assert snap_compare(app, terminal_size=(120, 40), run_before=pressing())
