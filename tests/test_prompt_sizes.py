"""What a preview says of a prompt's size and price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import NotFound
from engine.local_desk.prompt_sizes import prompt_size
from engine.model.account import TraderConfig, TraderKind
from engine.model.language_model import ModelConnection

TEXT = "word " * 1000
OWN = ModelConnection(
    connection_id=1,
    name="own",
    vendor="compatible",
    base_url="http://localhost:1/v1",
    input_price=Decimal(2),
    output_price=Decimal(4),
)


def trader(connection_id: int, model: str) -> TraderConfig:
    return TraderConfig(
        trader_id=1,
        name="T",
        kind=TraderKind.PROMPT,
        initial_capital=Decimal(1),
        connection_id=connection_id,
        model=model,
    )


def connection_of(connection_id: int) -> ModelConnection:
    if connection_id != OWN.connection_id:
        raise NotFound("connection_id: there is none")
    return OWN


def test_the_built_in_model_is_free() -> None:
    size = prompt_size(TEXT, trader(0, "rules"), connection_of)
    assert (size.cost_usd, size.context_window, size.counted_by) == (0.0, None, "estimate")
    assert 700 < size.tokens < 1500


@pytest.mark.parametrize(("model", "window"), [("gpt-4o", 128_000), ("unheard-of", None)])
def test_a_price_of_ones_own_and_the_window_of_the_table(model: str, window: int | None) -> None:
    size = prompt_size(TEXT, trader(1, model), connection_of)
    assert size.context_window == window
    assert size.cost_usd == pytest.approx(size.tokens * 2 / 1e6)


def test_without_a_connection_there_is_no_price() -> None:
    size = prompt_size(TEXT, trader(7, "gpt-4o"), connection_of)
    assert (size.cost_usd, size.context_window) == (None, 128_000)
    assert size.tokens
