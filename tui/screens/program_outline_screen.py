"""A dialog that shows an outline, at once or when it has been asked for: executions, previews, bindings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from engine.errors import DeskError
from tui.panes.program_outline_view import OutlineView
from tui.program_outline import Node, text_nodes
from tui.screens.dialog import DialogScreen
from tui.wording import refusal_text

Load = Callable[[], Awaitable[Sequence[Node]]]


class OutlineScreen(DialogScreen[None], inherit_bindings=False):
    """Shows nodes; with `load` they are asked for when it opens, and again with r."""

    DEFAULT_CSS = """
    OutlineScreen .dialog { width: 110; height: 90%; padding: 0 1; }
    OutlineScreen OutlineView { height: 1fr; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close"),
        Binding("r", "again", "Again"),
    ]

    def __init__(
        self, title: str, nodes: Sequence[Node] = (), load: Load | None = None, *, waiting: str = "running …"
    ) -> None:
        super().__init__()
        self._title = title
        self._given = tuple(nodes)
        self._load = load
        self._waiting = waiting

    def compose(self) -> ComposeResult:
        """Build the outline."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(self._title)
            again = " · r runs it again" if self._load is not None else ""
            dialog.border_subtitle = f"Enter folds{again} · Esc closes"
            yield OutlineView(empty_text=self._waiting)

    def on_mount(self) -> None:
        """Show what there is, or ask for it."""
        self.query_one(OutlineView).show(self._given)
        self.query_one(OutlineView).focus()
        self.action_again()

    def action_again(self) -> None:
        """Ask for the nodes anew."""
        if self._load is not None:
            self.query_one(OutlineView).show(())
            self.run_worker(self._show(self._load), group="outline", exclusive=True, exit_on_error=False)

    async def _show(self, load: Load) -> None:
        try:
            nodes = tuple(await load())
        except DeskError as error:
            nodes = text_nodes(refusal_text(error), "danger")
        except Exception as error:  # an engine fault must not leave the dialog waiting for ever
            nodes = text_nodes(f"unexpected {type(error).__name__}: {error}", "danger")
        self.query_one(OutlineView).show(nodes)
