"""Where the panes of the market stand for a size of the terminal.

*Small* (80×24): the chart, and beside it one pane chosen by its digit. *Medium* (120×40): the chart
with depth over trades beside it, flow and regime across the foot. *Large* (200×60): depth and trades
stand next to each other. Without the side panes the chart has everything but the foot.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.arrangement import LARGE_SIZE, is_small
from tui.screens.pane_grid import TABS, PaneLayout

SMALL_SIDE = 28
MEDIUM_SIDE = 38
LARGE_SIDES = (38, 36)
FRAME_ROWS = 2
REASON_ROWS = 4


class MarketLayout(PaneLayout):
    """Places the panes of the market; `has_sides` says whether there are any beside the chart."""

    def __init__(self) -> None:
        super().__init__(lower=Context.DEPTH)
        self.has_sides = True
        self.shows_reasons = False

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown."""
        if self.zoomed is not None:
            return {self.zoomed.value: Region(0, 0, size.width, size.height)}
        if is_small(size):
            return self._small(size.width, size.height)
        foot = FRAME_ROWS + (2 if size.width >= LARGE_SIZE.width else 3)
        foot += REASON_ROWS if self.shows_reasons else 0
        body = size.height - foot
        regions = {Context.FLOW.value: Region(0, body, size.width, foot)}
        if not self.has_sides:
            return regions | {Context.CHART.value: Region(0, 0, size.width, body)}
        if size.width >= LARGE_SIZE.width:
            depth, trades = LARGE_SIDES
            left = size.width - depth - trades
            return regions | {
                Context.CHART.value: Region(0, 0, left, body),
                Context.DEPTH.value: Region(left, 0, depth, body),
                Context.TRADES.value: Region(left + depth, 0, trades, body),
            }
        left = size.width - MEDIUM_SIDE
        upper = body * 3 // 5
        return regions | {
            Context.CHART.value: Region(0, 0, left, body),
            Context.DEPTH.value: Region(left, 0, MEDIUM_SIDE, upper),
            Context.TRADES.value: Region(left, upper, MEDIUM_SIDE, body - upper),
        }

    def _small(self, width: int, height: int) -> dict[str, Region]:
        regions = {TABS: Region(0, 0, width, 1)}
        if not self.has_sides:
            return regions | {Context.CHART.value: Region(0, 1, width, height - 1)}
        left = width - SMALL_SIDE
        return regions | {
            Context.CHART.value: Region(0, 1, left, height - 1),
            self.lower.value: Region(left, 1, SMALL_SIDE, height - 1),
        }

    def shares_places(self, size: Size) -> bool:
        """Tell whether the panes beside the chart take turns."""
        return is_small(size)

    def is_always_shown(self, context: Context) -> bool:
        """Tell whether a pane is the chart, which always has its place."""
        return context is Context.CHART
