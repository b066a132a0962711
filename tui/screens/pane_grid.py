"""The body of a workspace: its panes, and the layout that gives each of them its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.action import Context
from tui.panes.base import WorkspacePane
from tui.panes.tabs import PaneTabs

if TYPE_CHECKING:
    from collections.abc import Callable

TABS = "tabs"
"""The id of the line of tabs, as layouts name it."""


class PaneLayout(Layout):
    """Places panes where `regions` says; those without a place are not shown.

    `lower` is the pane a small terminal shows in the place they share, `zoomed` the one that has
    everything.
    """

    name = "panes"

    def __init__(self, lower: Context) -> None:
        self.lower = lower
        self.zoomed: Context | None = None

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown (and of `TABS`), by its context's name."""
        raise NotImplementedError

    def shares_places(self, size: Size) -> bool:
        """Tell whether panes take turns at this size, so that going to one must bring it up."""
        raise NotImplementedError

    def is_always_shown(self, context: Context) -> bool:
        """Tell whether a pane has a place of its own even on a small terminal."""
        raise NotImplementedError

    def arrange(
        self, parent: Widget, children: Sequence[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Return a placement for each child that has a region."""
        regions = self.regions(size)
        return [
            WidgetPlacement(region, NULL_OFFSET, Spacing(), child)
            for child in children
            if child.id and (region := regions.get(child.id))
        ]


class PaneGrid(Widget):
    """Holds the tabs and the panes, and places them with its `pane_layout`."""

    DEFAULT_CSS: ClassVar[str] = "PaneGrid { height: 1fr; width: 1fr; overflow: hidden; }"

    def __init__(self, pane_layout: PaneLayout, panes: Sequence[Callable[[], WorkspacePane]]) -> None:
        super().__init__(id="grid")
        self.pane_layout = pane_layout
        self._panes = panes

    @property
    def layout(self) -> Layout:
        """The workspace's own layout."""
        return self.pane_layout

    def compose(self) -> ComposeResult:
        """Build the tabs and the panes."""
        yield PaneTabs(id=TABS)
        for pane in self._panes:
            yield pane()

    def rearrange(self) -> None:
        """Place the panes anew; Textual forgets an arrangement only when a child asks."""
        self.query_one(PaneTabs).refresh(layout=True)

    def shown_ids(self) -> frozenset[str]:
        """Return the ids of the panes that have a place at the present size."""
        return frozenset(self.pane_layout.regions(self.size))
