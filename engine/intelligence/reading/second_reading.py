"""The second reading: articles the lexicon has classified wait here for a model, if there is one.

Nobody waits for it. An article is there at once as the lexicon sees it, and changes when a model has
read it; where the model fails or answers nonsense, the lexicon's word stands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from engine.clock import Clock
from engine.errors import DeskError
from engine.intelligence.reading.call_budget import CallBudget
from engine.intelligence.reading.classification import Classification
from engine.intelligence.reading.model_reader import MAX_BATCH, ModelReader
from engine.model.news import NewsItem

CALLS_PER_MINUTE = 6
MAX_WAITING = 200


class SecondReading:
    """Hands waiting articles to a model, ten at a time and never more than some calls a minute.

    `on_classified` receives each article's id and what the model said. When more than 200 wait, the
    oldest keep the lexicon's word.
    """

    def __init__(
        self,
        clock: Clock,
        on_classified: Callable[[str, Classification], None],
        calls_per_minute: int = CALLS_PER_MINUTE,
    ) -> None:
        self._clock = clock
        self._on_classified = on_classified
        self._budget = CallBudget(calls_per_minute)
        self._waiting: deque[NewsItem] = deque(maxlen=MAX_WAITING)
        self._has_work = asyncio.Event()
        self._reader: ModelReader | None = None
        self.last_error = ""
        """Why the last call brought nothing; empty when it did."""

    def use(self, reader: ModelReader | None) -> None:
        """Have articles read by this model from now on, or by none."""
        self._reader = reader
        if reader is None:
            self._waiting.clear()

    def ask_for(self, items: Iterable[NewsItem]) -> None:
        """Let articles wait for the model; without one nothing happens."""
        if self._reader is not None:
            self._waiting.extend(items)
            self._has_work.set()

    async def run(self) -> None:
        """Read what waits, until cancelled."""
        while True:
            await self._has_work.wait()
            wait = self._budget.wait_seconds(self._clock.monotonic())
            if wait > 0:
                await self._clock.sleep(wait)
                continue
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            if not self._waiting:
                self._has_work.clear()
            if batch and self._reader is not None:
                self._budget.spend(self._clock.monotonic())
                await self._read(self._reader, batch)

    async def _read(self, reader: ModelReader, batch: list[NewsItem]) -> None:
        try:
            classifications = await reader.classify(batch)
        except DeskError as error:
            self.last_error = error.message
            return
        self.last_error = ""
        for item, classification in zip(batch, classifications, strict=True):
            self._on_classified(item.news_id, classification)
