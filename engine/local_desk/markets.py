"""The market side of the desk in this process: charts, flow, regimes and factors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import msgspec

from engine.errors import Conflict
from engine.local_desk.known_symbols import check_symbol
from engine.market.candles.series import aggregate
from engine.market.charts.source import ChartSource
from engine.market.indicators import indicator_infos
from engine.market.market_state import MarketState
from engine.market.periods import Period, parse_period
from engine.market.regime.live import Regimes
from engine.model.chart import Chart, ChartRequest, FeedStatus, IndicatorInfo
from engine.model.factor import FactorCategory, FactorDefinition, FactorEffectiveness, FactorWord
from engine.model.flow import FlowReading
from engine.model.regime import RegimeReading, RegimeThresholds
from engine.model.trade import Trade
from engine.store.changes import Change, CustomFactor, Setting
from engine.trading.signal_assembly import REGIME_THRESHOLDS_KEY

if TYPE_CHECKING:
    from engine.trading.signal_floor import SignalFloor


class LocalMarkets:
    """See `engine.desk.market.MarketDesk`; `write` stores a change."""

    def __init__(
        self,
        market: MarketState,
        regimes: Regimes,
        signals: SignalFloor,
        write: Callable[[Change], None],
        symbols: Collection[str],
    ) -> None:
        self._symbols = symbols
        self._market = market
        self._regimes = regimes
        self._signals = signals
        self._write = write
        self._charts = ChartSource(market)

    def periods(self) -> tuple[str, ...]:
        """See `engine.desk.market.MarketDesk`."""
        return tuple(str(period) for period in Period)

    def chart(self, request: ChartRequest) -> Chart:
        """See `engine.desk.market.MarketDesk`."""
        check_symbol(request.symbol, self._symbols)
        return self._charts.chart(request)

    def indicators(self) -> tuple[IndicatorInfo, ...]:
        """See `engine.desk.market.MarketDesk`."""
        return indicator_infos()

    def trades(self, symbol: str, limit: int = 100) -> tuple[Trade, ...]:
        """See `engine.desk.market.MarketDesk`."""
        check_symbol(symbol, self._symbols)
        return self._market.trades(symbol, limit)

    def flow(self, symbol: str, window: str = "15m") -> FlowReading:
        """See `engine.desk.market.MarketDesk`."""
        check_symbol(symbol, self._symbols)
        return self._market.flow(symbol, parse_period(window))

    def regime(self, symbol: str, period: str = "5m") -> RegimeReading:
        """See `engine.desk.market.MarketDesk`."""
        check_symbol(symbol, self._symbols)
        return self._regimes.reading(symbol, parse_period(period))

    def regime_thresholds(self) -> RegimeThresholds:
        """See `engine.desk.market.MarketDesk`."""
        return self._regimes.thresholds

    async def set_regime_thresholds(self, thresholds: RegimeThresholds) -> RegimeThresholds:
        """See `engine.desk.market.MarketDesk`."""
        self._regimes.set_thresholds(thresholds)
        self._write(Setting(key=REGIME_THRESHOLDS_KEY, value=msgspec.json.encode(thresholds).decode()))
        return thresholds

    def feeds(self) -> tuple[FeedStatus, ...]:
        """See `engine.desk.market.MarketDesk`."""
        return self._market.feed_statuses()

    def factors(self) -> tuple[FactorDefinition, ...]:
        """See `engine.desk.market.MarketDesk`."""
        return self._signals.factors.definitions()

    def factor_words(self) -> tuple[FactorWord, ...]:
        """See `engine.desk.market.MarketDesk`."""
        from engine.market.factors.formulas import vocabulary

        return vocabulary()

    def check_factor(self, expression: str) -> None:
        """See `engine.desk.market.MarketDesk`."""
        self._signals.factors.check_expression(expression)

    async def save_factor(self, name: str, expression: str, meaning: str = "") -> FactorDefinition:
        """See `engine.desk.market.MarketDesk`."""
        factor = FactorDefinition(
            name=name, category=FactorCategory.CUSTOM, expression=expression, meaning=meaning
        )
        self._signals.use_factors(self._signals.factors.with_factor(factor))
        kept = self._signals.factors.get(name)
        self._write(CustomFactor(name=kept.name, expression=kept.expression, meaning=kept.meaning))
        return kept

    async def delete_factor(self, name: str) -> None:
        """See `engine.desk.market.MarketDesk`."""
        factor = self._signals.factors.get(name)
        without = self._signals.factors.without_factor(factor.name)
        if users := self._signals.signals_using_factor(factor.name):
            raise Conflict(
                f"factor: {factor.name} is used by the signals {', '.join(users)}; change them first",
                factor=factor.name,
            )
        self._signals.use_factors(without)
        self._write(
            CustomFactor(name=factor.name, expression=factor.expression, meaning=factor.meaning, deleted=True)
        )

    async def factor_effectiveness(
        self, name: str, symbol: str, period: str = "1h", horizon: int = 1
    ) -> FactorEffectiveness:
        """See `engine.desk.market.MarketDesk`."""
        from engine.market.factors.effectiveness import effectiveness

        check_symbol(symbol, self._symbols)
        length = parse_period(period)
        factors = self._signals.factors
        factor = factors.get(name).name
        minutes = self._market.minutes(symbol)

        def measure() -> FactorEffectiveness:
            series = aggregate(minutes, length).closed
            return effectiveness(
                factors.array(factor, series),
                series,
                factor=factor,
                symbol=symbol,
                period=length,
                horizon=horizon,
            )

        return await asyncio.to_thread(measure)
