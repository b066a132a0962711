"""What stands in for the desk on a terminal too small to show what would be sent."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

SMALLEST = Size(60, 20)
"""Below this an order's sentence or its cost would not be on the screen."""


def is_too_small(size: Size) -> bool:
    """Tell whether a terminal of this size cannot show the desk; a size of nothing is not known yet."""
    return bool(size) and (size.width < SMALLEST.width or size.height < SMALLEST.height)


class TooSmallScreen(ModalScreen[None], inherit_bindings=False):
    """Covers everything until the terminal is larger; no key of the desk acts meanwhile."""

    DEFAULT_CSS = """
    TooSmallScreen { align: center middle; background: $background; }
    TooSmallScreen Static { width: 100%; content-align: center middle; color: $warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit")]

    def compose(self) -> ComposeResult:
        """Build the sentence."""
        yield Static("terminal too small: 80x24 is needed\nthe desk goes on · q ends it")
