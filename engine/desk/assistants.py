"""The desk's assistants: conversations, their tools, and proposals that wait for a person."""

from __future__ import annotations

from typing import Protocol

from engine.model.assistant import (
    AssistantKind,
    Conversation,
    ConversationMessage,
    Proposal,
    ToolInfo,
)


class AssistantDesk(Protocol):
    """Chats with a model that may read the desk and propose; `Topic.ASSISTANTS` carries `AssistantEvent`s.

    A turn runs in the desk, whoever looks on: a screen that goes away does not end it.
    """

    def conversations(self) -> tuple[Conversation, ...]:
        """Return every conversation that is not deleted, the one spoken in last first."""
        ...

    def proposals(self) -> tuple[Proposal, ...]:
        """Return what waits for a person, oldest first."""
        ...

    def tools(self, kind: AssistantKind) -> tuple[ToolInfo, ...]:
        """Return the tools of an assistant."""
        ...

    async def messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """Return a conversation, oldest message first; raises `NotFound`."""
        ...

    async def begin(
        self, kind: AssistantKind, connection_id: int, model: str, *, subject: str = "", title: str = ""
    ) -> Conversation:
        """Begin a conversation; raises `NotFound` for a connection there is not."""
        ...

    async def say(self, conversation_id: str, text: str) -> ConversationMessage:
        """Say something and let the assistant answer; returns what was said as soon as it is kept.

        Raises `NotFound`, `InvalidInput`, or `Conflict` while it still answers.
        """
        ...

    async def interrupt(self, conversation_id: str) -> None:
        """Stop the answer under way, keeping what there is of it."""
        ...

    async def answer_proposal(self, proposal_id: str, *, confirmed: bool) -> Proposal:
        """Carry a proposal out or decline it, and let the assistant hear of it.

        Raises `NotFound`, or `Conflict` for one that was answered already or whose subject changed since.
        """
        ...

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """Give a conversation another title."""
        ...

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation; raises `NotFound`, or `Conflict` while it answers."""
        ...
