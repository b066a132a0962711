"""The chat-completions protocol as values: what is asked, and the chunks an answer streams in.

Fields that no code here reads are ignored: vendors add their own to every object.
"""

from __future__ import annotations

import msgspec

DONE = b"[DONE]"
"""The data of the event that ends a stream."""


class ChatMessage(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: str
    content: str


class StreamOptions(msgspec.Struct, frozen=True):
    """What a stream should carry besides the text."""

    include_usage: bool = True


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of `POST /chat/completions`."""

    model: str
    messages: tuple[ChatMessage, ...]
    stream: bool = False
    stream_options: StreamOptions | None = None


class Delta(msgspec.Struct, frozen=True):
    """A piece of an answer.

    Reasoning comes under a name of the vendor's: `reasoning_content` (DeepSeek, Qwen, xAI),
    `reasoning` (gateways, Ollama), `thinking`. Some send one text under two of them.
    """

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    thinking: str | None = None

    @property
    def reasoning_text(self) -> str:
        """The reasoning under whichever name it came, once."""
        return self.reasoning_content or self.reasoning or self.thinking or ""


class Choice(msgspec.Struct, frozen=True):
    """One alternative answer; only the first, index 0, is ever asked for."""

    delta: Delta = Delta()
    finish_reason: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """How many tokens a call took."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None

    @property
    def total(self) -> int:
        """All tokens of the call, 0 when the server did not count."""
        if self.total_tokens is not None:
            return self.total_tokens
        return (self.prompt_tokens or 0) + (self.completion_tokens or 0)


class Chunk(msgspec.Struct, frozen=True):
    """One event of a streamed answer; `error` is set when the server fails in the middle."""

    choices: tuple[Choice, ...] | None = None
    usage: Usage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
