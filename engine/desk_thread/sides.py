"""The market, signals and intelligence sides of a desk that lives on another thread.

Queries read what the engine has published and never wait; before the desk has opened they are empty,
or raise `Unavailable` where there is no empty answer. Commands run on the engine's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.local_desk import LocalDesk
    from engine.model.chart import Chart, ChartRequest, FeedStatus, IndicatorInfo
    from engine.model.factor import FactorDefinition, FactorEffectiveness, FactorWord
    from engine.model.flow import FlowReading
    from engine.model.news import IntelligenceSnapshot, NewsItem, NewsSource, SourceStatus
    from engine.model.regime import RegimeReading, RegimeThresholds
    from engine.model.signal import (
        AlertDirection,
        ConditionCheck,
        MetricAnalysis,
        MetricInfo,
        PoolFire,
        PoolState,
        PriceAlert,
        SignalDefinition,
        SignalPool,
        SignalPreview,
        SignalState,
    )
    from engine.model.trade import Trade


class EngineThread(Protocol):
    """How a side reaches the desk on its thread."""

    @property
    def desk(self) -> LocalDesk | None:
        """The desk, None before it has opened and after it has ended."""
        ...

    def ready(self) -> LocalDesk:
        """Return the desk, or raise `Unavailable` saying why there is none."""
        ...

    async def call[T](self, command: Callable[[LocalDesk], Coroutine[Any, Any, T]]) -> T:
        """Run a command on the engine's loop and return what it returns."""
        ...


