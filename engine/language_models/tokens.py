"""How many tokens a text is, estimated: every vendor cuts text in its own way, and none can be asked."""

from __future__ import annotations

from engine.language_models.base import ModelRequest
from engine.model.language_model import TokenUsage

COUNTED_BY = "estimate"

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"
_SPACES = b" \t\r"
_BEYOND_ASCII = bytes(range(128, 256))

# Of English prose and JSON cut by byte-pair encodings of about 100,000 to 200,000 tokens: a word is 1.3
# tokens, its space part of it; up to three digits are one token; signs often come in pairs.
_PER_LETTER = 1 / 3.7
_PER_DIGIT = 1 / 2.0
_PER_SPACE = 1 / 20.0
_PER_SIGN = 1 / 1.6
_PER_BYTE_BEYOND_ASCII = 1 / 2.8

_PER_MESSAGE = 4


def count_tokens(text: str, model: str = "") -> tuple[int, str]:
    """Return about how many tokens a text is to `model`, and who counted: always an estimate.

    It is usually within a quarter of the vendor's count. The same for every model.
    """
    return _estimate(text), COUNTED_BY


def request_tokens(request: ModelRequest) -> int:
    """Return about how many tokens a request's messages, tools and schema are."""
    texts = [request.json_schema]
    for message in request.messages:
        texts += [message.content, *(call.name + call.arguments for call in message.tool_calls)]
    texts += [tool.name + tool.description + tool.parameters for tool in request.tools]
    return sum(map(_estimate, texts)) + _PER_MESSAGE * len(request.messages)


def estimated_usage(request: ModelRequest, content: str, reasoning: str) -> TokenUsage:
    """Return what a call took, for a server that does not count."""
    thought = _estimate(reasoning)
    return TokenUsage(
        input=request_tokens(request),
        output=_estimate(content) + thought,
        reasoning=thought,
        is_estimate=True,
    )


def _estimate(text: str) -> int:
    if not text:
        return 0
    raw = text.encode(errors="replace")
    rest = len(raw)
    tokens = 0.0
    for kind, each in (
        (_LETTERS, _PER_LETTER),
        (_DIGITS, _PER_DIGIT),
        (_SPACES, _PER_SPACE),
        (_BEYOND_ASCII, _PER_BYTE_BEYOND_ASCII),
    ):
        count = len(raw) - len(raw.translate(None, kind))
        rest -= count
        tokens += count * each
    return max(1, round(tokens + rest * _PER_SIGN))
