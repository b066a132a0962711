"""Where each pane of the programs screen stands for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. *Medium* (120×40): the list across, the editor beside
its test, bindings beside executions. *Large* (200×60): the list over the editor, to their right the
test, the bindings and the executions. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.arrangement import LARGE_SIZE, is_small
from tui.screens.pane_grid import TABS, PaneLayout


def arrange_programs(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name."""
    width, height = size
    if zoomed is not None:
        return {zoomed.value: Region(0, 0, width, height)}
    if is_small(size):
        return {TABS: Region(0, 0, width, 1), lower.value: Region(0, 1, width, height - 1)}
    if width < LARGE_SIZE.width or height < LARGE_SIZE.height:
        return _medium(width, height)
    return _large(width, height)


def _medium(width: int, height: int) -> dict[str, Region]:
    programs, editor = max(6, height // 5), height * 12 // 25
    # A line of a source is rarely longer than 70 cells, what a run said wraps.
    left, middle, y = width * 3 // 5, width // 2, programs + editor
    return {
        Context.PROGRAMS.value: Region(0, 0, width, programs),
        Context.EDITOR.value: Region(0, programs, left, editor),
        Context.TEST_RUN.value: Region(left, programs, width - left, editor),
        Context.BINDINGS.value: Region(0, y, middle, height - y),
        Context.EXECUTIONS.value: Region(middle, y, width - middle, height - y),
    }


def _large(width: int, height: int) -> dict[str, Region]:
    left, programs = width * 11 // 20, max(8, height // 5)
    test, bindings = height * 2 // 5, height // 4
    right, y = width - left, test + bindings
    return {
        Context.PROGRAMS.value: Region(0, 0, left, programs),
        Context.EDITOR.value: Region(0, programs, left, height - programs),
        Context.TEST_RUN.value: Region(left, 0, right, test),
        Context.BINDINGS.value: Region(left, test, right, bindings),
        Context.EXECUTIONS.value: Region(left, y, right, height - y),
    }


class ProgramLayout(PaneLayout):
    """Places the panes where `arrange_programs` says."""

    def __init__(self) -> None:
        super().__init__(lower=Context.PROGRAMS)

    def regions(self, size: Size) -> Mapping[str, Region]:
        """Return the region of every pane that is shown."""
        return arrange_programs(size, self.lower, self.zoomed)

    def shares_places(self, size: Size) -> bool:
        """Tell whether the panes take turns."""
        return is_small(size)

    def is_always_shown(self, context: Context) -> bool:
        """No pane has a place of its own on a small terminal."""
        return False
