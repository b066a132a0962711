"""Every conversation of the desk, checked before it is kept.

Pure: what is to be stored is returned. Deleted ones stay known, so that no id is given twice.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.errors import InvalidInput, NotFound
from engine.model.assistant import AssistantKind, Conversation
from engine.secrecy.redaction import redact
from engine.text import safe_line

MAX_TITLE = 80
MAX_MODEL = 200
_PREFIX = "chat-"

TITLES = {
    AssistantKind.DESK: "The desk",
    AssistantKind.PROGRAM: "Programs",
    AssistantKind.PROMPT: "Prompts",
    AssistantKind.SIGNAL: "Signals",
    AssistantKind.ATTRIBUTION: "Results",
}
"""What a conversation is called until something is said in it."""


class ConversationBook:
    """Conversations by id; any thread may read."""

    def __init__(self, conversations: Iterable[Conversation]) -> None:
        self._conversations = {each.conversation_id: each for each in conversations}

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        """Those that are not deleted, the one spoken in last first."""
        living = [each for each in tuple(self._conversations.values()) if not each.deleted]
        return tuple(sorted(living, key=lambda each: (each.updated_ms, each.conversation_id), reverse=True))

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation; raises `NotFound`."""
        found = self._conversations.get(conversation_id)
        if found is None or found.deleted:
            raise NotFound(
                f"conversation_id: there is no conversation {safe_line(conversation_id, 40)}",
                field="conversation_id",
            )
        return found

    def begun(
        self,
        kind: AssistantKind,
        connection_id: int,
        model: str,
        *,
        subject: str,
        title: str,
        now_ms: int,
    ) -> Conversation:
        """Return a new conversation without keeping it; raises `InvalidInput` for the model's name."""
        name = safe_line(model).strip()
        if len(name) > MAX_MODEL or (connection_id and not name):
            raise InvalidInput.of("model", repr(name[:40]), f"allowed are 1 to {MAX_MODEL} characters")
        numbers = [int(known.removeprefix(_PREFIX)) for known in self._conversations]
        return Conversation(
            conversation_id=f"{_PREFIX}{max(numbers, default=0) + 1:04}",
            kind=kind,
            title=_title(title) or TITLES[kind],
            connection_id=connection_id,
            model=name,
            subject=safe_line(subject, MAX_TITLE).strip(),
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def renamed(self, conversation_id: str, title: str) -> Conversation:
        """Return a conversation with another title; raises `NotFound`, or `InvalidInput` for none."""
        cleaned = _title(title)
        if not cleaned:
            raise InvalidInput.of("title", "''", f"allowed are 1 to {MAX_TITLE} characters")
        return msgspec.structs.replace(self.conversation(conversation_id), title=cleaned)

    def without(self, conversation_id: str) -> Conversation:
        """Return a conversation as it is once deleted; raises `NotFound`."""
        return msgspec.structs.replace(self.conversation(conversation_id), deleted=True)

    def keep(self, conversation: Conversation) -> None:
        """Keep what was prepared."""
        self._conversations[conversation.conversation_id] = conversation


def titled_by(conversation: Conversation, said: str) -> Conversation:
    """Return a conversation that nobody named, named by the first thing that is said in it."""
    if conversation.message_count or conversation.title != TITLES[conversation.kind]:
        return conversation
    return msgspec.structs.replace(conversation, title=_title(said))


def _title(text: str) -> str:
    return safe_line(redact(text), MAX_TITLE).strip()
