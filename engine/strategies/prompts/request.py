"""What a model is asked for a trader's decision, and how its answer is read: the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.errors import ReplyUnusable
from engine.language_models.base import Message, ModelReply, ModelRequest
from engine.model.account import TraderConfig
from engine.model.decision import Decision
from engine.strategies.decision import validate_decisions
from engine.strategies.prompts.schema import decision_schema


def decision_request(trader: TraderConfig, messages: tuple[Message, ...]) -> ModelRequest:
    """Return the request of a trader's decision, the same live, in a backtest and in a replay."""
    return ModelRequest(
        model=trader.model,
        messages=messages,
        json_schema=decision_schema(trader.symbols, trader.limits.max_leverage),
        temperature=trader.policy.temperature,
        max_output_tokens=trader.policy.max_output_tokens,
    )


def decisions_of(
    answer: ModelReply, trader: TraderConfig, marks: Mapping[str, Decimal]
) -> tuple[Decision, ...]:
    """Return what a whole answer decides for a trader; `marks` are the mark prices it was asked at.

    Raises `ReplyUnusable`, for tool calls too: none was offered.
    """
    if answer.tool_calls:
        raise ReplyUnusable("reply: tool calls are not allowed; allowed is one JSON document")
    return validate_decisions(
        answer.content, symbols=trader.symbols, max_leverage=trader.limits.max_leverage, marks=marks
    )
