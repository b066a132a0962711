"""The dialog before anything risky: the full sentence, what it costs, and Cancel under the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.panes.span_line import Span, SpanLine
from tui.proposals import Proposal
from tui.screens.dialog import DialogScreen, facts_text


class ConfirmScreen(DialogScreen[bool], inherit_bindings=False):
    """Asks whether a proposal shall run; dismissed with True only by a deliberate yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        Binding("left,right,tab,shift+tab,h,l", "switch", "Switch"),
        Binding("enter,space", "choose", "Choose"),
    ]

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self._proposal = proposal
        self._says_yes = False

    def compose(self) -> ComposeResult:
        """Build the sentence, the facts and the two answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(self._proposal.title)
            yield Static(self._proposal.sentence, markup=False, classes="sentence")
            if self._proposal.facts:
                yield Static(facts_text(self.app, self._proposal.facts), classes="facts")
            if self._proposal.warning:
                yield Static(self._proposal.warning, markup=False, classes="warning")
            yield SpanLine(id="answers")

    def on_mount(self) -> None:
        """Show the answers, the harmless one chosen."""
        self._show_answers()

    def action_answer(self, yes: bool) -> None:
        """Answer at once."""
        self.dismiss(yes)

    def action_switch(self) -> None:
        """Move to the other answer."""
        self._says_yes = not self._says_yes
        self._show_answers()

    def action_choose(self) -> None:
        """Give the answer under the cursor."""
        self.dismiss(self._says_yes)

    def on_action_chosen(self, event: object) -> None:
        """Answer by mouse."""
        self.dismiss(getattr(event, "action_id", "") == "yes")

    def _show_answers(self) -> None:
        marks = ("  ", "▸ ") if self._says_yes else ("▸ ", "  ")
        roles = ("muted", "danger") if self._says_yes else ("accent", "muted")
        self.query_one("#answers", SpanLine).show(
            (
                Span(f"{marks[0]}Back (n)", roles[0], "no"),
                Span("     "),
                Span(f"{marks[1]}{self._proposal.verb} (y)", roles[1], "yes"),
            )
        )
