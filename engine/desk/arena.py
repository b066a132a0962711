"""The desk's arena: the conversation of the models, what decisions came to, and who does best."""

from __future__ import annotations

from typing import Protocol

from engine.model.arena import AttributionRow, DecisionStory, Dimension, Standing
from engine.model.decision import DecisionRecord


class ArenaDesk(Protocol):
    """Looks back over everything that was decided."""

    async def chat(
        self,
        *,
        trader_id: int | None = None,
        before_ms: int | None = None,
        symbol: str = "",
        operation: str = "",
        text: str = "",
        limit: int = 60,
    ) -> tuple[DecisionRecord, ...]:
        """Return decisions before a time, oldest first, at most 200; `text` is searched for in them."""
        ...

    async def story(self, decision_id: str) -> DecisionStory:
        """Return a decision with its calls, orders, fills and profit; raises `NotFound`."""
        ...

    def standings(self) -> tuple[Standing, ...]:
        """Return the traders ranked by total return."""
        ...

    async def attribution(
        self, dimension: Dimension, *, trader_id: int | None = None, since_ms: int = 0
    ) -> tuple[AttributionRow, ...]:
        """Return what trades came to, told apart by one dimension, best first."""
        ...
