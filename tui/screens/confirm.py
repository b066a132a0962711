"""The dialog before anything risky: the full sentence, what it costs, and Cancel under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from engine.errors import DeskError
from tui.messages import ActionChosen
from tui.panes.span_line import Span, SpanLine
from tui.proposals import Proposal
from tui.screens.dialog import REVIEW_INTERVAL_S, DialogScreen, facts_text
from tui.wording import refusal_text

MOVED = "The market has moved: look again."


class ConfirmScreen(DialogScreen[Proposal | None], inherit_bindings=False):
    """Asks whether a proposal shall run; dismissed with it only by a deliberate yes.

    `make` makes the proposal anew, so that its figures stay those of now. One that has become
    impossible, or has moved beyond the tolerance, is not under the cursor any more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        Binding("left,right,tab,shift+tab,h,l", "switch", "Switch"),
        Binding("enter,space", "choose", "Choose"),
    ]

    def __init__(self, proposal: Proposal, make: Callable[[], Proposal]) -> None:
        super().__init__()
        self._proposal: Proposal | None = proposal
        self._reviewed = proposal
        self._make = make
        self._says_yes = False

    def compose(self) -> ComposeResult:
        """Build the sentence, the facts and the two answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Text(self._reviewed.title)
            with VerticalScroll(can_focus=False, classes="body"):
                yield Static("", markup=False, classes="sentence")
                yield Static("", classes="facts")
                yield Static("", markup=False, classes="warning")
            yield SpanLine(id="answers")

    def on_mount(self) -> None:
        """Show the proposal and the answers, the harmless one chosen."""
        self._show(self._reviewed.warning)
        self.set_interval(REVIEW_INTERVAL_S, self.keep_current)

    def keep_current(self) -> None:
        """Show the figures of now; what has moved too far needs a second look."""
        try:
            now = self._make()
        except DeskError as error:
            self._proposal, self._says_yes = None, False
            self._show(refusal_text(error))
            return
        if self._proposal is not None and (now.sentence, now.facts) == (
            self._proposal.sentence,
            self._proposal.facts,
        ):
            return
        has_moved = self._proposal is None or now.has_moved_from(self._reviewed)
        self._proposal = now
        if has_moved:
            self._reviewed, self._says_yes = now, False
        self._show(MOVED if has_moved else now.warning)

    def action_answer(self, yes: bool) -> None:
        """Answer at once."""
        self.dismiss(self._proposal if yes else None)

    def action_switch(self) -> None:
        """Move to the other answer."""
        self._says_yes = not self._says_yes and self._proposal is not None
        self._show_answers()

    def action_choose(self) -> None:
        """Give the answer under the cursor."""
        self.action_answer(self._says_yes)

    @on(ActionChosen)
    def answer_clicked(self, event: ActionChosen) -> None:
        """Answer by mouse."""
        event.stop()
        self.action_answer(event.action_id == "yes")

    def _show(self, warning: str) -> None:
        shown = self._proposal or self._reviewed
        for name, text in (
            ("sentence", Text(shown.sentence)),
            ("facts", facts_text(self.app, shown.facts)),
            ("warning", Text(warning)),
        ):
            part = self.query_one(f".{name}", Static)
            part.update(text)
            part.display = bool(text)
        self._show_answers()

    def _show_answers(self) -> None:
        marks = ("  ", "▸ ") if self._says_yes else ("▸ ", "  ")
        roles = ("muted", "danger") if self._says_yes else ("accent", "muted")
        self.query_one("#answers", SpanLine).show(
            (
                Span(f"{marks[0]}Back (n)", roles[0], "no"),
                Span("     "),
                Span(f"{marks[1]}{self._reviewed.verb} (y)", roles[1], "yes"),
            )
        )