class ThreadedMarkets:
    """The desk's market side, see `engine.desk.market.MarketDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def periods(self) -> tuple[str, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.periods() if desk else ()

    def chart(self, request: ChartRequest) -> Chart:
        """See `engine.desk.market.MarketDesk`."""
        return self._thread.ready().markets.chart(request)

    def indicators(self) -> tuple[IndicatorInfo, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.indicators() if desk else ()

    def trades(self, symbol: str, limit: int = 100) -> tuple[Trade, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.trades(symbol, limit) if desk else ()

    def flow(self, symbol: str, window: str = "15m") -> FlowReading:
        """See `engine.desk.market.MarketDesk`."""
        return self._thread.ready().markets.flow(symbol, window)

    def regime(self, symbol: str, period: str = "5m") -> RegimeReading:
        """See `engine.desk.market.MarketDesk`."""
        return self._thread.ready().markets.regime(symbol, period)

    def regime_thresholds(self) -> RegimeThresholds:
        """See `engine.desk.market.MarketDesk`."""
        return self._thread.ready().markets.regime_thresholds()

    async def set_regime_thresholds(self, thresholds: RegimeThresholds) -> RegimeThresholds:
        """See `engine.desk.market.MarketDesk`."""
        return await self._thread.call(lambda desk: desk.markets.set_regime_thresholds(thresholds))

    def feeds(self) -> tuple[FeedStatus, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.feeds() if desk else ()

    def factors(self) -> tuple[FactorDefinition, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.factors() if desk else ()

    def factor_words(self) -> tuple[FactorWord, ...]:
        """See `engine.desk.market.MarketDesk`."""
        desk = self._thread.desk
        return desk.markets.factor_words() if desk else ()

    def check_factor(self, expression: str) -> None:
        """See `engine.desk.market.MarketDesk`."""
        self._thread.ready().markets.check_factor(expression)

    async def save_factor(self, name: str, expression: str, meaning: str = "") -> FactorDefinition:
        """See `engine.desk.market.MarketDesk`."""
        return await self._thread.call(lambda desk: desk.markets.save_factor(name, expression, meaning))

    async def delete_factor(self, name: str) -> None:
        """See `engine.desk.market.MarketDesk`."""
        await self._thread.call(lambda desk: desk.markets.delete_factor(name))

    async def factor_effectiveness(
        self, name: str, symbol: str, period: str = "1h", horizon: int = 1
    ) -> FactorEffectiveness:
        """See `engine.desk.market.MarketDesk`."""
        return await self._thread.call(
            lambda desk: desk.markets.factor_effectiveness(name, symbol, period, horizon)
        )


class ThreadedSignals:
    """The desk's signals side, see `engine.desk.signals.SignalDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def definitions(self) -> tuple[SignalDefinition, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.definitions() if desk else ()

    def pools(self) -> tuple[SignalPool, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.pools() if desk else ()

    def listeners(self, pool_id: int) -> tuple[int, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.listeners(pool_id) if desk else ()

    def signal_states(self) -> tuple[SignalState, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.signal_states() if desk else ()

    def pool_states(self) -> tuple[PoolState, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.pool_states() if desk else ()

    def fires(
        self, pool_id: int | None = None, symbol: str | None = None, limit: int = 100
    ) -> tuple[PoolFire, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.fires(pool_id, symbol, limit) if desk else ()

    def metrics(self) -> tuple[MetricInfo, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.metrics() if desk else ()

    def check(self, condition: str) -> ConditionCheck:
        """See `engine.desk.signals.SignalDesk`."""
        return self._thread.ready().signals.check(condition)

    async def save_signal(self, signal: SignalDefinition) -> SignalDefinition:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.save_signal(signal))

    async def delete_signal(self, signal_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        await self._thread.call(lambda desk: desk.signals.delete_signal(signal_id))

    async def save_pool(self, pool: SignalPool) -> SignalPool:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.save_pool(pool))

    async def delete_pool(self, pool_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        await self._thread.call(lambda desk: desk.signals.delete_pool(pool_id))

    async def listen(self, trader_id: int, pool_ids: tuple[int, ...]) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        await self._thread.call(lambda desk: desk.signals.listen(trader_id, pool_ids))

    async def reset(self, pool_id: int | None = None) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        await self._thread.call(lambda desk: desk.signals.reset(pool_id))

    async def test_signal(self, condition: str, symbol: str) -> SignalState:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.test_signal(condition, symbol))

    async def preview_signal(
        self, condition: str, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(
            lambda desk: desk.signals.preview_signal(condition, symbol, start_ms, end_ms)
        )

    async def preview_pool(
        self, pool: SignalPool, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.preview_pool(pool, symbol, start_ms, end_ms))

    async def analyze(self, metric: str, symbol: str, period: str = "5m", days: int = 7) -> MetricAnalysis:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.analyze(metric, symbol, period, days))

    def price_alerts(self) -> tuple[PriceAlert, ...]:
        """See `engine.desk.signals.SignalDesk`."""
        desk = self._thread.desk
        return desk.signals.price_alerts() if desk else ()

    async def add_price_alert(self, symbol: str, direction: AlertDirection, price: Decimal) -> PriceAlert:
        """See `engine.desk.signals.SignalDesk`."""
        return await self._thread.call(lambda desk: desk.signals.add_price_alert(symbol, direction, price))

    async def delete_price_alert(self, alert_id: int) -> None:
        """See `engine.desk.signals.SignalDesk`."""
        await self._thread.call(lambda desk: desk.signals.delete_price_alert(alert_id))


class ThreadedIntelligence:
    """The desk's intelligence side, see `engine.desk.intelligence.IntelligenceDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def news(self, symbol: str | None = None, limit: int = 50) -> tuple[NewsItem, ...]:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        desk = self._thread.desk
        return desk.intelligence.news(symbol, limit) if desk else ()

    def snapshot(self, symbol: str, timeframe: str = "15m", window: str = "4h") -> IntelligenceSnapshot:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        return self._thread.ready().intelligence.snapshot(symbol, timeframe, window)

    def sources(self) -> tuple[SourceStatus, ...]:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        desk = self._thread.desk
        return desk.intelligence.sources() if desk else ()

    async def save_source(self, source: NewsSource) -> NewsSource:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        return await self._thread.call(lambda desk: desk.intelligence.save_source(source))

    async def delete_source(self, source_id: int) -> None:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        await self._thread.call(lambda desk: desk.intelligence.delete_source(source_id))

    async def test_source(self, source: NewsSource) -> tuple[NewsItem, ...]:
        """See `engine.desk.intelligence.IntelligenceDesk`."""
        return await self._thread.call(lambda desk: desk.intelligence.test_source(source))
