"""How large a prompt is to the model it would be sent to, and what sending it would cost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec

from engine.errors import NotFound
from engine.model.account import TraderConfig
from engine.model.language_model import ModelConnection, TokenUsage

type ConnectionOf = Callable[[int], ModelConnection]
"""Returns the connection of an id; raises `NotFound`."""


class PromptSize(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a prompt, who counted them, and what is known of the model; None is not known."""

    tokens: int
    counted_by: str
    context_window: int | None = None
    cost_usd: float | None = None


def prompt_size(text: str, trader: TraderConfig, connection_of: ConnectionOf) -> PromptSize:
    """Return the size of a prompt for a trader's model; the built-in rules model costs nothing."""
    from engine.language_models.prices import cost_of, facts_of
    from engine.language_models.tokens import count_tokens
    from engine.language_models.vendors import vendor_row

    tokens, counted_by = count_tokens(text, trader.model)
    if not trader.connection_id:
        return PromptSize(tokens=tokens, counted_by=counted_by, cost_usd=0.0)
    facts, cost = facts_of(trader.model), None
    with contextlib.suppress(NotFound):  # a preview is worth having without a price
        connection = connection_of(trader.connection_id)
        row = vendor_row(connection.vendor)
        cost = cost_of(TokenUsage(input=tokens), trader.model, connection, row)
    return PromptSize(
        tokens=tokens,
        counted_by=counted_by,
        context_window=None if facts is None else facts.context_window,
        cost_usd=None if cost is None else float(cost),
    )
