"""The command line at the foot of the desk: type, see what it would do, confirm with Enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from engine.errors import DeskError
from tui.command_line import CommandError, Vocabulary, parse_command, split_words
from tui.commands import Command
from tui.completion import complete
from tui.panes.span_line import Span, SpanLine
from tui.proposals import Proposal
from tui.widgets.command_input import CommandInput

HINT = "Enter shows what it would do · tab completes · ↑ earlier · Esc leaves"
CONFIRM_HINT = "Enter confirms · Esc edits"


class CommandBar(Widget):
    """The input, a line for the sentence or the error, and a line for the cost."""

    DEFAULT_CSS = """
    CommandBar {
        dock: bottom;
        layer: command;
        height: 6;
        width: 100%;
        border: round $border;
        border-title-color: $accent;
        border-subtitle-color: $muted;
        background: $surface;
        padding: 0 1;
        CommandInput { height: 1; padding: 0; background: $surface; }
        SpanLine { background: $surface; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", show=False)]

    class Confirmed(Message):
        """The person confirmed a command after seeing what it would do."""

        def __init__(self, proposal: Proposal) -> None:
            super().__init__()
            self.proposal = proposal

    class Harmless(Message):
        """A command that needs no confirmation was typed."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    class Closed(Message):
        """The person left the command line."""

    def __init__(
        self, vocabulary: Callable[[], Vocabulary], propose: Callable[[Command], Proposal | None]
    ) -> None:
        super().__init__(id="command-bar")
        self._vocabulary = vocabulary
        self._propose = propose
        self._proposal: Proposal | None = None
        self._proposed_text = ""
        self.border_title = "Command"

    def compose(self) -> ComposeResult:
        """Build the input and the lines below it."""
        yield CommandInput(self._complete, placeholder="buy 0.5 btc @ 67000 sl 66000 tp 70000 post")
        yield SpanLine(id="command-message")
        yield SpanLine(id="command-facts")
        yield SpanLine(id="command-warning")

    @property
    def message(self) -> str:
        """What the bar says below the input, as plain text."""
        return "\n".join(line.text.strip() for line in self.query(SpanLine) if line.text.strip())

    def open(self, text: str = "") -> None:
        """Show the command line, with some text already typed."""
        self.display = True
        field = self.query_one(CommandInput)
        field.value = text
        field.cursor_position = len(text)
        self._edit()
        self.screen.set_focus(field, scroll_visible=False)

    def close(self) -> None:
        """Hide the command line."""
        self._proposal = None
        self.display = False

    def action_back(self) -> None:
        """From a proposal back to editing, from editing back to the desk."""
        if self._proposal is not None:
            self._edit()
        else:
            self.post_message(self.Closed())

    @on(Input.Changed)
    def text_changed(self, event: Input.Changed) -> None:
        """Forget the proposal: it was about another text."""
        event.stop()
        self._edit()

    @on(Input.Submitted)
    def text_submitted(self, event: Input.Submitted) -> None:
        """Show what the command would do; a second time, do it."""
        event.stop()
        field = self.query_one(CommandInput)
        if self._proposal is not None and self._proposed_text == field.value:
            field.remember(field.value)
            self.post_message(self.Confirmed(self._proposal))
            return
        text = field.value
        try:
            command = parse_command(text, self._vocabulary())
            proposal = self._propose(command)
        except CommandError as error:
            self._show_error(error.message, (error.start, error.end))
        except DeskError as error:
            self._show_error(error.message, _span_of_value(text, error.details.get("value", "")))
        else:
            if proposal is None:
                field.remember(text)
                self.post_message(self.Harmless(command))
            else:
                self._show_proposal(proposal)

    def _complete(self, text: str) -> str | None:
        completion = complete(text, len(text), self._vocabulary())
        if not completion.candidates:
            return None
        typed = text[completion.start :]
        return text[: completion.start] + typed + completion.candidates[0][len(typed) :]

    def _edit(self) -> None:
        self._proposal = None
        self.query_one(CommandInput).clear_error()
        self.border_subtitle = HINT
        self._say([], [], [])

    def _show_error(self, message: str, span: tuple[int, int] | None) -> None:
        if span is not None:
            self.query_one(CommandInput).mark_error(*span)
        pointer = " " * span[0] + "^" * max(1, span[1] - span[0]) if span is not None else ""
        self._say([Span(pointer, "danger")], [Span(message, "danger")], [])

    def _show_proposal(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self._proposed_text = self.query_one(CommandInput).value
        self.border_subtitle = CONFIRM_HINT
        facts = [
            span
            for place, (label, value) in enumerate(proposal.facts)
            for span in (Span(f"{label} ", "muted", priority=place), Span(f"{value}   ", priority=place))
        ]
        self._say([Span(proposal.sentence, "accent")], facts, [Span(proposal.warning, "warning")])

    def _say(self, message: list[Span], facts: list[Span], warning: list[Span]) -> None:
        for name, spans in (("message", message), ("facts", facts), ("warning", warning)):
            self.query_one(f"#command-{name}", SpanLine).show(spans)


def _span_of_value(text: str, value: str) -> tuple[int, int] | None:
    """Return where a refused value stands in the text, if it was typed."""
    for word in split_words(text):
        if value and word.text.casefold() == value.casefold():
            return word.start, word.end
    return None
