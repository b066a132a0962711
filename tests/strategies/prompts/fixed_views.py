"""Views of a context as it is, with fixed news and nothing answered beyond it."""

from __future__ import annotations

from engine.model.news import NewsItem
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.view import PromptView


class FixedViews:
    """See `engine.strategies.prompts.view.PromptViews`."""

    def __init__(self, news: tuple[NewsItem, ...] = ()) -> None:
        self._news = news

    async def view(self, template: str, context: StrategyContext) -> PromptView:
        return PromptView(context=context, news=self._news)
