"""A trader, a template and a model that decides by what it reads: what runs over snapshots are made of."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal

import msgspec

from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import Recording
from engine.model.prompt_backtest import PromptBacktestRequest
from tests.models.scripted_model import reply

HOUR_MS = 3_600_000
START_MS = 1_747_008_000_000
"""2025-05-12, inside the recording that comes with the desk."""

TEMPLATE = "Now {current_time_utc}. {BTC_market_data}\n{BTC_klines_15m}\n{market_json}\n{output_format}"

TRADER = TraderConfig(
    trader_id=7,
    name="Ada",
    kind=TraderKind.PROMPT,
    initial_capital=Decimal(500),
    symbols=("BTC",),
    strategy="default",
    model="rules",
)


class HeldModel(LanguageModel):
    """A model that never answers; `asked` is set once it was asked, `requests` counts how often."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.requests = 0

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        self.requests += 1
        self.asked.set()
        never: asyncio.Future[ModelReply] = asyncio.get_running_loop().create_future()
        return await never


def snapshots(**changes: object) -> PromptBacktestRequest:
    request = PromptBacktestRequest(
        text=TEMPLATE,
        name="mine",
        trader_id=TRADER.trader_id,
        connection_id=3,
        model="gpt-4o",
        schedule_seconds=4 * 3600,
        history=Recording(),
        start_ms=START_MS,
        end_ms=START_MS + 48 * HOUR_MS,
    )
    return msgspec.structs.replace(request, **changes)


def trades_in_turn(request: ModelRequest) -> ModelReply:
    """Buy when the prompt shows no position, else close it."""
    prompt = request.messages[0].content
    mark = re.search(r'"symbol":"BTC","mark":([0-9.]+)', prompt)
    assert mark is not None, prompt
    price = Decimal(mark[1])
    is_flat = '"positions":[]' in prompt
    decision = {
        "operation": "buy" if is_flat else "close",
        "symbol": "BTC",
        "target_portion_of_balance": 0.5 if is_flat else 1,
        "leverage": 2,
        **(
            {"max_price": float(round(price * Decimal("1.005"), 1))}
            if is_flat
            else {"min_price": float(round(price * Decimal("0.995"), 1))}
        ),
        "reason": f"at {price}",
    }
    return reply(msgspec.json.encode(decision).decode(), cost_usd=Decimal("0.01"))
