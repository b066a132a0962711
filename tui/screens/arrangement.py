"""Where each pane stands for a size of the terminal: a pure function, and the layout that uses it.

Three arrangements. *Small* (80×24): traders on top, below them one pane chosen by its tab.
*Medium* (120×40): traders and watchlist, the positions across, then orders over curve beside the
chat. *Large* (200×60): two columns of three panes. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.pane_grid import TABS, PaneLayout

__all__ = ["LARGE_SIZE", "MEDIUM_SIZE", "TABS", "DeskLayout", "arrange", "is_large", "is_small"]

MEDIUM_SIZE = Size(110, 30)
LARGE_SIZE = Size(170, 44)
_FRAME_AND_HEADER = 3


def arrange(
    width: int,
    height: int,
    lower: Context,
    zoomed: Context | None,
    trader_count: int = 3,
    symbol_count: int = 3,
) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name.

    `lower` is the pane a small terminal shows below the traders, `zoomed` the one that has
    everything. The counts give tables their natural height.
    """
    if zoomed is not None:
        return {zoomed.value: Region(0, 0, width, height)}
    top = max(trader_count, symbol_count) + _FRAME_AND_HEADER
    if is_small(Size(width, height)):
        return _small(width, height, lower, trader_count + _FRAME_AND_HEADER)
    place = _large if is_large(Size(width, height)) else _medium
    return place(width, height, min(top, height // 4))


def is_small(size: Size) -> bool:
    """Tell whether a desk of this size shows one pane at a time below the traders."""
    return size.width < MEDIUM_SIZE.width or size.height < MEDIUM_SIZE.height


def is_large(size: Size) -> bool:
    """Tell whether a terminal of this size has room for every pane of a workspace at once."""
    return size.width >= LARGE_SIZE.width and size.height >= LARGE_SIZE.height


def _small(width: int, height: int, lower: Context, top: int) -> dict[str, Region]:
    regions = {TABS: Region(0, 0, width, 1)}
    body = height - 1
    if lower is Context.TRADERS:
        return regions | {lower.value: Region(0, 1, width, body)}
    top = min(top, body // 2)
    if body < 12:
        return regions | {lower.value: Region(0, 1, width, body)}
    return regions | {
        Context.TRADERS.value: Region(0, 1, width, top),
        lower.value: Region(0, 1 + top, width, body - top),
    }


def _medium(width: int, height: int, top: int) -> dict[str, Region]:
    left = width * 3 // 5
    right = width - left
    positions = max(6, min(top + 2, height // 5 + 1))
    y = top + positions
    rest = height - y
    orders = max(6, rest * 2 // 5)
    return {
        Context.TRADERS.value: Region(0, 0, left, top),
        Context.WATCHLIST.value: Region(left, 0, right, top),
        Context.POSITIONS.value: Region(0, top, width, positions),
        Context.ORDERS.value: Region(0, y, left, orders),
        Context.CURVE.value: Region(0, y + orders, left, rest - orders),
        Context.CHAT.value: Region(left, y, right, rest),
    }


def _large(width: int, height: int, top: int) -> dict[str, Region]:
    left = width * 11 // 20
    right = width - left
    middle = max(8, height // 5)
    y = top + middle
    rest = height - y
    return {
        Context.TRADERS.value: Region(0, 0, left, top),
        Context.WATCHLIST.value: Region(left, 0, right, top),
        Context.POSITIONS.value: Region(0, top, left, middle),
        Context.ORDERS.value: Region(left, top, right, middle),
        Context.CURVE.value: Region(0, y, left, rest),
        Context.CHAT.value: Region(left, y, right, rest),
    }


class DeskLayout(PaneLayout):
    """Places the panes where `arrange` says."""

    def __init__(self) -> None:
        super().__init__(lower=Context.POSITIONS)
        self.trader_count = 3
        self.symbol_count = 3

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown."""
        return arrange(size.width, size.height, self.lower, self.zoomed, self.trader_count, self.symbol_count)

    def shares_places(self, size: Size) -> bool:
        """Tell whether the panes below the traders take turns."""
        return is_small(size)

    def is_always_shown(self, context: Context) -> bool:
        """Tell whether a pane is the one above the others."""
        return context is Context.TRADERS
