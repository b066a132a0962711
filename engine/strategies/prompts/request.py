"""What a model is asked for a trader's decision: the messages, and how the trader wants it asked."""

from __future__ import annotations

from engine.language_models.base import Message, ModelRequest
from engine.model.account import TraderConfig
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
