"""The dialogs of a conversation: with which assistant and model it begins, and its title."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import InvalidInput
from engine.model.assistant import AssistantKind, Conversation
from tui.assistant_view import KINDS, AssistantView
from tui.bridge import DeskBridge
from tui.screens.signal_fields import MAX_NAME_LENGTH, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField


class BeginForm(FormScreen):
    """Asks for the assistant, the model and what it is about; `begun` is told the conversation."""

    first_field = "kind"

    def __init__(
        self, bridge: DeskBridge, view: AssistantView, begun: Callable[[Conversation], None]
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._connections = [state.connection for state in view.connections]
        # What was talked to last is likely wanted again.
        last = view.conversations[0] if view.conversations else None
        ids = [connection.connection_id for connection in self._connections]
        is_there = last is not None and last.connection_id in ids
        self._connection_id = last.connection_id if last is not None and is_there else ids[0]
        self._model = last.model if last is not None and is_there else self._first_model(self._connection_id)
        self._begun = begun
        self.heading = "New conversation"

    def compose_fields(self) -> ComposeResult:
        """Build the rows."""
        with self.row():
            yield self.label("kind", "assistant")
            kinds = [(kind.value, f"{name}: {words}") for kind, (name, words) in KINDS.items()]
            yield ChoiceField(kinds, AssistantKind.DESK.value, id="kind")
        with self.row():
            yield self.label("connection", "asked at")
            names = [(str(item.connection_id), item.name) for item in self._connections]
            yield ChoiceField(names, str(self._connection_id), id="connection")
        with self.row():
            yield self.label("model", "model")
            yield TextField(self._model, placeholder="the name its server knows", id="model")
        with self.row():
            yield self.label("subject", "about")
            yield TextField("", placeholder="a program, prompt or pool by name, or nothing", id="subject")
        with self.row():
            yield self.label("title", "title")
            yield TextField(
                "", placeholder="taken from what is said first", max_length=MAX_NAME_LENGTH, id="title"
            )

    @property
    def values(self) -> tuple[str, ...]:
        """The fields as they are."""
        return (
            *(field.value for field in self.query(ChoiceField)),
            *(field.value.strip() for field in self.query(Input)),
        )

    def changed(self) -> None:
        """Offer another connection's first model."""
        connection_id = int(self.query_one("#connection", ChoiceField).value)
        if connection_id != self._connection_id:
            self._connection_id = connection_id
            self.query_one("#model", Input).value = self._first_model(connection_id)

    async def save(self) -> str:
        """Begin the conversation; raises `DeskError`."""
        kind_name, connection_id, model, subject, title = self.values
        kind = AssistantKind(kind_name)
        if not model:
            raise InvalidInput.of("model", "", "name the model to talk to")
        conversation = await self._bridge.desk.assistants.begin(
            kind, int(connection_id), model, subject=self._subject_id(kind, subject), title=title
        )
        self._begun(conversation)
        return f"{KINDS[kind][0]} assistant with {model}: write what you want"

    def _subject_id(self, kind: AssistantKind, name: str) -> str:
        """Return the id of what is named as text, "" for nothing; raises `InvalidInput`."""
        if not name:
            return ""
        names = self._subjects(kind)
        if name not in names:
            known = ", ".join(names) or f"nothing: a {KINDS[kind][0]} assistant is about all of it"
            raise InvalidInput.of("subject", name, f"allowed here: {known}")
        return names[name]

    def _subjects(self, kind: AssistantKind) -> dict[str, str]:
        desk = self._bridge.desk
        match kind:
            case AssistantKind.PROGRAM:
                return {item.name: str(item.program_id) for item in desk.programs.programs()}
            case AssistantKind.PROMPT:
                return {item.name: str(item.prompt_id) for item in desk.prompts.prompts()}
            case AssistantKind.SIGNAL:
                return {item.name: str(item.pool_id) for item in desk.signals.pools()}
            case _:
                return {}

    def _first_model(self, connection_id: int) -> str:
        vendor = next(item.vendor for item in self._connections if item.connection_id == connection_id)
        vendors = self._bridge.desk.models.vendors()
        return next((model for row in vendors if row.name == vendor for model in row.models), "")


class RenameForm(FormScreen):
    """Asks for a conversation's title."""

    first_field = "title"
    heading = "Title of the conversation"

    def __init__(self, bridge: DeskBridge, conversation: Conversation) -> None:
        super().__init__()
        self._bridge = bridge
        self._conversation = conversation

    def compose_fields(self) -> ComposeResult:
        """Build the one field."""
        with self.row():
            yield self.label("title", "title")
            yield TextField(self._conversation.title, max_length=MAX_NAME_LENGTH, id="title")

    @property
    def values(self) -> str:
        """The field as it is."""
        return self.query_one("#title", Input).value.strip()

    async def save(self) -> str:
        """Keep the title; raises `DeskError`."""
        kept = await self._bridge.desk.assistants.rename(self._conversation.conversation_id, self.values)
        return f"the conversation is called {kept.title}"
