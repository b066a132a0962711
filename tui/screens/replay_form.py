"""The form that asks a past decision again: its prompt to edit, the model to ask, and a bound of the cost."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from engine.errors import InvalidInput
from engine.model.arena import DecisionStory
from engine.model.language_model import ModelConnection
from engine.model.prompt_backtest import ReplayRequest
from engine.text import count
from tui.bridge import DeskBridge
from tui.decision_view import usd
from tui.panes.program_code import CodeArea
from tui.program_diff import difference
from tui.program_highlight import Piece
from tui.proposals import Proposal
from tui.replay_view import expected_cost
from tui.screens.signal_fields import MAX_NAME_LENGTH, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.number_field import NumberField

RULES_MODEL = ("0", "rules model, built in")
MOST_USD = Decimal(5)
"""What one question is bound to unless another bound is typed."""


class PromptArea(CodeArea):
    """The exact prompt, to edit: plain text with long lines wrapped; tab goes on to the next field."""

    def __init__(self, text: str) -> None:
        super().__init__(placeholder="the prompt to ask with", id="text")
        self.soft_wrap = True
        self.tab_behavior = "focus"
        self.show_line_numbers = False
        self.load_text(text)

    def _pieces_of(self, line_index: int) -> tuple[Piece, ...]:
        return ()

    def _break_line(self) -> None:
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)

    def _dedent(self) -> None:
        self.screen.focus_previous()

    def _delete_left(self) -> None:
        self.action_delete_left()

    def _leave(self) -> None:
        if isinstance(self.screen, FormScreen):
            self.screen.action_leave()


class ReplayForm(FormScreen):
    """Edits the prompt of a decision and asks again; dismissed with the id of the run, or None."""

    DEFAULT_CSS = """
    ReplayForm .dialog {
        width: 100%; max-width: 100%; height: 100%; max-height: 100%; padding: 0 1;
    }
    ReplayForm .row { margin-bottom: 0; }
    ReplayForm PromptArea { height: 1fr; background: $panel; margin-bottom: 1; }
    ReplayForm #verdict { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+o", "submit", "Ask")]
    hint = "^o asks, and says first what it may cost · tab next · Esc leaves"
    first_field = "text"
    field_of_detail: ClassVar[dict[str, str]] = {"connection_id": "connection"}

    def __init__(self, bridge: DeskBridge, story: DecisionStory) -> None:
        super().__init__()
        self._bridge = bridge
        self._story = story
        self._connections = {
            state.connection.connection_id: state.connection for state in bridge.desk.models.connections()
        }
        self.heading = f"Ask {story.record.decision_id} again"

    def compose_fields(self) -> ComposeResult:
        """Build the model's row and the prompt."""
        asked = next((call.connection_id for call in self._story.calls), 0)
        choices = [RULES_MODEL, *((str(key), each.name) for key, each in self._connections.items())]
        with self.row():
            yield self.label("connection", "asked at")
            yield ChoiceField(choices, str(asked if asked in self._connections else 0), id="connection")
            yield self.label("model", "model", "-second")
            yield TextField(self._story.record.model, max_length=MAX_NAME_LENGTH, id="model")
        with self.row():
            yield self.label("max_usd", "at most USD")
            yield NumberField(MOST_USD, step=Decimal(1), placeholder="no bound", id="max_usd")
        yield PromptArea(self._story.record.prompt)

    @property
    def values(self) -> tuple[object, ...]:
        """The fields as they are."""
        texts = [field.value.strip() for field in self.query(Input)]
        return (*texts, self._connection_id, self._text)

    @property
    def _text(self) -> str:
        return self.query_one(PromptArea).text

    @property
    def _connection_id(self) -> int:
        return int(self.query_one("#connection", ChoiceField).value)

    @property
    def _model(self) -> str:
        return self.query_one("#model", TextField).value.strip()

    @property
    def _connection(self) -> ModelConnection | None:
        return self._connections.get(self._connection_id)

    @on(TextArea.Changed)
    def text_changed(self) -> None:
        """Forget what was said about another text."""
        self._is_leaving = False
        self.show_verdict("")

    def action_submit(self) -> None:
        """Say what asking may cost, and ask only after a yes."""
        from tui.screens.confirm import ConfirmScreen

        try:
            proposal = self._proposal()
        except InvalidInput as error:
            self.blame(error)
            return
        self.app.push_screen(ConfirmScreen(proposal, self._proposal), self._answered)

    def _answered(self, confirmed: Proposal | None) -> None:
        if confirmed is not None:
            super().action_submit()

    async def save(self) -> str:
        """Start asking and return the id of the run; raises `DeskError`."""
        run = await self._bridge.desk.prompt_backtests.start_replay(self._request())
        return run.run_id

    def _request(self) -> ReplayRequest:
        """Return what is asked; raises `InvalidInput` for a field that says nothing that can be asked."""
        if not self._text.strip():
            raise InvalidInput("prompt: it is empty, write what is to be asked", field="text")
        if not self._model:
            raise InvalidInput("model: say the name of the model that is asked", field="model")
        bound = self.query_one("#max_usd", NumberField)
        if bound.value.strip() and not bound.number:
            raise InvalidInput.of("max_usd", bound.value, "an amount above 0, or nothing for no bound")
        record = self._story.record
        return ReplayRequest(
            decision_ids=(record.decision_id,),
            connection_id=self._connection_id,
            model=self._model,
            name=f"{record.decision_id} again",
            text=self._text,
            max_usd=bound.number,
        )

    def _proposal(self) -> Proposal:
        """Return the question with what it may cost; raises `InvalidInput`."""
        request = self._request()
        connection = self._connection
        where = connection.name if connection else RULES_MODEL[1]
        changed = difference(self._story.record.prompt, self._text)
        cost = expected_cost(self._story, connection, self._model)
        facts = (
            ("prompt", count(len(self._text), "character")),
            ("changed", changed.summary),
            ("may cost", f"about {usd(cost)}" if cost is not None else "not known"),
            ("at most", usd(request.max_usd) if request.max_usd is not None else "no bound"),
        )
        warning = "" if changed.added or changed.removed else "The prompt is the same as it was."
        if cost is None and request.max_usd is None:
            warning = "What it costs is not known, and nothing bounds it."
        return Proposal(
            title="Ask again",
            sentence=f"Ask {self._model} ({where}) with this prompt and compare. Nothing trades.",
            verb="Ask",
            run=self.save,
            facts=facts,
            warning=warning,
        )
