"""The command line at the foot of the desk: type, see what it would do, confirm with Enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from engine.errors import DeskError
from tui.command_line import Reading, read_command
from tui.command_words import CommandError, Place, Vocabulary
from tui.commands import Command
from tui.completion import complete
from tui.panes.span_line import Span, SpanLine
from tui.proposals import Proposal
from tui.screens.dialog import REVIEW_INTERVAL_S
from tui.widgets.command_input import CommandInput
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

HINT = "Enter shows what it would do · tab completes · ↑ earlier · Esc leaves"
MOVED = "The market has moved: Enter shows again what it would do."
NO_ROOM = "The sentence does not fit on this screen: 80x24 is needed."
CONFIRM_HINT = "Enter confirms · Esc edits"


class CommandBar(Widget):
    """The input, a line for the sentence or the error, and a line for the cost."""

    DEFAULT_CSS = """
    CommandBar {
        dock: bottom;
        layer: command;
        height: 8;
        width: 100%;
        border: round $border;
        border-title-color: $accent;
        border-subtitle-color: $muted;
        background: $surface;
        padding: 0 1;
        CommandInput { height: 1; padding: 0; background: $surface; }
        SpanLine, WrappedText { background: $surface; }
        #command-message { height: 3; }
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
        self._armed: Proposal | None = None
        self._reading: Reading | None = None
        self._proposed_text = ""
        self.border_title = "Command"

    def compose(self) -> ComposeResult:
        """Build the input and the lines below it."""
        yield CommandInput(self._complete, placeholder="buy 0.5 btc @ 67000 sl 66000 tp 70000 post")
        yield WrappedText(id="command-message")
        yield SpanLine(id="command-facts")
        yield WrappedText(id="command-warning")

    def on_mount(self) -> None:
        """Keep a proposal that waits for its confirmation that of now."""
        self.set_interval(REVIEW_INTERVAL_S, self.keep_current)

    @property
    def message(self) -> str:
        """What the bar says below the input, as plain text."""
        parts = (self._message.text, self.query_one(SpanLine).text, self._warning.text)
        return "\n".join(part.strip("\n").rstrip() for part in parts if part.strip())

    @property
    def _message(self) -> WrappedText:
        return self.query_one("#command-message", WrappedText)

    @property
    def _warning(self) -> WrappedText:
        return self.query_one("#command-warning", WrappedText)

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
            reading = read_command(text, self._vocabulary())
            try:
                proposal = self._propose(reading.command)
            except DeskError as error:
                self._show_error(refusal_text(error), reading.place_to_blame(error))
                return
        except CommandError as error:
            self._show_error(error.message, (error.start, error.end))
            return
        if proposal is None:
            field.remember(text)
            self.post_message(self.Harmless(reading.command))
            return
        self._reading, self._proposed_text, self._armed = reading, text, proposal
        self._show_proposal(proposal)
        if not self._message.is_all_in_view:
            self._proposal = None
            self._show_error(NO_ROOM, None)

    def keep_current(self) -> None:
        """Show the figures of now; what is no longer possible or has moved too far is taken back."""
        if self._proposal is None or self._reading is None or not self.display:
            return
        try:
            now = self._propose(self._reading.command)
        except DeskError as error:
            self._proposal = None
            self._show_error(refusal_text(error), self._reading.place_to_blame(error))
            return
        if now is None or now.has_moved_from(self._armed or now):
            self._proposal = None
            self.border_subtitle = HINT
            self._say(MOVED, [], "", "warning")
        elif (now.facts, now.warning) != (self._proposal.facts, self._proposal.warning):
            # What was reviewed is what is sent; only what it costs is shown as of now.
            self._show_proposal(msgspec.structs.replace(self._proposal, facts=now.facts, warning=now.warning))

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
        self._say("", [], "")

    def _show_error(self, message: str, span: Place | None) -> None:
        self.border_subtitle = HINT
        pointer = ""
        if span is not None:
            field = self.query_one(CommandInput)
            field.mark_error(*span)
            # A text wider than the input has scrolled away from its words: the underline must do.
            if len(field.value) < field.size.width:
                pointer = " " * span[0] + "^" * max(1, span[1] - span[0]) + "\n"
        self._say(pointer + message, [], "", "danger")

    def _show_proposal(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self.border_subtitle = CONFIRM_HINT
        facts = [
            span
            for place, (label, value) in enumerate(proposal.facts)
            for span in (Span(f"{label} ", "muted", priority=place), Span(f"{value}   ", priority=place))
        ]
        self._say(proposal.sentence, facts, proposal.warning)

    def _say(self, message: str, facts: list[Span], warning: str, role: str = "accent") -> None:
        self._message.show(message, role)
        self.query_one(SpanLine).show(facts)
        self._warning.show(warning, "warning")
