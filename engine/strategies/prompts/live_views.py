"""Views of this moment, for prompts that trade now and for looks at them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.model.instrument import Instrument
from engine.model.news import NewsItem
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.render import questions_of
from engine.strategies.prompts.variables.table import names_with
from engine.strategies.prompts.view import PromptView

if TYPE_CHECKING:
    from engine.strategies.programs.batch import Answer, DataQuery
    from engine.strategies.programs.data.live import LiveData

_MEASURED = "factor"
"""The method whose answers are as old as their last preparation."""
_TEMPLATES_REMEMBERED = 32


class LivePromptViews:
    """See `engine.strategies.prompts.view.PromptViews`; used on one event loop.

    What is asked for the first time is looked up in a thread, because it reads a long history; from
    then on answers come at once. `started_ms` tells when a trader's equity was first noted, 0 for
    never.
    """

    def __init__(
        self,
        *,
        data: Callable[[], Awaitable[LiveData]],
        news: Callable[[], tuple[NewsItem, ...]],
        instruments: Mapping[str, Instrument],
        started_ms: Callable[[int], int],
    ) -> None:
        self._data = data
        self._news = news
        self._instruments = instruments
        self._started_ms = started_ms
        self._prepared: set[DataQuery] = set()
        self._scanned: deque[str] = deque(maxlen=_TEMPLATES_REMEMBERED)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the desk."""
        return tuple(self._instruments)

    async def view(self, template: str, context: StrategyContext) -> PromptView:
        """See `engine.strategies.prompts.view.PromptViews`."""
        bare = PromptView(
            context=context,
            news=self._news(),
            started_ms=self._started_ms(context.trader.trader_id),
            instruments=self._instruments,
        )
        questions = await self._questions(template, bare)
        if not questions:
            return bare
        data = await self._data()
        fresh = [each for each in questions if each not in self._prepared or each.method == _MEASURED]
        if fresh:
            await asyncio.to_thread(data.prepare, fresh, context.now_ms)
            self._prepared.update(fresh)

        def answer(query: DataQuery) -> Answer | None:
            # Anything else would read its history here, on the event loop.
            return data.answer(query, context.now_ms) if query in self._prepared else None

        return msgspec.structs.replace(bare, answer=answer)

    async def _questions(self, template: str, view: PromptView) -> tuple[DataQuery, ...]:
        """Return what a template asks; reading a new one can take as long as its author likes."""
        names = names_with(view.symbols)
        if template in self._scanned:
            return questions_of(template, names, view.context)
        questions = await asyncio.to_thread(questions_of, template, names, view.context)
        self._scanned.append(template)
        return questions
