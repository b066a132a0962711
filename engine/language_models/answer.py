"""An answer as it streams in: pieces are added up, and it counts only when it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec

from engine.errors import ModelFailed, ReplyUnusable
from engine.language_models.base import AskedTool, DeltaListener
from engine.language_models.faults import ModelFault, fault_in_stream, read_error
from engine.language_models.wire import (
    DONE,
    Choice,
    Chunk,
    Count,
    Delta,
    ToolCallDelta,
    ToolFunction,
    Usage,
)
from engine.model.language_model import TokenUsage
from engine.text import safe_line

MAX_REPLY_CHARACTERS = 500_000
"""Longest content, reasoning and tool calls together."""

MAX_TOOL_CALLS = 64
MAX_TOOL_NAME = 256

MAX_TOKENS = 10**9
MAX_CHARGE_USD = 10_000.0
"""What no call can have taken: a server that says so, or less than nothing, has not counted."""

_WHOLE = {"stop": "stop", "tool_calls": "tool_calls", "function_call": "tool_calls"}
_CUT_OFF = frozenset({"length", "max_tokens"})

Failure = Callable[[ModelFault, str], ModelFailed | ReplyUnusable]
"""Makes the error of a fault from what exactly happened."""


class _ToolCall:
    def __init__(self) -> None:
        self.call_id = ""
        self.name = ""
        self.arguments: list[str] = []


class StreamedAnswer:
    """Adds up the events of one stream.

    `excerpt` turns raw bytes of the server into the short safe text an error may quote.
    """

    def __init__(
        self,
        on_reasoning: DeltaListener,
        on_content: DeltaListener,
        excerpt: Callable[[bytes], str],
        failure: Failure,
    ) -> None:
        self._excerpt = excerpt
        self._failure = failure
        self._on_content = on_content
        self._on_reasoning = on_reasoning
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: list[_ToolCall] = []
        self._by_index: dict[int, _ToolCall] = {}
        self._usage: Usage | None = None
        self.finish_reason = ""
        self.characters = 0

    @property
    def content(self) -> str:
        """The answer so far."""
        return "".join(self._content)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return "".join(self._reasoning)

    @property
    def tool_calls(self) -> tuple[AskedTool, ...]:
        """The tool calls so far."""
        return tuple(
            AskedTool(call_id=call.call_id, name=call.name, arguments="".join(call.arguments))
            for call in self._tool_calls
        )

    @property
    def usage(self) -> TokenUsage | None:
        """What the server counted, None where it did not.

        Some leave what the model thought out of `completion_tokens`, but not out of the total.
        """
        counted = self._usage
        if counted is None:
            return None
        prompt, completion = _tokens(counted.prompt_tokens), _tokens(counted.completion_tokens)
        if not (prompt or completion):
            return None
        details = counted.prompt_tokens_details
        cached = _tokens(counted.prompt_cache_hit_tokens or (details.cached_tokens if details else None))
        thought = counted.completion_tokens_details
        return TokenUsage(
            input=prompt,
            output=max(completion, _tokens(counted.total_tokens) - prompt),
            cached=min(cached, prompt),
            reasoning=_tokens(thought.reasoning_tokens if thought else None),
        )

    @property
    def charged_usd(self) -> float | None:
        """What a gateway says the call cost, None where it does not say."""
        charged = None if self._usage is None else self._usage.cost
        return charged if charged is not None and 0 <= charged <= MAX_CHARGE_USD else None

    def take(self, event: bytes) -> bool:
        """Add one event; return whether it was the last one.

        Raises `ReplyUnusable` when the answer is too long or did not come to its own end, and
        `ModelFailed` when the event is not JSON or reports an error.
        """
        if event == DONE:
            self._check_finished()
            return True
        try:
            chunk = msgspec.json.decode(event, type=Chunk)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            what = f"a chunk of the stream is not a valid JSON chunk: “{self._excerpt(event)}”"
            raise self._failure(ModelFault.BROKEN_STREAM, what) from error
        if bytes(chunk.error) != b"null":
            said = read_error(bytes(chunk.error))
            what = f"the reply broke off with an error: {self._excerpt(bytes(chunk.error))}"
            raise self._failure(fault_in_stream(said), what)
        self._add(chunk)
        return False

    def _add(self, chunk: Chunk) -> None:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            usage = msgspec.json.decode(chunk.usage, type=Usage | None, strict=False)
            self._usage = usage or self._usage
        for choice in (chunk.choices or ())[:1]:
            self._add_choice(choice)

    def _add_choice(self, choice: Choice) -> None:
        delta = choice.delta or Delta()
        reasoning, content = delta.texts
        self._count(len(reasoning) + len(content))
        if reasoning:
            self._reasoning.append(reasoning)
            self._on_reasoning(reasoning)
        if content:
            self._content.append(content)
            self._on_content(content)
        for call in delta.tool_calls or ():
            self._add_tool_call(call)
        if delta.refusal:
            raise self._failure(ModelFault.FILTERED, f"the model refused: {safe_line(delta.refusal, 200)}")
        self.finish_reason = choice.finish_reason or self.finish_reason

    def _add_tool_call(self, piece: ToolCallDelta) -> None:
        index = len(self._tool_calls) if piece.index is None else piece.index
        call = self._by_index.get(index)
        # Some servers give every call the index 0: an id of its own begins another one.
        if call is None or (piece.id and call.call_id and piece.id != call.call_id):
            call = self._by_index[index] = _ToolCall()
            self._tool_calls.append(call)
            if len(self._tool_calls) > MAX_TOOL_CALLS:
                raise self._failure(ModelFault.TOO_LONG, f"more than {MAX_TOOL_CALLS} tool calls")
        function = piece.function or ToolFunction()
        arguments = function.arguments or ""
        self._count(len(arguments) + len(function.name or ""))
        call.call_id = piece.id or call.call_id
        call.name += function.name or ""
        if len(call.name) > MAX_TOOL_NAME:
            raise self._failure(ModelFault.TOO_LONG, f"a tool's name of more than {MAX_TOOL_NAME} characters")
        call.arguments.append(arguments)

    def _count(self, characters: int) -> None:
        self.characters += characters
        if self.characters > MAX_REPLY_CHARACTERS:
            raise self._failure(ModelFault.TOO_LONG, f"longer than {MAX_REPLY_CHARACTERS} characters")

    def _check_finished(self) -> None:
        reason = self.finish_reason
        if reason in _WHOLE:
            self.finish_reason = "tool_calls" if self._tool_calls else _WHOLE[reason]
            return
        named = f"finish_reason is {safe_line(reason or 'missing', 60)}"
        if reason in _CUT_OFF:
            raise self._failure(ModelFault.CUT_OFF, named)
        if reason.startswith("content_filter"):
            raise self._failure(ModelFault.FILTERED, named)
        if reason == "insufficient_system_resource":
            raise self._failure(ModelFault.SERVER, named)
        raise self._failure(ModelFault.CUT_OFF, f"{named}, not stop: the reply did not end by itself")


def _tokens(count: Count) -> int:
    """Return a count of tokens, 0 where there is none or none that can be true."""
    return int(count) if count is not None and 0 <= count <= MAX_TOKENS else 0
