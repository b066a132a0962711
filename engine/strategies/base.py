"""What every strategy is: something that turns a context into decisions, streaming as it thinks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.model.decision import Decision
from engine.strategies.context import StrategyContext

TextListener = Callable[[str], None]
"""Receives reasoning or program output piece by piece, already safe to show."""


class StrategyReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy answered: validated decisions, the exact texts behind them, and what they cost.

    `strategy`, `strategy_version` and `model` are what was asked, `tokens` and `cost_usd` (None without a
    price) of all calls together.
    """

    decisions: tuple[Decision, ...]
    prompt: str = ""
    reply: str = ""
    reasoning: str = ""
    tokens: int = 0
    latency_ms: int = 0
    cost_usd: Decimal | None = None
    strategy: str = ""
    strategy_version: int = 0
    model: str = ""


class Strategy(Protocol):
    """A program or a prompt, ready to be asked."""

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Decide once.

        Raises `StrategyFailed` when the program or model raised, hung or broke a limit,
        `ReplyUnusable` when its answer could not be fully parsed and validated, and `DecisionRefused`
        when nothing was asked. The `details` of each hold what there is: the texts `prompt`, `reasoning`
        and `reply`, the `stage` it came to, and `tokens` and `cost_usd` of the calls made.
        """
        ...
