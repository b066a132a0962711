"""What models cost, how much they can read and until when they were trained, as their vendors publish it.

Prices are USD for a million tokens, as listed in November 2025; a connection's own prices go before them.
A name counts for a model and its dated and variant names, `gpt-4o` for `gpt-4o-2024-08-06`, the longest
one that fits; `gpt-5` says nothing of `gpt-5.9`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.language_models.vendors import VendorRow, bare_name
from engine.model.language_model import ModelConnection, TokenUsage

_MILLION = Decimal(1_000_000)


class ModelFacts(msgspec.Struct, frozen=True):
    """What is known of a model; `context_window` in tokens, `trained_until` as `YYYY-MM`.

    `cached_price` is that of input the vendor still had.
    """

    name: str
    input_price: Decimal
    cached_price: Decimal
    output_price: Decimal
    context_window: int
    trained_until: str


def _row(name: str, prices: str, context_window: int, trained_until: str) -> ModelFacts:
    fresh, cached, answered = (Decimal(price) for price in prices.split())
    return ModelFacts(name, fresh, cached, answered, context_window, trained_until)


MODELS = {
    facts.name: facts
    for facts in (
        #    name                 input, cached, output     context    training
        _row("gpt-5.1", "1.25 0.125 10", 400_000, "2024-09"),
        _row("gpt-5", "1.25 0.125 10", 400_000, "2024-09"),
        _row("gpt-5-mini", "0.25 0.025 2", 400_000, "2024-05"),
        _row("gpt-5-nano", "0.05 0.005 0.4", 400_000, "2024-05"),
        _row("gpt-5-pro", "15 15 120", 400_000, "2024-09"),
        _row("gpt-4.1", "2 0.5 8", 1_047_576, "2024-06"),
        _row("gpt-4.1-mini", "0.4 0.1 1.6", 1_047_576, "2024-06"),
        _row("gpt-4.1-nano", "0.1 0.025 0.4", 1_047_576, "2024-06"),
        _row("gpt-4o", "2.5 1.25 10", 128_000, "2023-10"),
        _row("gpt-4o-mini", "0.15 0.075 0.6", 128_000, "2023-10"),
        _row("gpt-4-turbo", "10 10 30", 128_000, "2023-12"),
        _row("gpt-3.5-turbo", "0.5 0.5 1.5", 16_385, "2021-09"),
        _row("o1", "15 7.5 60", 200_000, "2023-10"),
        _row("o1-pro", "150 150 600", 200_000, "2023-10"),
        _row("o1-mini", "1.1 0.55 4.4", 128_000, "2023-10"),
        _row("o3", "2 0.5 8", 200_000, "2024-06"),
        _row("o3-pro", "20 20 80", 200_000, "2024-06"),
        _row("o3-deep-research", "10 2.5 40", 200_000, "2024-06"),
        _row("o3-mini", "1.1 0.55 4.4", 200_000, "2023-10"),
        _row("o4-mini-deep-research", "2 0.5 8", 200_000, "2024-06"),
        _row("o4-mini", "1.1 0.275 4.4", 200_000, "2024-06"),
        _row("claude-opus-4-5", "5 0.5 25", 200_000, "2025-08"),
        _row("claude-opus-4", "15 1.5 75", 200_000, "2025-03"),
        _row("claude-sonnet-4-5", "3 0.3 15", 200_000, "2025-07"),
        _row("claude-sonnet-4", "3 0.3 15", 200_000, "2025-03"),
        _row("claude-haiku-4-5", "1 0.1 5", 200_000, "2025-07"),
        _row("claude-3-7-sonnet", "3 0.3 15", 200_000, "2024-11"),
        _row("claude-3-5-sonnet", "3 0.3 15", 200_000, "2024-04"),
        _row("claude-3-5-haiku", "0.8 0.08 4", 200_000, "2024-07"),
        _row("claude-3-opus", "15 1.5 75", 200_000, "2023-08"),
        _row("claude-3-haiku", "0.25 0.03 1.25", 200_000, "2023-08"),
        _row("gemini-3-pro", "2 0.2 12", 1_048_576, "2025-01"),
        _row("gemini-2.5-pro", "1.25 0.125 10", 1_048_576, "2025-01"),
        _row("gemini-2.5-flash", "0.3 0.03 2.5", 1_048_576, "2025-01"),
        _row("gemini-2.5-flash-lite", "0.1 0.01 0.4", 1_048_576, "2025-01"),
        _row("gemini-2.0-flash", "0.1 0.025 0.4", 1_048_576, "2024-06"),
        _row("gemini-2.0-flash-lite", "0.075 0.075 0.3", 1_048_576, "2024-06"),
        _row("gemini-1.5-pro", "1.25 0.3125 5", 2_097_152, "2024-05"),
        _row("gemini-1.5-flash", "0.075 0.01875 0.3", 1_048_576, "2024-05"),
        _row("deepseek-chat", "0.28 0.028 0.42", 128_000, "2024-07"),
        _row("deepseek-reasoner", "0.28 0.028 0.42", 128_000, "2024-07"),
    )
}


def facts_of(model: str) -> ModelFacts | None:
    """Return what is known of a model, None for one the table does not have."""
    name = bare_name(model)
    fitting = (known for known in MODELS if name == known or name.startswith((f"{known}-", f"{known}:")))
    longest = max(fitting, key=len, default=None)
    return None if longest is None else MODELS[longest]


def cost_of(usage: TokenUsage, model: str, connection: ModelConnection, row: VendorRow) -> Decimal | None:
    """Return what tokens cost in USD, None where the model's price is not known.

    A connection's own price counts for cached input too.
    """
    if row.is_free and connection.input_price is None and connection.output_price is None:
        return Decimal(0)
    facts = facts_of(model)
    fresh = cached = connection.input_price
    answered = connection.output_price
    if facts is not None:
        if fresh is None:
            fresh, cached = facts.input_price, facts.cached_price
        if answered is None:
            answered = facts.output_price
    if fresh is None or cached is None or answered is None:
        return None
    return ((usage.input - usage.cached) * fresh + usage.cached * cached + usage.output * answered) / _MILLION
