"""What the screen's parts know of each other: the app that holds the workspaces, the one that acts.

Screens and actions are written against these, so that none of them imports what imports it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypedDict, Unpack

from textual.app import App
from textual.screen import Screen

from engine.desk import EquitySpan
from tui.action import Context
from tui.bridge import DeskBridge
from tui.panes.base import WorkspacePane
from tui.view import DeskView, Selection

if TYPE_CHECKING:
    from tui.proposals import Proposal


class SelectionChanges(TypedDict, total=False):
    """The fields of a `Selection` that are to change."""

    trader_id: int | None
    symbol: str
    all_traders: bool
    span: EquitySpan
    order_history: bool


class DeskHost(Protocol):
    """The app around the workspaces."""

    theme_names: tuple[str, ...]

    def switch_theme(self, name: str) -> None:
        """Use another theme from now on."""

    def next_theme(self) -> None:
        """Use the next theme of the list."""

    def leave(self) -> None:
        """End the app; with something unsaved only the second time."""

    async def open_workspace(self, workspace: Context, pane: Context | None = None) -> None:
        """Show another workspace, with the focus on a pane if one is given."""

    def is_shown(self, screen: Screen[None]) -> bool:
        """Tell whether a workspace is the one in view, be it behind a dialog."""

    def say(self, message: str, severity: str = "information") -> None:
        """Show a short message on the workspace in view."""

    def note(self, message: str) -> None:
        """Keep a message that was too long for a notice in the chat."""


class WorkspaceSurface(Protocol):
    """A workspace's screen, as the actions use it."""

    workspace: ClassVar[Context]
    bridge: DeskBridge

    @property
    def selection(self) -> Selection:
        """What the person is looking at, in every workspace."""

    @property
    def app(self) -> App[Any]:
        """The app, for its screens."""

    @property
    def host(self) -> DeskHost:
        """The app, for its themes and its end."""

    @property
    def view(self) -> DeskView:
        """The picture as last read."""

    @property
    def focused_pane(self) -> WorkspacePane | None:
        """The pane that has the focus."""

    @property
    def zoomed(self) -> Context | None:
        """The pane that has the whole screen, if one has."""

    def pane(self, context: Context) -> WorkspacePane:
        """Return a pane."""

    def select(self, **changes: Unpack[SelectionChanges]) -> None:
        """Change the selection and paint at once."""

    def go_to(self, context: Context) -> None:
        """Focus a pane."""

    def zoom(self, context: Context | None) -> None:
        """Give one pane the whole screen, or None to show all again."""

    async def open_command_bar(self, text: str = "") -> None:
        """Open the command line."""

    async def ask(self, make: Callable[[], Proposal]) -> None:
        """Show what a risky command would do, and run it only after a yes."""

    def run_proposal(self, proposal: Proposal) -> None:
        """Run a confirmed command and say what came of it."""

    def send(self, run: Callable[[], Awaitable[str]]) -> None:
        """Await a command without holding up the screen."""

    def say(self, message: str, severity: str = "information", *, is_in_chat: bool = False) -> None:
        """Show a short message."""
