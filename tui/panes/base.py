"""What every pane is: a titled frame with a jump digit, keys of its own, and one `show`."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from tui.actions import PANE_TITLES, Context
from tui.view import DeskView


class Pane(Widget):
    """A framed part of the desk; `context` says which actions' keys work in it."""

    context: ClassVar[Context]
    DEFAULT_CSS = """
    Pane {
        layout: vertical;
        border: round $border-blurred;
        border-title-color: $muted;
        border-subtitle-color: $muted;
        background: $background;
        padding: 0 1;
        &.-focused { border: round $border; border-title-color: $accent; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id=self.context.value)
        self._subtitle = ""
        self.border_title = Text.assemble((str(self.jump_digit), "bold"), f" {PANE_TITLES[self.context]}")

    @property
    def jump_digit(self) -> int:
        """The digit that brings the focus here."""
        return list(PANE_TITLES).index(self.context) + 1

    def show(self, view: DeskView) -> None:
        """Show this picture of the desk; called only when it differs from the last one."""
        raise NotImplementedError

    def take_focus(self) -> None:
        """Focus the part of the pane that keys act on, before the next key is read."""
        focusable = self if self.can_focus else next(child for child in self.children if child.can_focus)
        self.screen.set_focus(focusable, scroll_visible=False)

    def set_subtitle(self, text: str) -> None:
        """Say something short on the lower edge; an equal text costs nothing."""
        if text != self._subtitle:
            self._subtitle = text
            self.border_subtitle = Text(text) if text else None
