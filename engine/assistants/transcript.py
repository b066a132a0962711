"""A conversation while it is in use: what is said is numbered, stored and told to whoever looks on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from engine.clock import Clock
from engine.model.assistant import (
    AssistantEvent,
    Conversation,
    ConversationMessage,
    Proposal,
    Role,
    TurnStage,
)
from engine.model.event import Topic
from engine.streams import Bus
from engine.trading.journal import DeskJournal

CUT_OFF = "the desk ended while it was answering"


class Transcript:
    """The messages of one conversation, oldest first.

    `keep` takes the conversation's own line each time it changes.
    """

    def __init__(
        self,
        conversation: Conversation,
        messages: Iterable[ConversationMessage],
        *,
        keep: Callable[[Conversation], None],
        journal: DeskJournal,
        clock: Clock,
        bus: Bus,
    ) -> None:
        self.conversation = conversation
        self._messages = list(messages)
        self._keep = keep
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._events = 0

    @property
    def messages(self) -> tuple[ConversationMessage, ...]:
        """Everything said so far."""
        return tuple(self._messages)

    @property
    def next_number(self) -> int:
        """The number of the next message."""
        return len(self._messages) + 1

    @property
    def now_ms(self) -> int:
        """The time a message would carry now."""
        return self._clock.now_ms()

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return self._clock.monotonic()

    def prepared(self, role: Role, text: str, **fields: Any) -> ConversationMessage:
        """Return the next message without keeping it; its text is safe to show already."""
        return ConversationMessage(
            conversation_id=self.conversation.conversation_id,
            number=self.next_number,
            role=role,
            text=text,
            created_ms=self.now_ms,
            **fields,
        )

    def with_message(
        self, conversation: Conversation, message: ConversationMessage, cost_usd: Decimal | None = None
    ) -> Conversation:
        """Return a line of this conversation as it is once a message is kept."""
        return msgspec.structs.replace(
            conversation,
            updated_ms=message.created_ms,
            message_count=message.number,
            tokens=conversation.tokens + message.usage.total,
            cost_usd=conversation.cost_usd + (cost_usd or Decimal(0)),
        )

    def take(self, message: ConversationMessage, conversation: Conversation) -> None:
        """Keep a message that is stored already."""
        self._messages.append(message)
        self.change(conversation)

    def add(
        self, role: Role, text: str, cost_usd: Decimal | None = None, **fields: Any
    ) -> ConversationMessage:
        """Say and store one more message; return it."""
        message = self.prepared(role, text, **fields)
        conversation = self.with_message(self.conversation, message, cost_usd)
        self._journal.write(message, conversation)
        self.take(message, conversation)
        return message

    def change(self, conversation: Conversation) -> None:
        """Take the conversation's changed line."""
        self.conversation = conversation
        self._keep(conversation)

    def close_unfinished(self, *, waits: bool) -> None:
        """Say so where a former desk ended in the middle of an answer.

        Where a proposal `waits` for a person there was none: the turn was over.
        """
        last = self._messages[-1] if self._messages else None
        if waits or last is None or (last.role is Role.ASSISTANT and not last.tool_calls):
            return
        self.add(Role.ASSISTANT, "", interrupted=True, error=CUT_OFF)

    def tell(
        self,
        stage: TurnStage,
        delta: str = "",
        message: ConversationMessage | None = None,
        proposal: Proposal | None = None,
    ) -> None:
        """Publish a piece of a turn."""
        self._events += 1
        self._bus.publish_edge(
            Topic.ASSISTANTS,
            AssistantEvent(
                conversation_id=self.conversation.conversation_id,
                stage=stage,
                seq=self._events,
                delta=delta,
                message=message,
                proposal=proposal,
            ),
        )
