"""The chat-completions protocol as values: what is asked, and the chunks an answer streams in.

Fields that no code here reads are ignored: vendors add their own to every object.
"""

from __future__ import annotations

from typing import Any

import msgspec

DONE = b"[DONE]"
"""The data of the event that ends a stream."""

MAX_NESTING = 8


class ChatMessage(msgspec.Struct, frozen=True):
    """One message of a conversation, as the built-in rules model reads it."""

    role: str
    content: str


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /chat/completions`, as the built-in rules model reads it."""

    model: str
    messages: tuple[ChatMessage, ...]
    stream: bool = False


class ToolFunction(msgspec.Struct, frozen=True):
    """A piece of a tool call: the name comes once, the arguments in pieces."""

    name: str | None = None
    arguments: str | None = None


class ToolCallDelta(msgspec.Struct, frozen=True):
    """A piece of one of an answer's tool calls."""

    index: int | None = None
    id: str | None = None
    function: ToolFunction | None = None


class GoogleContent(msgspec.Struct, frozen=True):
    """What Gemini says of a piece: whether its content is a thought."""

    thought: bool = False


class ExtraContent(msgspec.Struct, frozen=True):
    """What vendors add to a piece under a name of their own."""

    google: GoogleContent | None = None


class Delta(msgspec.Struct, frozen=True):
    """A piece of an answer.

    Reasoning comes under a name of the vendor's: `reasoning_content` (DeepSeek, Qwen, xAI),
    `reasoning` (gateways, Ollama), `reasoning_summary`, `thinking`, as `reasoning_details` or
    `thinking_blocks` (gateways), as content marked as a thought (Gemini), or as a part of type
    `thinking` of a content that is a list (Mistral). Some send one text under two of them: it counts
    once.
    """

    content: Any = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_text: Any = None
    reasoning_summary: Any = None
    thinking: Any = None
    reasoning_details: Any = None
    thinking_blocks: Any = None
    extra_content: ExtraContent | None = None
    tool_calls: tuple[ToolCallDelta, ...] | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """The piece's reasoning and its content."""
        content, thought = _spoken(self.content), _thought(self.content)
        google = self.extra_content.google if self.extra_content else None
        if content and google and google.thought:
            return content, ""
        return self._reasoning() or thought, content

    def _reasoning(self) -> str:
        for field in (
            self.reasoning_content,
            self.reasoning,
            self.reasoning_text,
            self.reasoning_summary,
            self.thinking,
            self.reasoning_details,
            self.thinking_blocks,
        ):
            # Most pieces have none of them, and there are thousands a second.
            if field and (text := _any_text(field)):
                return text
        return ""


class Choice(msgspec.Struct, frozen=True):
    """One alternative answer; only the first, index 0, is ever asked for."""

    delta: Delta | None = None
    finish_reason: str | None = None


Count = int | float | None
"""How many tokens, as servers write it: not always a whole number, nor a possible one."""


class PromptDetails(msgspec.Struct, frozen=True):
    """What the tokens of a prompt were."""

    cached_tokens: Count = None


class CompletionDetails(msgspec.Struct, frozen=True):
    """What the tokens of an answer were."""

    reasoning_tokens: Count = None


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many tokens a call took; DeepSeek counts what it had cached in a field of its own.

    `cost` is what a gateway charged, in USD.
    """

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: Count = None
    cost: float | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of a streamed answer; `error` is set when the server fails in the middle.

    `usage` is a `Usage` or whatever a server counts in: an answer is none the worse for it.
    """

    choices: tuple[Choice, ...] | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")


def _spoken(content: object) -> str:
    """Return the text of a content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(_any_text(part) for part in content if not _is_thought(part))


def _thought(content: object) -> str:
    if not isinstance(content, list):
        return ""
    return "".join(_any_text(part) for part in content if _is_thought(part))


def _is_thought(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in ("thinking", "reasoning")


def _any_text(value: object, depth: int = 0) -> str:
    """Return the text of a value in any of the shapes vendors give it: text, list, or object with one."""
    if isinstance(value, str):
        return value
    if depth == MAX_NESTING:
        return ""
    if isinstance(value, list):
        return "".join(_any_text(each, depth + 1) for each in value)
    if isinstance(value, dict):
        found = (value.get(name) for name in ("text", "thinking", "summary", "content"))
        return next((text for each in found if (text := _any_text(each, depth + 1))), "")
    return ""
