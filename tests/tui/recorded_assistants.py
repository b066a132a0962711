"""The recorded desk's assistants: three conversations and two proposals with fixed values.

Commands change the tables, are noted in `calls`, and raise what a test set as failure. What an assistant
says a test tells itself, through `tell`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.errors import Conflict, NotFound
from engine.model.assistant import (
    AssistantEvent,
    AssistantKind,
    Conversation,
    ConversationMessage,
    Proposal,
    ProposalStatus,
    Role,
    ToolCall,
    ToolInfo,
    TurnStage,
)
from engine.model.event import Edge, Topic
from engine.model.language_model import TokenUsage

NOW_MS = 1_772_373_807_000
MINUTE = 60_000
PROMPT_CHAT, RESULTS_CHAT, OLD_CHAT = "chat-0003", "chat-0002", "chat-0001"

CONVERSATIONS = (
    Conversation(
        conversation_id=PROMPT_CHAT,
        kind=AssistantKind.PROMPT,
        title="Calmer entries [/foo]",
        connection_id=1,
        model="gpt-5-mini",
        subject="2",
        updated_ms=NOW_MS - MINUTE,
        message_count=4,
        cost_usd=Decimal("0.0213"),
    ),
    Conversation(
        conversation_id=RESULTS_CHAT,
        kind=AssistantKind.ATTRIBUTION,
        title="Where the fees went",
        connection_id=3,
        model="qwen3",
        updated_ms=NOW_MS - 30 * MINUTE,
        message_count=2,
    ),
    Conversation(
        conversation_id=OLD_CHAT,
        kind=AssistantKind.DESK,
        title="First look",
        connection_id=2,
        model="deepseek-chat",
        updated_ms=NOW_MS - 3_000 * MINUTE,
        message_count=1,
    ),
)
READ_CALL = ToolCall(
    call_id="call-1", tool="get_trader_details", arguments='{"trader": "Momentum", "note": "\\u001b[31mred"}'
)
WRITE_CALL = ToolCall(call_id="proposal-1", tool="suggest_apply_prompt", arguments='{"prompt_id": 2}')


def message(conversation_id: str, number: int, role: Role, text: str, **fields: Any) -> ConversationMessage:
    return ConversationMessage(
        conversation_id=conversation_id,
        number=number,
        role=role,
        text=text,
        created_ms=NOW_MS - (10 - number) * MINUTE,
        **fields,
    )


MESSAGES = (
    message(PROMPT_CHAT, 1, Role.USER, "Momentum enters too often.\nMake its prompt calmer."),
    message(
        PROMPT_CHAT,
        2,
        Role.ASSISTANT,
        "I look at the trader first.",
        reasoning="The person wants fewer entries. Its prompt decides that.",
        tool_calls=(READ_CALL,),
        usage=TokenUsage(input=1_840, output=112),
    ),
    message(
        PROMPT_CHAT,
        3,
        Role.TOOL,
        "Momentum: 40 decisions today, 31 entries, fees 18.40 USD",
        tool="get_trader_details",
        answers="call-1",
    ),
    message(
        PROMPT_CHAT,
        4,
        Role.ASSISTANT,
        "31 of 40 decisions entered. I propose to ask for two agreeing periods.",
        tool_calls=(WRITE_CALL,),
    ),
    message(RESULTS_CHAT, 1, Role.USER, "Where did the fees go?"),
    message(RESULTS_CHAT, 2, Role.ASSISTANT, "Most of them to BTC, in entries that were closed at once."),
    message(OLD_CHAT, 1, Role.USER, "What is this?"),
    message(
        OLD_CHAT,
        2,
        Role.ASSISTANT,
        "It is a",
        interrupted=True,
        error="the desk ended while it was answering",
    ),
)
PROPOSALS = (
    Proposal(
        proposal_id="proposal-1",
        conversation_id=PROMPT_CHAT,
        tool="suggest_apply_prompt",
        arguments=WRITE_CALL.arguments,
        summary="Keep prompt Momentum [/foo] as version 4 with another text.",
        before="{market_prices}\nEnter when momentum is up.\n{output_format}\n",
        after="{market_prices}\nEnter when momentum is up on 15m and 1h.\nElse hold.\n{output_format}\n",
    ),
    Proposal(
        proposal_id="proposal-2",
        conversation_id=PROMPT_CHAT,
        tool="bind_prompt",
        arguments='{"trader_id": 2, "why": "\\u001b]0;title\\u0007calm"}',
        summary="Bind trader Momentum to prompt Momentum [/foo].",
    ),
)


class RecordedAssistants:
    """An `AssistantDesk` over fixed values; `publish` is the desk's."""

    def __init__(self, note: Callable[..., None], publish: Callable[[Topic, Edge], None]) -> None:
        self._note: Callable[..., Any] = note
        self._publish = publish
        self._seq: dict[str, int] = {}
        self.conversation_list: tuple[Conversation, ...] = CONVERSATIONS
        self.message_list: tuple[ConversationMessage, ...] = MESSAGES
        self.proposal_list: tuple[Proposal, ...] = PROPOSALS

    def tell(
        self,
        conversation_id: str,
        stage: TurnStage,
        delta: str = "",
        said: ConversationMessage | None = None,
        proposal: Proposal | None = None,
    ) -> None:
        """Publish a piece of a turn; what is said whole is kept."""
        if said is not None:
            self.message_list = (*self.message_list, said)
        self._seq[conversation_id] = self._seq.get(conversation_id, 0) + 1
        event = AssistantEvent(
            conversation_id=conversation_id,
            stage=stage,
            seq=self._seq[conversation_id],
            delta=delta,
            message=said,
            proposal=proposal,
        )
        self._publish(Topic.ASSISTANTS, event)

    def conversations(self) -> tuple[Conversation, ...]:
        return self.conversation_list

    def proposals(self) -> tuple[Proposal, ...]:
        return self.proposal_list

    def tools(self, kind: AssistantKind) -> tuple[ToolInfo, ...]:
        info = ToolInfo(name="get_trader_details", meaning="One trader.", writes=False, kinds=(kind,))
        return (info, msgspec.structs.replace(info, name="suggest_apply_prompt", writes=True))

    async def messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        self._conversation(conversation_id)
        return tuple(item for item in self.message_list if item.conversation_id == conversation_id)

    async def begin(
        self, kind: AssistantKind, connection_id: int, model: str, *, subject: str = "", title: str = ""
    ) -> Conversation:
        self._note("begin_conversation", kind, connection_id, model, subject, title)
        begun = Conversation(
            conversation_id=f"chat-{len(self.conversation_list) + 1:04}",
            kind=kind,
            title=title,
            connection_id=connection_id,
            model=model,
            subject=subject,
            updated_ms=NOW_MS,
        )
        self.conversation_list = (begun, *self.conversation_list)
        return begun

    async def say(self, conversation_id: str, text: str) -> ConversationMessage:
        self._note("say", conversation_id, text)
        number = 1 + len(await self.messages(conversation_id))
        said = message(conversation_id, number, Role.USER, text)
        self.tell(conversation_id, TurnStage.STARTED, said=said)
        return said

    async def interrupt(self, conversation_id: str) -> None:
        self._note("interrupt", conversation_id)
        number = 1 + len(await self.messages(conversation_id))
        cut = message(conversation_id, number, Role.ASSISTANT, "Half an", interrupted=True)
        self.tell(conversation_id, TurnStage.DONE, said=cut)

    async def answer_proposal(self, proposal_id: str, *, confirmed: bool) -> Proposal:
        self._note("answer_proposal", proposal_id, confirmed)
        waiting = next((item for item in self.proposal_list if item.proposal_id == proposal_id), None)
        if waiting is None:
            raise Conflict(f"proposal_id: {proposal_id} was answered already")
        settled = msgspec.structs.replace(
            waiting,
            status=ProposalStatus.CONFIRMED if confirmed else ProposalStatus.DECLINED,
            outcome="prompt Momentum is saved as version 4" if confirmed else "nothing was written",
        )
        self.proposal_list = tuple(item for item in self.proposal_list if item is not waiting)
        name = waiting.conversation_id
        number = 1 + len(await self.messages(name))
        text = f"{settled.status}: {settled.outcome}"
        result = message(name, number, Role.TOOL, text, tool=settled.tool, answers=proposal_id)
        self.tell(name, TurnStage.TOOL_RESULT, said=result, proposal=settled)
        return settled

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        self._note("rename", conversation_id, title)
        kept = msgspec.structs.replace(self._conversation(conversation_id), title=title)
        self._replace(conversation_id, (kept,))
        return kept

    async def delete(self, conversation_id: str) -> None:
        self._note("delete_conversation", conversation_id)
        self._conversation(conversation_id)
        self._replace(conversation_id, ())

    def _conversation(self, conversation_id: str) -> Conversation:
        for item in self.conversation_list:
            if item.conversation_id == conversation_id:
                return item
        raise NotFound(f"conversation: there is no {conversation_id}", field="conversation_id")

    def _replace(self, conversation_id: str, by: Sequence[Conversation]) -> None:
        others = tuple(item for item in self.conversation_list if item.conversation_id != conversation_id)
        self.conversation_list = (*by, *others)
