"""Assistants: conversations with a model that helps to write and explain, and may only propose."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.language_model import TokenUsage


class AssistantKind(enum.StrEnum):
    """What an assistant is for, and so which tools it has."""

    DESK = "desk"
    PROGRAM = "program"
    PROMPT = "prompt"
    SIGNAL = "signal"
    ATTRIBUTION = "attribution"


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One chat; `conversation_id` is such as `chat-0007`.

    `subject` is what it is about: a program's, prompt's or pool's id as text, empty for none. A deleted
    one is kept and not listed.
    """

    conversation_id: str
    kind: AssistantKind
    title: str
    connection_id: int
    model: str
    subject: str = ""
    created_ms: int = 0
    updated_ms: int = 0
    message_count: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    deleted: bool = False


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool the model wants used; `arguments` is JSON text as the model wrote it."""

    call_id: str
    tool: str
    arguments: str


class Role(enum.StrEnum):
    """Who says a message."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class ConversationMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message, numbered from 1 within its conversation.

    An assistant's may ask for `tool_calls`; a tool's answers the call `answers` of the tool `tool`.
    `interrupted` marks a turn that was stopped or cut off: what is there of it. Texts are safe to show.
    """

    conversation_id: str
    number: int
    role: Role
    text: str
    created_ms: int
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool: str = ""
    answers: str = ""
    usage: TokenUsage = TokenUsage()
    interrupted: bool = False
    error: str = ""


class ProposalStatus(enum.StrEnum):
    """What became of something an assistant wants to write."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A write action that waits for a person; nothing is written before a person confirms it.

    `summary` says in one line what would be done, `before` and `after` are the texts to compare (a
    program's source, a prompt's text, a pool as JSON), `outcome` what came of it.
    """

    proposal_id: str
    conversation_id: str
    tool: str
    arguments: str
    summary: str
    before: str = ""
    after: str = ""
    status: ProposalStatus = ProposalStatus.WAITING
    outcome: str = ""
    created_ms: int = 0


class ToolInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One tool of an assistant; `writes` means that it only makes a proposal."""

    name: str
    meaning: str
    writes: bool
    kinds: tuple[AssistantKind, ...]


class TurnStage(enum.StrEnum):
    """What an `AssistantEvent` tells."""

    STARTED = "started"
    REASONING = "reasoning"
    TEXT = "text"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    PROPOSAL = "proposal"
    DONE = "done"
    FAILED = "failed"


class AssistantEvent(msgspec.Struct, frozen=True, kw_only=True, tag="assistant"):
    """A piece of a turn as it happens; `seq` counts a conversation's events from 1.

    `delta` is the piece of text or reasoning, or the reason of a failure; `message` and `proposal` come
    whole once they are.
    """

    conversation_id: str
    stage: TurnStage
    seq: int
    delta: str = ""
    message: ConversationMessage | None = None
    proposal: Proposal | None = None
