"""The arena side of a desk that lives on another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.desk_thread.sides import EngineThread

if TYPE_CHECKING:
    from engine.model.arena import AttributionRow, DecisionStory, Dimension, Standing
    from engine.model.decision import DecisionRecord


class ThreadedArena:
    """The desk's arena side, see `engine.desk.arena.ArenaDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

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
        """See `engine.desk.arena.ArenaDesk`."""
        return await self._thread.call(
            lambda desk: desk.arena.chat(
                trader_id=trader_id,
                before_ms=before_ms,
                symbol=symbol,
                operation=operation,
                text=text,
                limit=limit,
            )
        )

    async def story(self, decision_id: str) -> DecisionStory:
        """See `engine.desk.arena.ArenaDesk`."""
        return await self._thread.call(lambda desk: desk.arena.story(decision_id))

    def standings(self) -> tuple[Standing, ...]:
        """See `engine.desk.arena.ArenaDesk`."""
        desk = self._thread.desk
        return desk.arena.standings() if desk else ()

    async def attribution(
        self, dimension: Dimension, *, trader_id: int | None = None, since_ms: int = 0
    ) -> tuple[AttributionRow, ...]:
        """See `engine.desk.arena.ArenaDesk`."""
        return await self._thread.call(
            lambda desk: desk.arena.attribution(dimension, trader_id=trader_id, since_ms=since_ms)
        )
