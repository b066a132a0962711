"""Where each pane of the programs screen stands for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. *Medium* (120×40): the list across, the editor beside
its test, bindings beside executions. *Large* (200×60): the list over the editor, to their right the
test, the bindings and the executions. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.turns_layout import arrange_turns


def arrange_programs(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name."""
    return arrange_turns(size, lower, zoomed, _medium, _large)


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
