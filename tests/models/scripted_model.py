"""A language model that says what a test wrote: replies from a list, or from a function of the request.

`ScriptedModel(reply, reply, …)` gives each in turn and the last one for all that follow;
`ScriptedModel(answer=f)` asks `f(request)`. A reply is a text (the content), a whole `ModelReply`, or an
error to raise. Every request is kept in `requests`. `ScriptedModels` hands one model out for every
connection and keeps what was asked for in `asked`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.errors import NotFound
from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.model.language_model import CallPurpose, TokenUsage

Scripted = str | ModelReply | Exception
"""What one call comes to."""

_PIECE = 16


def reply(
    content: str,
    *,
    reasoning: str = "",
    tokens: tuple[int, int] = (100, 20),
    cost_usd: Decimal | None = None,
    finish_reason: str = "stop",
) -> ModelReply:
    """Return a whole answer with its figures; `tokens` are those of the prompt and of the answer."""
    return ModelReply(
        content=content,
        reasoning=reasoning,
        usage=TokenUsage(input=tokens[0], output=tokens[1]),
        cost_usd=cost_usd,
        finish_reason=finish_reason,
    )


class ScriptedModel(LanguageModel):
    """Answers as told, streaming to the listeners in small pieces; never touches a network.

    Where `released` is given, each call waits for it first, so that a test can hold one under way.
    """

    def __init__(
        self,
        *replies: Scripted,
        answer: Callable[[ModelRequest], Scripted] | None = None,
        released: asyncio.Event | None = None,
    ) -> None:
        if not replies and answer is None:
            raise ValueError("a scripted model needs replies or an answer")
        self._replies = replies
        self._answer = answer
        self._released = released
        self.requests: list[ModelRequest] = []

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        self.requests.append(request)
        if self._released is not None:
            await self._released.wait()
        await asyncio.sleep(0)
        scripted = self._next(request)
        if isinstance(scripted, Exception):
            raise scripted
        said = reply(scripted) if isinstance(scripted, str) else scripted
        for listener, text in ((on_reasoning, said.reasoning), (on_content, said.content)):
            for start in range(0, len(text), _PIECE):
                listener(text[start : start + _PIECE])
        if said.body:
            return said
        return msgspec.structs.replace(said, body=msgspec.json.encode(request).decode())

    def _next(self, request: ModelRequest) -> Scripted:
        if self._answer is not None:
            return self._answer(request)
        return self._replies[min(len(self.requests), len(self._replies)) - 1]


class ScriptedModels:
    """A `ModelSource` of one model; `problem` is what `why_not` says, `missing` the ids there are not."""

    def __init__(
        self, model: LanguageModel, *, problem: str = "", missing: frozenset[int] = frozenset()
    ) -> None:
        self._model = model
        self._missing = missing
        self.problem = problem
        self.asked: list[tuple[int, CallPurpose, int, str]] = []

    def model_for(
        self, connection_id: int, *, purpose: CallPurpose, trader_id: int = 0, subject: str = ""
    ) -> LanguageModel:
        if connection_id in self._missing:
            raise NotFound(f"connection_id: there is no connection {connection_id}")
        self.asked.append((connection_id, purpose, trader_id, subject))
        return self._model

    def why_not(self, connection_id: int, trader_id: int = 0) -> str:
        return self.problem
