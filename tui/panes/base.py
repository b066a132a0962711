"""What every pane is: a titled frame with a jump digit and keys of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from tui.action import WORKSPACES, Context, workspace_of
from tui.view import DeskView


class WorkspacePane(Widget):
    """A framed part of a workspace; `context` says which actions' keys work in it."""

    context: ClassVar[Context]
    DEFAULT_CSS = """
    WorkspacePane {
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
        self._heading = ""
        self._subtitle = ""
        self.set_heading(self.title)

    @property
    def title(self) -> str:
        """What the pane is called."""
        return self._titles[self.context]

    @property
    def jump_digit(self) -> int:
        """The digit that brings the focus here."""
        return list(self._titles).index(self.context) + 1

    @property
    def _titles(self) -> Mapping[Context, str]:
        workspace = workspace_of(self.context)
        assert workspace is not None
        return WORKSPACES[workspace]

    def take_focus(self) -> None:
        """Focus the part of the pane that keys act on, before the next key is read."""
        focusable = self if self.can_focus else next(child for child in self.children if child.can_focus)
        self.screen.set_focus(focusable, scroll_visible=False)

    def set_heading(self, text: str) -> None:
        """Say on the upper edge what the pane shows; an equal text costs nothing."""
        if text != self._heading:
            self._heading = text
            self.border_title = Text.assemble((str(self.jump_digit), "bold"), f" {text}")

    def set_subtitle(self, text: str) -> None:
        """Say something short on the lower edge; an equal text costs nothing."""
        if text != self._subtitle:
            self._subtitle = text
            self.border_subtitle = Text(text) if text else None


class Pane(WorkspacePane):
    """A pane of the desk."""

    def show(self, view: DeskView) -> None:
        """Show this picture of the desk; called only when it differs from the last one."""
        raise NotImplementedError
