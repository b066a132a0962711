"""A strategy context made of the recorded market that ships with the desk."""

from __future__ import annotations

import functools
from decimal import Decimal

import numpy as np

from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.indicators import INDICATORS, indicator_array
from engine.market.periods import Period
from engine.model.account import Account, RiskLimits, TraderConfig, TraderKind
from engine.model.candle import Candle
from engine.model.fill import Fill, Liquidity
from engine.model.order import Side
from engine.model.position import Position
from engine.model.trigger import Trigger, TriggerKind
from engine.samples import candle_sample, load_candles
from engine.strategies.context import StrategyContext, SymbolContext

SYMBOLS = ("BTC", "ETH", "SOL")


@functools.cache
def _recorded(symbol: str) -> CandleSeries:
    return aggregate(series_of(load_candles(symbol)), Period.M15).closed


@functools.cache
def _indicators(symbol: str) -> dict[str, list[float]]:
    series = _recorded(symbol)
    return {
        name: [float(value) for value in indicator_array(definition, series)]
        for name, definition in INDICATORS.items()
    }


def candle_count() -> int:
    return min(len(_recorded(symbol)) for symbol in SYMBOLS)


def symbol_context(symbol: str, index: int) -> SymbolContext:
    """What a trader sees of `symbol` just after its candle number `index` has closed."""
    series = _recorded(symbol)
    candles: tuple[Candle, ...] = series.slice(max(0, index - 99), index + 1).candles()
    tick = candle_sample(symbol).tick_size
    mark = (Decimal(repr(float(series.close[index]))) / tick).to_integral_value() * tick
    values = {
        name: (column[index], column[index - 1])
        for name, column in _indicators(symbol).items()
        if index > 0 and not np.isnan(column[index - 1])
    }
    return SymbolContext(
        symbol=symbol,
        mark=mark,
        bid=mark - tick,
        ask=mark + tick,
        tick_size=tick,
        change_24h=float(series.close[index] / series.close[index - 96] - 1) if index >= 96 else None,
        candles=candles,
        indicators=values,
    )


def context(
    index: int = 1000,
    *,
    positions: tuple[Position, ...] = (),
    fills: tuple[Fill, ...] = (),
    limits: RiskLimits | None = None,
    trigger_symbol: str = "",
) -> StrategyContext:
    """The three symbols, a prompt trader with 10,000 USDC, woken by its schedule."""
    symbols = tuple(symbol_context(symbol, index) for symbol in SYMBOLS)
    now_ms = symbols[0].candles[-1].open_ms + Period.M15.length_ms
    zero = Decimal(0)
    return StrategyContext(
        trader=TraderConfig(
            trader_id=2,
            name="Rulebook",
            kind=TraderKind.PROMPT,
            initial_capital=Decimal(10_000),
            schedule_seconds=1800,
            limits=limits or RiskLimits(),
        ),
        trigger=Trigger(kind=TriggerKind.SCHEDULED, symbol=trigger_symbol, ts_ms=now_ms),
        now_ms=now_ms,
        account=Account(
            trader_id=2,
            cash=Decimal(10_000),
            equity=Decimal(10_000),
            used_margin=zero,
            available=Decimal("9000.5"),
            unrealized_pnl=zero,
            realized_pnl=zero,
            fees=zero,
            funding=zero,
            day_pnl=zero,
        ),
        positions=positions,
        open_orders=(),
        recent_fills=fills,
        symbols=symbols,
    )


def position(symbol: str, quantity: Decimal, mark: Decimal) -> Position:
    return Position(
        trader_id=2,
        symbol=symbol,
        quantity=quantity,
        entry_price=mark - 10,
        leverage=2,
        isolated_margin=Decimal(100),
        mark_price=mark,
        liquidation_price=None,
        opened_ms=0,
    )


def fill(symbol: str, price: Decimal) -> Fill:
    return Fill(
        trade_id="t1",
        client_order_id="o1",
        trader_id=2,
        symbol=symbol,
        side=Side.BUY,
        price=price,
        quantity=Decimal("0.01"),
        fee=Decimal("0.3"),
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal(0),
        ts_ms=1_750_000_000_000,
    )
