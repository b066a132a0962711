"""Makes the strategies of prompt traders: each asks its trader's model through the gate of this desk."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import DeskError
from engine.language_models.base import LanguageModel, ModelSource
from engine.market.market_state import MarketState
from engine.model.language_model import CallPurpose
from engine.strategies.context import StrategyContext
from engine.strategies.prompts.gate import GateFacts, check_gate
from engine.strategies.prompts.strategy import PromptStrategy
from engine.strategies.prompts.view import PromptViews
from engine.trading.feed_watch import FeedWatch
from engine.trading.prompt_book import PromptBook
from engine.trading.trader import TraderRuntime


class PromptStrategies:
    """What all prompt traders share.

    `refusal_of` returns why a connection cannot be asked for a trader now, None where it can: the very
    error that asking would raise before anything is sent.
    """

    def __init__(
        self,
        *,
        models: ModelSource,
        refusal_of: Callable[[int, int], DeskError | None],
        book: PromptBook,
        views: PromptViews,
        market: MarketState,
        feed: FeedWatch,
    ) -> None:
        self._models = models
        self._refusal_of = refusal_of
        self._book = book
        self._views = views
        self._market = market
        self._feed = feed

    def strategy_for(self, trader: TraderRuntime) -> PromptStrategy:
        """Return what decides for a prompt trader, by whatever prompt and model it has at each decision.

        Raises `NotFound` for a prompt there is not.
        """
        self._book.named(trader.config.strategy)
        return PromptStrategy(
            model=self._model,
            template=lambda: self._book.named(trader.config.strategy),
            views=self._views,
            gate=lambda context: self._check(trader, context),
        )

    def _model(self, context: StrategyContext, purpose: CallPurpose) -> LanguageModel:
        trader = context.trader
        return self._models.model_for(
            trader.connection_id, purpose=purpose, trader_id=trader.trader_id, subject=context.decision_id
        )

    def _check(self, trader: TraderRuntime, context: StrategyContext) -> None:
        config = context.trader
        silent_ms = self._feed.silent_ms()
        check_gate(
            context,
            GateFacts(
                is_active=not trader.is_paused,
                quote_ages_ms={
                    each.symbol: max(self._market.quote_age_ms(each.symbol), silent_ms)
                    for each in context.symbols
                },
                smallest_notional=min(
                    trader.orders.instrument(symbol).min_notional for symbol in config.symbols
                ),
                refusal=self._refusal_of(config.connection_id, config.trader_id),
            ),
        )
