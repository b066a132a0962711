"""The sides of a desk that lives on another thread: market, signals, intelligence, programs, backtests.

Queries read what the engine has published and never wait; before the desk has opened they are empty,
or raise `Unavailable` where there is no empty answer. Commands run on the engine's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.local_desk import LocalDesk
    from engine.model.backtest import (
        BacktestRequest,
        BacktestResult,
        BacktestRun,
        SweepRequest,
        SweepResult,
        TriggerDetail,
        TriggerLine,
    )
    from engine.model.chart import Chart, ChartRequest, FeedStatus, IndicatorInfo
    from engine.model.factor import FactorDefinition, FactorEffectiveness, FactorWord
    from engine.model.flow import FlowReading
    from engine.model.news import IntelligenceSnapshot, NewsItem, NewsSource, SourceStatus
    from engine.model.program import (
        Binding,
        BindingState,
        MarketPicture,
        Parameter,
        Program,
        ProgramExecution,
        ProgramRun,
        ProgramVersion,
        SourceReport,
    )
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


class ThreadedPrograms:
    """The desk's programs side, see `engine.desk.programs.ProgramDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def programs(self) -> tuple[Program, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        desk = self._thread.desk
        return desk.programs.programs() if desk else ()

    async def check(self, source: str) -> SourceReport:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.check(source))

    async def versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.versions(program_id))

    async def save_program(self, program: Program) -> Program:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.save_program(program))

    async def delete_program(self, program_id: int) -> None:
        """See `engine.desk.programs.ProgramDesk`."""
        await self._thread.call(lambda desk: desk.programs.delete_program(program_id))

    def bindings(self) -> tuple[BindingState, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        desk = self._thread.desk
        return desk.programs.bindings() if desk else ()

    async def save_binding(self, binding: Binding) -> BindingState:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.save_binding(binding))

    async def delete_binding(self, binding_id: int) -> None:
        """See `engine.desk.programs.ProgramDesk`."""
        await self._thread.call(lambda desk: desk.programs.delete_binding(binding_id))

    async def executions(
        self, *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[ProgramExecution, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(
            lambda desk: desk.programs.executions(program_id=program_id, trader_id=trader_id, limit=limit)
        )

    async def test_run(
        self, source: str, trader_id: int, symbol: str = "", params: Mapping[str, Parameter] = {}
    ) -> ProgramRun:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.test_run(source, trader_id, symbol, params))

    async def preview_run(self, binding_id: int) -> ProgramRun:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(lambda desk: desk.programs.preview_run(binding_id))

    async def query_market_data(
        self,
        symbol: str,
        period: str = "1h",
        indicators: tuple[str, ...] = (),
        flow_metrics: tuple[str, ...] = (),
    ) -> MarketPicture:
        """See `engine.desk.programs.ProgramDesk`."""
        return await self._thread.call(
            lambda desk: desk.programs.query_market_data(symbol, period, indicators, flow_metrics)
        )

    def available_symbols(self) -> tuple[str, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        desk = self._thread.desk
        return desk.programs.available_symbols() if desk else ()

    def guide(self) -> str:
        """See `engine.desk.programs.ProgramDesk`."""
        return self._thread.ready().programs.guide()

    def type_stub(self) -> str:
        """See `engine.desk.programs.ProgramDesk`."""
        return self._thread.ready().programs.type_stub()


class ThreadedBacktests:
    """The desk's backtests side, see `engine.desk.backtests.BacktestDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def runs(self) -> tuple[BacktestRun, ...]:
        """See `engine.desk.backtests.BacktestDesk`."""
        desk = self._thread.desk
        return desk.backtests.runs() if desk else ()

    async def start(self, request: BacktestRequest) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.start(request))

    async def start_sweep(self, request: SweepRequest) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.start_sweep(request))

    async def cancel(self, run_id: str) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.cancel(run_id))

    async def resume(self, run_id: str) -> BacktestRun:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.resume(run_id))

    async def delete(self, run_id: str) -> None:
        """See `engine.desk.backtests.BacktestDesk`."""
        await self._thread.call(lambda desk: desk.backtests.delete(run_id))

    async def result(self, run_id: str) -> BacktestResult:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.result(run_id))

    async def sweep_result(self, run_id: str) -> SweepResult:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.sweep_result(run_id))

    async def triggers(
        self, run_id: str, *, offset: int = 0, limit: int = 100, operation: str = ""
    ) -> tuple[int, tuple[TriggerLine, ...]]:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(
            lambda desk: desk.backtests.triggers(run_id, offset=offset, limit=limit, operation=operation)
        )

    async def trigger_detail(self, run_id: str, index: int) -> TriggerDetail:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.trigger_detail(run_id, index))

    async def request_of(self, binding_id: int) -> BacktestRequest:
        """See `engine.desk.backtests.BacktestDesk`."""
        return await self._thread.call(lambda desk: desk.backtests.request_of(binding_id))
