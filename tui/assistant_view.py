"""What the assistants screen paints: one frozen picture of conversations and proposals, and its words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.desk import Desk
from engine.model.assistant import AssistantKind, Conversation, Proposal, ProposalStatus
from engine.model.language_model import ConnectionState, KeySource
from engine.model.vault import VaultState
from tui import format as fmt
from tui.view import DeskView
from tui.widgets.live_table import Cell, Row

KINDS: Mapping[AssistantKind, tuple[str, str]] = {
    AssistantKind.DESK: ("desk", "explains the whole desk"),
    AssistantKind.PROGRAM: ("program", "writes programs"),
    AssistantKind.PROMPT: ("prompt", "writes prompts"),
    AssistantKind.SIGNAL: ("signal", "writes signals and pools"),
    AssistantKind.ATTRIBUTION: ("results", "explains where profit came from"),
}
"""An assistant's name and what it is for."""
OUTCOMES: Mapping[ProposalStatus, tuple[str, str]] = {
    ProposalStatus.WAITING: ("◆ waits", "warning"),
    ProposalStatus.CONFIRMED: ("✓ done", "gain"),
    ProposalStatus.DECLINED: ("· declined", "muted"),
    ProposalStatus.EXPIRED: ("✗ expired", "warning"),
    ProposalStatus.FAILED: ("✗ failed", "danger"),
}


class AssistantView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panes of the assistants screen show, but for what is said."""

    desk: DeskView = DeskView()
    conversations: tuple[Conversation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    connections: tuple[ConnectionState, ...] = ()
    is_vault_open: bool = True
    answering: frozenset[str] = frozenset()
    """The conversations whose assistant is known to answer now."""

    def conversation(self, conversation_id: str | None) -> Conversation | None:
        """Return a conversation by id."""
        return next((item for item in self.conversations if item.conversation_id == conversation_id), None)

    def connection(self, connection_id: int) -> ConnectionState | None:
        """Return where a conversation's model is asked."""
        states = self.connections
        return next((item for item in states if item.connection.connection_id == connection_id), None)

    def waiting(self, conversation_id: str | None) -> tuple[Proposal, ...]:
        """Return the proposals of a conversation that wait, oldest first."""
        return tuple(item for item in self.proposals if item.conversation_id == conversation_id)

    def model_problem(self, conversation: Conversation) -> str:
        """Return in words why a conversation's model cannot be asked, "" if nothing is known against it."""
        state = self.connection(conversation.connection_id)
        if state is None:
            return f"{conversation.model} cannot be asked: its connection is gone · N begins with another one"
        name = state.connection.name
        if state.problem:
            return f"{name} cannot be asked: {state.problem}"
        if state.connection.key_source is KeySource.VAULT and not self.is_vault_open:
            return f"{name} cannot be asked: the vault with its key is closed · M, then u opens it"
        if state.connection.key_source is not KeySource.NONE and not state.has_key:
            return f"{name} cannot be asked: it has no key · M, then e gives it one"
        return ""


class AssistantReader:
    """Reads the assistants into a picture; equal pictures are the same object."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view = AssistantView()

    def read(self, view: DeskView, answering: frozenset[str]) -> AssistantView:
        """Return the picture that goes with a picture of the desk."""
        picture = AssistantView(
            desk=view,
            conversations=self._desk.assistants.conversations(),
            proposals=self._desk.assistants.proposals(),
            connections=self._desk.models.connections(),
            is_vault_open=self._desk.vault.status().state is VaultState.OPEN,
            answering=answering,
        )
        if picture != self._view:
            self._view = picture
        return self._view


def conversation_row(view: AssistantView, conversation: Conversation) -> Row:
    """Return the cells of one conversation."""
    waiting = len(view.waiting(conversation.conversation_id))
    if waiting:
        words = (f"◆ {waiting} waits" if waiting == 1 else f"◆ {waiting} wait", "warning")
    elif conversation.conversation_id in view.answering:
        words = ("◐ answers", "accent")
    elif view.model_problem(conversation):
        words = ("✗ no model", "danger")
    else:
        words = ("● ready", "gain")
    state = view.connection(conversation.connection_id)
    return Row(
        conversation.conversation_id,
        (
            Cell(*words),
            Cell(KINDS[conversation.kind][0], "accent"),
            Cell(conversation.title or "untitled"),
            Cell(fmt.time_or_day(conversation.updated_ms, view.desk.market.now_ms), "muted"),
            Cell(f"{conversation.message_count:,}", "muted"),
            Cell(conversation.model),
            Cell(state.connection.name if state else "gone", "muted"),
            Cell(fmt.model_cost(conversation.cost_usd), "muted"),
        ),
    )
