"""The pure parts beside a call: pauses, tokens, prices, limits, places."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language_models.limits import limits_of
from engine.language_models.places import Claim, Places
from engine.language_models.prices import MODELS, cost_of, facts_of
from engine.language_models.retry_pause import asked_pause, next_pause
from engine.language_models.tokens import count_tokens
from engine.language_models.vendors import VENDORS
from engine.model.language_model import ModelConnection, TokenUsage
from engine.settings import PromptSettings

NOW = 1_750_000_000.0  # 15 June 2025, 15:06:40 UTC


def connection(vendor: str = "openai", **changes: Any) -> ModelConnection:
    base_url = VENDORS[vendor].base_url or "http://h/v1"
    return ModelConnection(connection_id=1, name="one", vendor=vendor, base_url=base_url, **changes)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 15 Jun 2025 15:07:00 GMT", 20.0),
        ("Sun, 15 Jun 2025 15:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("9" * 11, 99_999_999_999.0),
        ("9" * 400, math.inf),
        ("Sun, 15 Jun 99999 15:00:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert asked_pause(header, NOW) == seconds


@given(
    attempts=st.integers(1, 4), jitter=st.floats(0, 1, exclude_max=True), asked=st.none() | st.floats(0, 99)
)
def test_no_pause_is_longer_than_ten_seconds(attempts: int, jitter: float, asked: float | None) -> None:
    pause = next_pause(attempts, asked, 0.5, lambda: jitter)
    if attempts > 2 or (asked is not None and asked > 10):
        assert pause is None
    elif asked is not None:
        assert pause == asked
    else:
        assert pause is not None
        doubled = 0.5 * 2 ** (attempts - 1)
        assert 0.5 * doubled <= pause <= 1.5 * doubled


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Counts of the o200k encoding, as published with these texts.
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("", 0),
        ("hello world", 2),
        ('{"operation": "hold", "symbol": "BTC"}', 12),
    ],
)
def test_the_estimate_is_near(text: str, tokens: int) -> None:
    found, counted_by = count_tokens(text, "gpt-4o")
    assert abs(found - tokens) <= max(2, tokens * 0.35)
    assert counted_by == "estimate"


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_is_not_fewer_tokens(first: str, second: str) -> None:
    assert count_tokens(first + second)[0] >= count_tokens(first)[0] >= 0


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("openai/GPT-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("models/gemini-2.0-flash", "gemini-2.0-flash"),
        ("deepseek/deepseek-chat:free", "deepseek-chat"),
    ],
)
def test_dated_names_are_those_of_their_model(model: str, known: str) -> None:
    facts = facts_of(model)
    assert facts is not None
    assert facts.name == known


@pytest.mark.parametrize("model", ["gpt-4other", "gpt-5.9", "llama3.1", "", "nightdesk-rules"])
def test_of_other_models_nothing_is_known(model: str) -> None:
    assert facts_of(model) is None


def test_every_row_of_the_table_makes_sense() -> None:
    for facts in MODELS.values():
        assert 0 < facts.cached_price <= facts.input_price < facts.output_price
        assert 16_000 <= facts.context_window <= 4_000_000
        assert "2021-01" <= facts.trained_until <= "2025-12"


def test_cost() -> None:
    usage = TokenUsage(input=1_000_000, cached=400_000, output=200_000)
    openai = VENDORS["openai"]
    assert cost_of(usage, "gpt-4o", connection(), openai) == Decimal("1.5") + Decimal("0.5") + Decimal(2)
    own = connection(input_price=Decimal(3), output_price=Decimal(0))
    assert cost_of(usage, "gpt-4o", own, openai) == 3
    assert cost_of(usage, "unheard-of", own, openai) == 3
    assert cost_of(usage, "unheard-of", connection(input_price=Decimal(3)), openai) is None
    assert cost_of(usage, "llama3.1", connection("ollama"), VENDORS["ollama"]) == 0


def test_a_model_that_thinks_may_be_silent_longer_and_a_connections_own_limits_come_first() -> None:
    settings = PromptSettings(first_token_seconds=30, total_seconds=120, reasoning_seconds=240)
    row = VENDORS["openai"]
    plain = limits_of(settings, connection(), row, "gpt-4o")
    thinking = limits_of(settings, connection(), row, "gpt-5")
    own = limits_of(settings, connection(first_token_seconds=5.0, total_seconds=9.0), row, "gpt-5")
    assert [(each.first_token_seconds, each.total_seconds) for each in (plain, thinking, own)] == [
        (30, 120),
        (240, 240),
        (5, 9),
    ]


class Callers:
    """Calls that hold their places until they are let go."""

    def __init__(self, most: int) -> None:
        self.places = Places(most)
        self.under_way: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def start(self, name: str, claim: Claim) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._hold(name, claim))
        await settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        await settle()

    async def _hold(self, name: str, claim: Claim) -> None:
        async with self.places.held(claim):
            self.under_way.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.under_way.remove(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def claim(connection_id: int, trader_id: int = 0, connection_limit: int = 2, trader_limit: int = 1) -> Claim:
    return Claim(
        connection_id=connection_id,
        connection_limit=connection_limit,
        trader_id=trader_id,
        trader_limit=trader_limit,
    )


async def test_places_on_the_desk_the_connection_and_of_the_trader() -> None:
    callers = Callers(3)
    await callers.start("a1", claim(1, trader_id=1))
    await callers.start("a1 again", claim(1, trader_id=1))
    assert callers.under_way == ["a1"]
    await callers.start("b1", claim(1, trader_id=2))
    await callers.start("c1", claim(1, trader_id=3))
    assert callers.under_way == ["a1", "b1"]
    await callers.start("c2", claim(2, trader_id=3))
    await callers.start("d2", claim(2, trader_id=4))
    assert callers.under_way == ["a1", "b1", "c2"]
    assert [callers.places.running(each) for each in (1, 2)] == [2, 1]
    assert [callers.places.waiting(each) for each in (1, 2)] == [2, 1]
    await callers.end("a1")
    assert callers.under_way == ["b1", "c2", "a1 again"]
    await callers.end("c2")
    assert callers.under_way == ["b1", "a1 again", "d2"]


async def test_cancelling_gives_the_place_back_or_leaves_the_queue() -> None:
    callers = Callers(1)
    for name in ("first", "second", "third"):
        await callers.start(name, claim(1))
    await callers.cancel("second")
    assert callers.places.waiting(1) == 1
    await callers.cancel("first")
    assert callers.under_way == ["third"]
    await callers.end("third")
    assert (callers.places.running(1), callers.places.waiting(1)) == (0, 0)


async def test_a_turn_that_comes_together_with_a_cancellation_is_not_lost() -> None:
    places = Places(1)
    first = places.held(claim(1))
    await first.__aenter__()
    waiting = asyncio.create_task(places.held(claim(1)).__aenter__())
    await settle()
    await first.__aexit__(None, None, None)
    waiting.cancel()
    await settle()
    assert (places.running(1), places.waiting(1)) == (0, 0)
