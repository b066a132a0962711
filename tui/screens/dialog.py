"""What the dialogs share: their frame, and facts as aligned labels and values."""

from __future__ import annotations

from typing import Any, TypeVar

from rich.text import Text
from textual.app import App
from textual.screen import ModalScreen

from tui.theming import role_style

Answer = TypeVar("Answer")


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
    }
    """


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
