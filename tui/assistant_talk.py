"""A conversation as it is shown: what was said, what is being said, and both as blocks of a log. Pure.

Thoughts and tools are one line each while they are folded. A piece that streams stands where the
message it belongs to will stand, so that nothing moves when the whole of it arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from engine.model.assistant import (
    AssistantEvent,
    ConversationMessage,
    Proposal,
    ProposalStatus,
    Role,
    ToolCall,
    TurnStage,
)
from engine.text import count, safe_line, safe_text
from tui import format as fmt
from tui.widgets.log_text import LogBlock

MAX_ARGUMENTS = 8_000
MAX_GLIMPSE = 72
"""How much of a tool's answer a folded line shows."""
MISSED = "… "
"""Stands before a text whose beginning streamed before anybody looked on."""
NOT_YET = "not answered yet"
_STREAMED = frozenset({TurnStage.REASONING, TurnStage.TEXT})
_ENDS = frozenset({TurnStage.DONE, TurnStage.FAILED})


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation; `reasoning` and `text` are what streams now, `answered` the last settled proposal."""

    conversation_id: str
    messages: tuple[ConversationMessage, ...] = ()
    reasoning: str = ""
    text: str = ""
    is_answering: bool = False
    answered: Proposal | None = None
    seq: int = 0

    def read(self, messages: tuple[ConversationMessage, ...], *, waits: bool) -> Talk:
        """Return it with the messages as they are kept; `waits` where a proposal of it does."""
        kept = _merged(messages, self.messages)
        # Once the end of the turn was told it is over; before any event the last message tells.
        goes_on = self.is_answering if self.seq else _goes_on(kept) and not waits
        return msgspec.structs.replace(self, messages=kept, is_answering=goes_on)

    def told(self, event: AssistantEvent) -> Talk:
        """Return it after one more event; one that was taken in already changes nothing."""
        if event.seq <= self.seq:
            return self
        changes = {"reasoning": self.reasoning, "text": self.text}
        if event.stage in _STREAMED:
            name = event.stage.value
            is_seen = self.seq > 0 or bool(changes[name])
            changes[name] = (changes[name] if is_seen else MISSED) + event.delta
        elif event.stage is TurnStage.STARTED or (
            event.message is not None and event.message.role is Role.ASSISTANT
        ):
            changes = {"reasoning": "", "text": ""}
        messages = self.messages
        if event.message is not None:
            messages = _merged(messages, (event.message,))
        is_settled = event.proposal is not None and event.proposal.status is not ProposalStatus.WAITING
        return msgspec.structs.replace(
            self,
            messages=messages,
            reasoning=changes["reasoning"],
            text=changes["text"],
            is_answering=_answers_after(event, self.is_answering),
            answered=event.proposal if is_settled else self.answered,
            seq=event.seq,
        )


def _merged(
    messages: tuple[ConversationMessage, ...], later: tuple[ConversationMessage, ...]
) -> tuple[ConversationMessage, ...]:
    newest = {message.number: message for message in (*messages, *later)}
    return tuple(newest[number] for number in sorted(newest))


def _answers_after(event: AssistantEvent, before: bool) -> bool:
    if event.stage in _ENDS:
        return False
    is_of_a_proposal = event.proposal is not None
    return before if is_of_a_proposal else True


def _goes_on(messages: tuple[ConversationMessage, ...]) -> bool:
    last = messages[-1] if messages else None
    return last is not None and (last.role is not Role.ASSISTANT or bool(last.tool_calls))


def talk_blocks(talk: Talk, *, is_folded: bool) -> tuple[LogBlock, ...]:
    """Return the blocks of a conversation; a tool's answer stands in the block of its call."""
    answers = {message.answers: message for message in talk.messages if message.role is Role.TOOL}
    blocks = [
        block
        for message in talk.messages
        if message.role is not Role.TOOL
        for block in _message_blocks(message, answers, is_folded=is_folded)
    ]
    if talk.is_answering or talk.text or talk.reasoning:
        number = talk.messages[-1].number + 1 if talk.messages else 1
        blocks += _streaming_blocks(number, talk, is_folded=is_folded)
    return tuple(blocks)


def _message_blocks(
    message: ConversationMessage, answers: dict[str, ConversationMessage], *, is_folded: bool
) -> Iterator[LogBlock]:
    time = fmt.market_time(message.created_ms)
    if message.role is Role.USER:
        yield LogBlock(f"m{message.number}", f"▌ {time} you", message.text, header_role="header")
        return
    head = f"◆ {time} assistant"
    if message.usage.total:
        head += f" · {message.usage.total:,} tokens"
    yield LogBlock(f"m{message.number}", head, header_role="accent")
    if message.reasoning:
        yield _thought(message.number, message.reasoning, is_folded=is_folded)
    if message.text:
        yield LogBlock(f"m{message.number}:text", "", message.text, joins=True)
    for call in message.tool_calls:
        yield _call_block(call, answers.get(call.call_id), is_folded=is_folded)
    if message.interrupted or message.error:
        words = "✗ failed" if message.error and not message.interrupted else "✗ stopped here"
        yield LogBlock(f"m{message.number}:end", words, message.error, "danger", "danger", joins=True)


def _streaming_blocks(number: int, talk: Talk, *, is_folded: bool) -> Iterator[LogBlock]:
    yield LogBlock(f"m{number}", "◆ assistant · answering", header_role="accent")
    if talk.reasoning:
        yield _thought(number, talk.reasoning, is_folded=is_folded)
    if talk.text:
        yield LogBlock(f"m{number}:text", "", talk.text, joins=True)


def _thought(number: int, reasoning: str, *, is_folded: bool) -> LogBlock:
    mark, body = ("▸", "") if is_folded else ("▾", reasoning.strip("\n"))
    header = f"{mark} thought, {count(len(reasoning), 'character')}" if is_folded else f"{mark} thought"
    return LogBlock(f"m{number}:thought", header, body, "thought", "muted", joins=True)


def _call_block(call: ToolCall, answer: ConversationMessage | None, *, is_folded: bool) -> LogBlock:
    block_id = f"call:{call.call_id}"
    if is_folded:
        said = NOT_YET if answer is None else _glimpse(answer.text)
        return LogBlock(block_id, f"▸ {call.tool} · {said}", header_role="muted", joins=True)
    said = NOT_YET if answer is None else answer.text
    body = "\n".join((*argument_lines(call.arguments), f"→ {said}"))
    return LogBlock(block_id, f"▾ {call.tool}", body, "thought", "muted", joins=True)


def _glimpse(text: str) -> str:
    line = safe_line(text.strip(), 4 * MAX_GLIMPSE)
    return line if len(line) <= MAX_GLIMPSE else f"{line[: MAX_GLIMPSE - 1]}…"


def argument_lines(arguments: str) -> Iterable[str]:
    """Return a tool's arguments as lines `name: value`; what was escaped in the JSON is made safe again."""
    try:
        decoded = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return safe_text(arguments, MAX_ARGUMENTS).split("\n")
    if not isinstance(decoded, dict):
        return safe_text(str(decoded), MAX_ARGUMENTS).split("\n")
    return [
        line
        for name, value in decoded.items()
        for line in safe_text(f"{name}: {_plain(value)}", MAX_ARGUMENTS).split("\n")
    ]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
