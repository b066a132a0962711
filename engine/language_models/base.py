"""What it is to ask a language model: the one interface between whoever asks and whatever answers.

Prompts, assistants, news and backtests see a `LanguageModel` and nothing behind it: not the key, the
address, the caps or the retries. A recorded reply stands in for a model by implementing the same.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.model.language_model import CallPurpose, TokenUsage

DeltaListener = Callable[[str], None]
"""Receives text as it arrives, exactly as the server wrote it: not yet safe to show."""


def ignore_delta(delta: str) -> None:
    """Listen to nothing."""


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool a model may call; `parameters` is a JSON schema as JSON text."""

    name: str
    description: str
    parameters: str


class AskedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call as a model wrote it; `arguments` is unchecked text."""

    call_id: str
    name: str
    arguments: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message for a model: `role` is system, user, assistant or tool.

    An assistant's may carry the tool calls it made, a tool's the `tool_call_id` it answers.
    """

    role: str
    content: str
    tool_calls: tuple[AskedTool, ...] = ()
    tool_call_id: str = ""


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a model answers; the key of the recorded-reply cache is made of it.

    `json_schema` (JSON text, empty for none) is sent as the vendor's table says: as a schema, as JSON mode
    or not at all; the reply is validated the same whatever was sent.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    json_schema: str = ""
    temperature: float | None = None
    max_output_tokens: int | None = None


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer: `finish_reason` was `stop` or `tool_calls`, and the stream came to its end.

    `content` and `reasoning` are exactly as written. `body` is the exact request body as JSON text.
    """

    content: str
    reasoning: str = ""
    tool_calls: tuple[AskedTool, ...] = ()
    usage: TokenUsage = TokenUsage()
    finish_reason: str = "stop"
    cost_usd: Decimal | None = None
    first_token_ms: int | None = None
    latency_ms: int = 0
    attempts: int = 1
    body: str = ""
    cached: bool = False


class LanguageModel(Protocol):
    """One model on one connection, asked on behalf of one trader or conversation."""

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        """Return the whole answer, streaming it to the listeners.

        Raises `ReplyUnusable` for an answer that was cut off (`finish_reason` is `length` or a filter),
        `DecisionRefused` where a cap is reached, `VaultLocked` without its key, and `ModelFailed` for
        everything else. Cancelling closes the connection and gives back the place in the queue.
        """
        ...


class ModelSource(Protocol):
    """Gives out models; everyone who asks one goes through this."""

    def model_for(
        self, connection_id: int, *, purpose: CallPurpose, trader_id: int = 0, subject: str = ""
    ) -> LanguageModel:
        """Return a model of a connection, on the account of a trader (0: of the desk) and a subject.

        Raises `NotFound` for a connection there is not.
        """
        ...

    def why_not(self, connection_id: int, trader_id: int = 0) -> str:
        """Return why a call would be refused at once (no key, vault closed, cap reached), or nothing."""
        ...
