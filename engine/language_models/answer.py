"""An answer as it streams in: pieces are added up, and it counts only when it is whole."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.errors import ReplyUnusable, StrategyFailed
from engine.language_models.wire import DONE, Chunk
from engine.text import safe_line

MAX_REPLY_CHARACTERS = 500_000
"""Longest content and reasoning together."""

DeltaListener = Callable[[str], None]
"""Receives reasoning as it arrives, exactly as the server wrote it."""


class StreamedAnswer:
    """Adds up the events of one stream.

    `excerpt` turns raw bytes of the server into the short safe text an error may quote.
    """

    def __init__(self, on_reasoning: DeltaListener, excerpt: Callable[[bytes], str]) -> None:
        self._on_reasoning = on_reasoning
        self._excerpt = excerpt
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._finish_reason: str | None = None
        self.characters = 0
        self.tokens = 0

    @property
    def content(self) -> str:
        """The answer so far."""
        return "".join(self._content)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return "".join(self._reasoning)

    def take(self, event: bytes) -> bool:
        """Add one event; return whether it was the last one.

        Raises `ReplyUnusable` when the answer is too long or did not come to its own end, and
        `StrategyFailed` when the event is not JSON or reports an error.
        """
        if event == DONE:
            self._check_finished()
            return True
        try:
            chunk = msgspec.json.decode(event, type=Chunk)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise StrategyFailed(
                f"a chunk of the stream is not a valid JSON chunk: “{self._excerpt(event)}”"
            ) from error
        if bytes(chunk.error) != b"null":
            raise StrategyFailed(f"the reply broke off with an error: {self._excerpt(bytes(chunk.error))}")
        self._add(chunk)
        return False

    def _add(self, chunk: Chunk) -> None:
        if chunk.usage is not None:
            self.tokens = chunk.usage.total
        for choice in (chunk.choices or ())[:1]:
            reasoning, content = choice.delta.reasoning_text, choice.delta.content or ""
            self.characters += len(reasoning) + len(content)
            if self.characters > MAX_REPLY_CHARACTERS:
                raise ReplyUnusable(f"the reply is longer than {MAX_REPLY_CHARACTERS} characters")
            if reasoning:
                self._reasoning.append(reasoning)
                self._on_reasoning(reasoning)
            if content:
                self._content.append(content)
            self._finish_reason = choice.finish_reason or self._finish_reason

    def _check_finished(self) -> None:
        if self._finish_reason == "length":
            raise ReplyUnusable("the reply was cut off at the model's token limit (finish_reason length)")
        if self._finish_reason != "stop":
            reason = safe_line(self._finish_reason or "missing", 60)
            raise ReplyUnusable(f"the reply did not end by itself: finish_reason is {reason}, not stop")
