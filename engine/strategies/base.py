"""What every strategy is: something that turns a context into decisions, streaming as it thinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from engine.model.decision import Decision
from engine.strategies.context import StrategyContext

TextListener = Callable[[str], None]
"""Receives reasoning or program output piece by piece, already safe to show."""


class StrategyReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy answered: validated decisions and the exact texts behind them."""

    decisions: tuple[Decision, ...]
    prompt: str = ""
    reply: str = ""
    reasoning: str = ""
    tokens: int = 0
    latency_ms: int = 0


class Strategy(Protocol):
    """A program or a prompt, ready to be asked."""

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Decide once.

        Raises `StrategyFailed` when the program or model raised, hung or broke a limit, and
        `ReplyUnusable` when its answer could not be fully parsed and validated.
        """
        ...
