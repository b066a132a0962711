"""A one-line command input with ghost text, history, and errors that point at the word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

Complete = Callable[[str], str | None]
"""From what is typed to the whole line it could become, or None."""

MAX_HISTORY = 200


class _CallableSuggester(Suggester):
    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)


class _ErrorMarker(Highlighter):
    """Styles the wrong word of an input's text."""

    def __init__(self, command_input: CommandInput) -> None:
        self._command_input = command_input

    def highlight(self, text: Text) -> None:
        """Style the marked span, if there is one."""
        if (span := self._command_input.error_span) is not None:
            text.stylize(self._command_input.get_component_rich_style("command-input--error"), *span)


class CommandInput(Input):
    """An input that completes with tab or right, recalls with up and down, and marks a wrong word."""

    DEFAULT_CSS = """
    CommandInput { border: none; padding: 0 1; height: 1; background: $surface; }
    CommandInput:focus { border: none; }
    CommandInput > .command-input--error { color: $danger; text-style: underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"command-input--error"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "recall(-1)", "Earlier command", show=False),
        Binding("down", "recall(1)", "Later command", show=False),
    ]

    def __init__(
        self,
        complete: Complete | None = None,
        *,
        history: Sequence[str] = (),
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            highlighter=_ErrorMarker(self),
            suggester=_CallableSuggester(complete) if complete else None,
            select_on_focus=False,
            name=name,
            id=id,
            classes=classes,
        )
        self.cursor_blink = False
        self._complete = complete
        self._history = list(history)[-MAX_HISTORY:]
        self._recalled = len(self._history)
        self._draft = ""
        self._error: tuple[int, int] | None = None

    @property
    def history(self) -> tuple[str, ...]:
        """The commands remembered, oldest first."""
        return tuple(self._history)

    @property
    def error_span(self) -> tuple[int, int] | None:
        """The marked word as start and end in the text, if any."""
        return self._error

    def remember(self, command: str) -> None:
        """Add a command to the history, unless it repeats the last one."""
        if command and self._history[-1:] != [command]:
            self._history.append(command)
            del self._history[:-MAX_HISTORY]
        self._recalled = len(self._history)

    def mark_error(self, start: int, end: int) -> None:
        """Underline the characters from `start` up to `end`, until the text changes."""
        self._error = (start, max(end, start + 1))
        self.refresh()

    def clear_error(self) -> None:
        """Take the error marker away."""
        self._error = None
        self.refresh()

    def watch_value(self) -> None:
        """Forget the error marker: it pointed into another text."""
        self._error = None

    def action_complete(self) -> None:
        """Take the completion as a whole."""
        completed = self._complete(self.value) if self._complete else None
        if completed:
            self.value = completed
            self.cursor_position = len(completed)

    def action_recall(self, direction: int) -> None:
        """Show an earlier or later command; past the newest one comes back what was being typed."""
        position = max(0, min(self._recalled + direction, len(self._history)))
        if position == self._recalled:
            return
        if self._recalled == len(self._history):
            self._draft = self.value
        self.value = self._history[position] if position < len(self._history) else self._draft
        self._recalled = position
        self.cursor_position = len(self.value)
