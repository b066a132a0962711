"""The layout of a workspace all of whose panes take turns on a small terminal, each by its tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.arrangement import is_large, is_small
from tui.screens.pane_grid import TABS, PaneLayout

type Arrangement = Callable[[int, int], Mapping[str, Region]]
"""The region of every pane, by its context's name, for a width and a height in cells."""


def arrange_turns(
    size: Size, lower: Context, zoomed: Context | None, medium: Arrangement, large: Arrangement
) -> Mapping[str, Region]:
    """Return the region of every pane that is shown: `zoomed` alone, on a small terminal `lower` alone."""
    width, height = size
    if zoomed is not None:
        return {zoomed.value: Region(0, 0, width, height)}
    if is_small(size):
        return {TABS: Region(0, 0, width, 1), lower.value: Region(0, 1, width, height - 1)}
    return large(width, height) if is_large(size) else medium(width, height)


class TurnsLayout(PaneLayout):
    """Places the panes by its `arrange`, which is given the size, `lower` and `zoomed`."""

    def __init__(
        self, first: Context, arrange: Callable[[Size, Context, Context | None], Mapping[str, Region]]
    ) -> None:
        super().__init__(lower=first)
        self._arrange_panes = arrange

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown."""
        return self._arrange_panes(size, self.lower, self.zoomed)

    def shares_places(self, size: Size) -> bool:
        """Tell whether the panes take turns."""
        return is_small(size)

    def is_always_shown(self, context: Context) -> bool:
        """No pane has a place of its own on a small terminal."""
        return False
