"""The assistants of a desk that lives on another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.desk_thread.sides import EngineThread
    from engine.model.assistant import (
        AssistantKind,
        Conversation,
        ConversationMessage,
        Proposal,
        ToolInfo,
    )


class ThreadedAssistants:
    """The desk's assistants, see `engine.desk.assistants.AssistantDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def conversations(self) -> tuple[Conversation, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        desk = self._thread.desk
        return desk.assistants.conversations() if desk else ()

    def proposals(self) -> tuple[Proposal, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        desk = self._thread.desk
        return desk.assistants.proposals() if desk else ()

    def tools(self, kind: AssistantKind) -> tuple[ToolInfo, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        desk = self._thread.desk
        return desk.assistants.tools(kind) if desk else ()

    async def messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """See `engine.desk.assistants.AssistantDesk`."""
        return await self._thread.call(lambda desk: desk.assistants.messages(conversation_id))

    async def begin(
        self, kind: AssistantKind, connection_id: int, model: str, *, subject: str = "", title: str = ""
    ) -> Conversation:
        """See `engine.desk.assistants.AssistantDesk`."""
        return await self._thread.call(
            lambda desk: desk.assistants.begin(kind, connection_id, model, subject=subject, title=title)
        )

    async def say(self, conversation_id: str, text: str) -> ConversationMessage:
        """See `engine.desk.assistants.AssistantDesk`."""
        return await self._thread.call(lambda desk: desk.assistants.say(conversation_id, text))

    async def interrupt(self, conversation_id: str) -> None:
        """See `engine.desk.assistants.AssistantDesk`."""
        await self._thread.call(lambda desk: desk.assistants.interrupt(conversation_id))

    async def answer_proposal(self, proposal_id: str, *, confirmed: bool) -> Proposal:
        """See `engine.desk.assistants.AssistantDesk`."""
        return await self._thread.call(
            lambda desk: desk.assistants.answer_proposal(proposal_id, confirmed=confirmed)
        )

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        """See `engine.desk.assistants.AssistantDesk`."""
        return await self._thread.call(lambda desk: desk.assistants.rename(conversation_id, title))

    async def delete(self, conversation_id: str) -> None:
        """See `engine.desk.assistants.AssistantDesk`."""
        await self._thread.call(lambda desk: desk.assistants.delete(conversation_id))
