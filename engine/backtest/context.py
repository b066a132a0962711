"""A strategy's context at any time of a run: the same picture the desk would have given it then."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.account import BacktestAccount
from engine.backtest.market.base import RunMarket
from engine.market.candles.series import CandleSeries, aggregate, known_closed_ms
from engine.market.indicators import INDICATORS, indicator_array
from engine.market.market_state import CANDLES_SHOWN
from engine.market.periods import DAY_MS, Period
from engine.model.quote import Quote
from engine.model.trigger import Trigger
from engine.strategies.context import StrategyContext, SymbolContext

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ContextHistory:
    """The candles and indicators of every symbol in the trader's period, cut off at any time."""

    def __init__(
        self, account: BacktestAccount, market: RunMarket, candles: Mapping[str, CandleSeries], base: Period
    ) -> None:
        period = Period(account.trader.period)
        self._account = account
        self._market = market
        self._symbols = {
            symbol: _SymbolHistory(symbol, rows, period, base) for symbol, rows in candles.items()
        }

    def context(self, trigger: Trigger, now_ms: int) -> StrategyContext:
        """Return what a strategy sees at `now_ms`, up to which the account has advanced."""
        account, market = self._account, self._market
        symbols = account.trader.symbols
        quotes = {symbol: market.quote_at(symbol, now_ms) for symbol in symbols}
        marks = {symbol: quote.mark for symbol, quote in quotes.items()}
        return StrategyContext(
            trader=account.trader,
            trigger=trigger,
            now_ms=now_ms,
            account=account.day_account(marks, now_ms),
            positions=account.marked_positions(marks),
            open_orders=tuple(account.open_orders.values()),
            recent_fills=tuple(account.recent_fills),
            symbols=tuple(
                self._symbols[symbol].symbol_context(quotes[symbol], account.tick_size(symbol), now_ms)
                for symbol in symbols
            ),
        )


class _SymbolHistory:
    def __init__(self, symbol: str, minutes: CandleSeries, period: Period, base: Period) -> None:
        self._symbol = symbol
        self._minutes = minutes
        self._base = base
        self._candles = aggregate(minutes, period, base).closed
        self._known_ms: NDArray[np.int64] = known_closed_ms(self._candles, period, minutes, base)
        self._indicators = {
            name: indicator_array(definition, self._candles) for name, definition in INDICATORS.items()
        }

    def symbol_context(self, quote: Quote, tick_size: Decimal, now_ms: int) -> SymbolContext:
        visible = int(self._known_ms.searchsorted(now_ms, side="right"))
        return SymbolContext(
            symbol=self._symbol,
            mark=quote.mark,
            bid=quote.bid,
            ask=quote.ask,
            tick_size=tick_size,
            change_24h=self._change_24h(float(quote.mark), now_ms),
            candles=self._candles.slice(max(0, visible - CANDLES_SHOWN), visible).candles(),
            indicators=self._values(visible - 1),
        )

    def _values(self, row: int) -> dict[str, tuple[float, float]]:
        if row < 1:
            return {}
        found = {}
        for name, column in self._indicators.items():
            value, previous = float(column[row]), float(column[row - 1])
            if value == value and previous == previous:
                found[name] = (value, previous)
        return found

    def _change_24h(self, mark: float, now_ms: int) -> float | None:
        """Return the change since the last close a day before the last closed candle of the base."""
        opens, length = self._minutes.open_ms, self._base.length_ms
        last = int(opens.searchsorted(now_ms - length, side="right")) - 1
        if last < 0:
            return None
        day_ago_ms = int(opens[last]) + length - DAY_MS
        row = int(opens.searchsorted(day_ago_ms, side="right")) - 1
        return mark / float(self._minutes.close[row]) - 1 if row >= 0 else None
