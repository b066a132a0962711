"""What the dialogs share: their frame, what runs their actions, and facts as aligned labels and values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from rich.text import Text
from textual import events, on
from textual.app import App
from textual.screen import ModalScreen

from tui.messages import ActionChosen
from tui.theming import role_style

Answer = TypeVar("Answer")

REVIEW_INTERVAL_S = 0.6
"""How often an open preview is made anew."""

FRAME_HEIGHT = 7
"""Lines of a dialog around its body: frame, padding and answers."""

COMPACT_BELOW = 24
"""On terminals with fewer lines a dialog does without its blank ones."""


class DialogScreen(ModalScreen[Answer], inherit_bindings=False):
    """A dialog in the middle of the dimmed desk; what it holds goes into a `.dialog` container."""

    DEFAULT_CSS = """
    DialogScreen {
        align: center middle;
        background: $background 60%;
        .dialog {
            width: 68;
            max-width: 94%;
            height: auto;
            max-height: 96%;
            border: round $border;
            border-title-color: $accent;
            border-subtitle-color: $muted;
            background: $surface;
            padding: 1 2;
        }
        .dialog Static, .dialog SpanLine { background: $surface; height: auto; }
        .dialog .sentence { margin-bottom: 1; }
        .dialog .facts { margin-bottom: 1; }
        .dialog .warning { color: $warning; margin-bottom: 1; }
        .dialog .body { height: auto; background: $surface; scrollbar-size-vertical: 1; }
        &.-compact .dialog { padding: 0 1; max-height: 100%; }
    }
    """

    def on_resize(self, event: events.Resize) -> None:
        """Leave out blank lines where there are few lines."""
        self.set_class(event.size.height < COMPACT_BELOW, "-compact")
        for body in self.query(".body"):
            body.styles.max_height = max(1, event.size.height - FRAME_HEIGHT)


class ActionDialog(DialogScreen[Answer], inherit_bindings=False):
    """A dialog whose keys come from the table of actions; a subclass adds what each does to `handlers`."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[str, Callable[[], Awaitable[None] | None]] = {}

    async def action_perform(self, action_id: str) -> None:
        """Run one action by its id."""
        result = self.handlers[action_id]()
        if result is not None:
            await result

    @on(ActionChosen)
    async def action_clicked(self, event: ActionChosen) -> None:
        """Run what was clicked."""
        event.stop()
        await self.action_perform(event.action_id)


def facts_text(app: App[Any], facts: tuple[tuple[str, str], ...]) -> Text:
    """Return labels and values in two columns, values aligned on their right."""
    label_width = max((len(label) for label, _ in facts), default=0)
    value_width = max((len(value) for _, value in facts), default=0)
    muted = role_style(app, "muted")
    text = Text(no_wrap=True)
    for place, (label, value) in enumerate(facts):
        if place:
            text.append("\n" if place % 2 == 0 else "     ")
        text.append(label.ljust(label_width), muted)
        text.append(f"  {value.rjust(value_width)}")
    return text
