"""What a model is told of a conversation: its instructions, what was said, what its tools answered.

Everything a tool answered comes from outside the conversation (sources, news, other models' words), so it
stands in a fence that no text in it can close. A conversation that grows too long loses its oldest tool
answers first, then its oldest exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from engine.language_models.base import AskedTool, Message
from engine.model.assistant import AssistantKind, Conversation, ConversationMessage, Role

MAX_CONTEXT = 160_000
"""How long a conversation may be for a model, in characters: about 40,000 tokens."""

LEFT_OUT = "(left out, because the conversation is long; ask the tool again if you need it)"
WAITING = "It waits for the person to confirm or decline it; nothing has been written."
CUT_OFF = "There is no answer: the turn was stopped before the tool was done."

_INSTRUCTIONS = Path(__file__).parent / "instructions"
_FENCE = re.compile(r"<(?=\s*/?\s*desk_data)", re.IGNORECASE)


def context_of(
    conversation: Conversation,
    messages: Sequence[ConversationMessage],
    waiting: Collection[str],
    most: int = MAX_CONTEXT,
) -> tuple[Message, ...]:
    """Return a conversation for its model, at most about `most` characters long.

    `waiting` are the calls whose proposals wait for a person.
    """
    answers = {each.answers: each for each in messages if each.role is Role.TOOL}
    exchanges = [
        [turned for message in exchange for turned in _turned(message, answers, waiting)]
        for exchange in _exchanges(messages)
    ]
    return (Message(role="system", content=instructions(conversation)), *_fitting(exchanges, most))


def instructions(conversation: Conversation) -> str:
    """Return what the assistant of a conversation is told to be."""
    parts = [_text("common"), _text(conversation.kind.value)]
    if conversation.subject:
        parts.append(f"This conversation is about {_SUBJECTS[conversation.kind]} {conversation.subject}.")
    return "\n\n".join(parts)


def fenced(tool: str, text: str) -> str:
    """Return what a tool answered, marked as data; no text can close the mark."""
    return f'<desk_data tool="{tool}">\n{_FENCE.sub("‹", text)}\n</desk_data>'


_SUBJECTS = {
    AssistantKind.DESK: "trader",
    AssistantKind.PROGRAM: "program",
    AssistantKind.PROMPT: "prompt",
    AssistantKind.SIGNAL: "pool",
    AssistantKind.ATTRIBUTION: "trader",
}


@cache
def _text(name: str) -> str:
    return (_INSTRUCTIONS / f"{name}.md").read_text("utf-8").strip()


def _exchanges(messages: Iterable[ConversationMessage]) -> list[list[ConversationMessage]]:
    """Return what was said, parted before each thing a person says."""
    exchanges: list[list[ConversationMessage]] = []
    for message in messages:
        if message.role is Role.USER or not exchanges:
            exchanges.append([])
        exchanges[-1].append(message)
    return exchanges


def _turned(
    message: ConversationMessage, answers: dict[str, ConversationMessage], waiting: Collection[str]
) -> list[Message]:
    """Return a message for the model; every call is followed at once by its answer, as models demand."""
    if message.role is Role.USER:
        return [Message(role="user", content=message.text)]
    if message.role is Role.TOOL or not (message.text or message.tool_calls):
        return []
    calls = tuple(
        AskedTool(call_id=call.call_id, name=call.tool, arguments=_object(call.arguments))
        for call in message.tool_calls
    )
    said = Message(role="assistant", content=message.text, tool_calls=calls)
    return [said, *(_answer(call, answers.get(call.call_id), waiting) for call in calls)]


def _answer(call: AskedTool, answer: ConversationMessage | None, waiting: Collection[str]) -> Message:
    if answer is not None:
        content = fenced(call.name, answer.text)
    else:
        content = WAITING if call.call_id in waiting else CUT_OFF
    return Message(role="tool", content=content, tool_call_id=call.call_id)


def _object(arguments: str) -> str:
    """Return arguments that are a JSON object as they are, and anything else as an empty one.

    Servers refuse a whole conversation for one call that is no JSON.
    """
    try:
        is_object = isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, RecursionError):
        is_object = False
    return arguments if is_object else "{}"


def _fitting(exchanges: list[list[Message]], most: int) -> list[Message]:
    excess = sum(map(_size, (message for exchange in exchanges for message in exchange))) - most
    for exchange in exchanges:
        newest = max((place for place, each in enumerate(exchange) if each.tool_calls), default=0)
        for place, message in enumerate(exchange):
            is_last = exchange is exchanges[-1] and place > newest
            if excess <= 0 or message.role != "tool" or is_last or len(message.content) <= len(LEFT_OUT):
                continue
            exchange[place] = msgspec.structs.replace(message, content=LEFT_OUT)
            excess -= len(message.content) - len(LEFT_OUT)
    while excess > 0 and len(exchanges) > 1:
        excess -= sum(map(_size, exchanges.pop(0)))
    return [message for exchange in exchanges for message in exchange]


def _size(message: Message) -> int:
    return len(message.content) + sum(len(call.arguments) for call in message.tool_calls)
