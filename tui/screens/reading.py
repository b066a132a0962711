"""A screen of its own for a text that is read, searched and copied; keys come from the table of actions."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from engine.text import count
from tui.action import Context
from tui.panes.footer import footer_spans
from tui.panes.span_line import Span, SpanLine
from tui.screens.dialog import ActionDialog
from tui.screens.signal_fields import TextField
from tui.widgets.reading_text import ReadingText

FIND_HINT = "Enter keeps it found, Esc forgets it"


class ReadingScreen(ActionDialog[None], inherit_bindings=False):
    """The frame: what a subclass puts above the text, the text, what is found in it, and the keys.

    `prefix` starts the ids of the actions that every such screen has: find, next, previous, copy, close.
    """

    DEFAULT_CSS = """
    ReadingScreen .dialog {
        width: 100%; max-width: 100%; height: 100%; max-height: 100%; padding: 0 1;
    }
    ReadingScreen .dialog SpanLine { height: 1; }
    ReadingScreen .dialog ReadingText, ReadingScreen .dialog WrappedText { background: $surface; }
    ReadingScreen #find {
        height: 1; border: none; padding: 0 1; background: $panel; display: none;
        &.-open { display: block; }
        &:focus { border: none; }
    }
    """
    context: ClassVar[Context]
    prefix: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        prefix = self.prefix
        self.handlers |= {
            f"{prefix}.find": self._find,
            f"{prefix}.next": lambda: self._go_to_found(1),
            f"{prefix}.previous": lambda: self._go_to_found(-1),
            f"{prefix}.copy": self._copy,
            f"{prefix}.close": self._close,
        }
        self._notice = Span("")

    def compose_head(self) -> ComposeResult:
        """Build what stands above the text."""
        raise NotImplementedError

    @property
    def whole_text(self) -> str:
        """The text that a copy is made of."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Build the frame."""
        with Vertical(classes="dialog"):
            yield from self.compose_head()
            yield ReadingText(id="reading")
            yield TextField("", placeholder=f"find … · {FIND_HINT}", id="find")
            yield SpanLine(id="reading-keys")

    def on_mount(self) -> None:
        """Start in the text."""
        self.reading.focus()
        self._show_keys()

    @property
    def reading(self) -> ReadingText:
        """The text."""
        return self.query_one(ReadingText)

    def entitle(self, title: str) -> None:
        """Say above the frame what is shown."""
        self.query_one(".dialog", Vertical).border_title = Text(title)

    def say(self, message: str, role: str = "accent") -> None:
        """Say something at the right of the keys, until the next key that says something else."""
        self._notice = Span(f"{message} ", role)
        self._show_keys()

    @on(Input.Changed, "#find")
    def find_changed(self, event: Input.Changed) -> None:
        """Mark what is typed as it is typed."""
        event.stop()
        self.reading.find(event.value)
        self._say_found()

    @on(Input.Submitted, "#find")
    def find_submitted(self, event: Input.Submitted) -> None:
        """Go back to the text; what is found stays marked."""
        event.stop()
        self._leave_find()

    def _find(self) -> None:
        field = self.query_one("#find", TextField)
        field.add_class("-open")
        field.focus()

    def _close(self) -> None:
        field = self.query_one("#find", TextField)
        if field.has_focus:
            field.value = ""
            self._leave_find()
        else:
            self.dismiss(None)

    def _leave_find(self) -> None:
        self.query_one("#find", TextField).remove_class("-open")
        self.reading.focus()

    def _go_to_found(self, by: int) -> None:
        self.reading.go_to_found(by)
        self._say_found()

    def _say_found(self) -> None:
        words = self.query_one("#find", TextField).value
        place, places = self.reading.found
        if not words:
            self.say("")
        elif places:
            self.say(f"{place} of {places} found")
        else:
            self.say("not found", "warning")

    def _copy(self) -> None:
        text = self.whole_text
        if not text:
            self.say("there is nothing to copy", "warning")
            return
        self.app.copy_to_clipboard(text)
        self.say(f"{count(len(text), 'character')} copied")

    def _show_keys(self) -> None:
        self.query_one("#reading-keys", SpanLine).show(footer_spans([self.context]), [self._notice])
