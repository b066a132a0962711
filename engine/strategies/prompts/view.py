"""What a template is rendered from: a trader's picture of the market, and answers to what it asks beyond."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from engine.model.instrument import Instrument
    from engine.model.news import NewsItem
    from engine.strategies.context import StrategyContext
    from engine.strategies.programs.batch import Answer, DataQuery


def _nothing(_query: DataQuery) -> Answer | None:
    return None


class PromptView(msgspec.Struct, frozen=True, kw_only=True):
    """One moment as variables see it; nothing in it is later than `context.now_ms`.

    `answer` is what programs are answered too: of this moment when live, of the same moment in a
    history. It gives None for what nobody has looked up. `started_ms` is when the trader's equity was
    first noted, 0 when that is not known; `instruments` are those of the desk, by symbol.
    """

    context: StrategyContext
    answer: Callable[[DataQuery], Answer | None] = _nothing
    news: tuple[NewsItem, ...] = ()
    started_ms: int = 0
    instruments: Mapping[str, Instrument] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols a variable can name: the trader's, then the desk's others."""
        return tuple(dict.fromkeys((*self.context.trader.symbols, *self.instruments)))


class PromptViews(Protocol):
    """Where a strategy gets what its template is rendered from."""

    async def view(self, template: str, context: StrategyContext) -> PromptView:
        """Return the moment of a context, with whatever the template asks at hand.

        Raises `InvalidInput` for a template that asks too much.
        """
        ...
