"""A trader's context over the shipped recording, as the desk would build it."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np

from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.flow.series import FlowSeries
from engine.market.indicators import INDICATORS, indicator_array
from engine.market.periods import Period
from engine.model.account import Account, TraderConfig, TraderKind
from engine.model.fill import Fill
from engine.model.order import Order
from engine.model.position import Position
from engine.model.trigger import Trigger, TriggerKind
from engine.samples import candle_sample, load_candles
from engine.signals.conditions.metric_names import built_in_factors
from engine.strategies.context import StrategyContext, SymbolContext
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.programs.data.funding import FundingHistory
from engine.strategies.programs.data.history import HistoryData, SymbolHistory

SYMBOLS = ("BTC", "ETH", "SOL")
CANDLES_SHOWN = 100


class Recording:
    """Five-minute candles and indicators of the shipped symbols, cut at any candle."""

    def __init__(self, period: Period = Period.M5) -> None:
        self.period = period
        self.series: dict[str, CandleSeries] = {}
        self.values: dict[str, dict[str, list[float]]] = {}
        record: dict[str, SymbolHistory] = {}
        for symbol in SYMBOLS:
            minutes = series_of(load_candles(symbol)).slice(0, 14_400)
            flow = FlowSeries.of_minutes(minutes)
            record[symbol] = SymbolHistory(minutes, flow, built_in_factors(), FundingHistory.none())
            closed = aggregate(minutes, period).closed
            self.series[symbol] = closed
            self.values[symbol] = {
                name: indicator_array(definition, closed).tolist() for name, definition in INDICATORS.items()
            }

        self.history = HistoryData(record)

    def answerer(self, context: StrategyContext) -> Callable[[DataQuery, int], Answer]:
        """Return what answers a program's questions at a context."""
        markets = {
            each.symbol: MarketColumns(
                mark=np.float64(each.mark).tobytes(),
                bid=np.float64(each.bid).tobytes(),
                ask=np.float64(each.ask).tobytes(),
                tick_size=float(each.tick_size),
            )
            for each in context.symbols
        }

        def answer(query: DataQuery, now_ms: int) -> Answer:
            return self.history.answer(query, np.array([now_ms]), markets.get(query.symbol))

        return answer

    def symbol(self, symbol: str, index: int) -> SymbolContext:
        """Return what is known when candle `index` has closed."""
        series = self.series[symbol]
        mark = Decimal(str(series.candle(index).close))
        tick = candle_sample(symbol).tick_size
        pairs = {
            name: (values[index], values[index - 1])
            for name, values in self.values[symbol].items()
            if index > 0 and not math.isnan(values[index - 1])
        }
        return SymbolContext(
            symbol=symbol,
            mark=mark,
            bid=mark - tick,
            ask=mark + tick,
            tick_size=tick,
            change_24h=0.02,
            candles=series.slice(max(0, index + 1 - CANDLES_SHOWN), index + 1).candles(),
            indicators=pairs,
        )

    def context(
        self,
        index: int = 500,
        *,
        symbols: tuple[str, ...] = SYMBOLS,
        trigger_symbol: str = "",
        positions: tuple[Position, ...] = (),
        open_orders: tuple[Order, ...] = (),
        recent_fills: tuple[Fill, ...] = (),
    ) -> StrategyContext:
        """Return a trader's whole context when candle `index` has closed."""
        now_ms = int(self.series["BTC"].open_ms[index]) + self.period.length_ms
        return StrategyContext(
            trader=TraderConfig(
                trader_id=7,
                name="Reverter",
                kind=TraderKind.PROGRAM,
                initial_capital=Decimal(10_000),
                symbols=symbols,
                period=str(self.period),
            ),
            trigger=Trigger(
                kind=TriggerKind.SIGNAL if trigger_symbol else TriggerKind.SCHEDULED,
                symbol=trigger_symbol,
                ts_ms=now_ms,
                signal="rsi14 crosses below 30" if trigger_symbol else "",
            ),
            now_ms=now_ms,
            account=Account(
                trader_id=7,
                cash=Decimal(10_000),
                equity=Decimal(10_000),
                used_margin=Decimal("2512.5"),
                available=Decimal("7487.5"),
                unrealized_pnl=Decimal(0),
                realized_pnl=Decimal(0),
                fees=Decimal(0),
                funding=Decimal(0),
                day_pnl=Decimal(0),
            ),
            positions=positions,
            open_orders=open_orders,
            recent_fills=recent_fills,
            symbols=tuple(self.symbol(symbol, index) for symbol in symbols),
        )
