"""A market made of candles alone, wherever they come from: pessimistic, since order inside is unknown.

**At a bar's open** one quote stands at the open price, with all the size anybody wants.

**Inside a bar** the price goes open, first extreme, second extreme, close, and stops at every price
on its way at which a waiting order triggers or a position is liquidated, so that each fills there.
The extreme that hurts what is held comes first: the low for a long, the high for a short, and a stop
wins over a take-profit of the same bar. With nothing held, the extreme that fills a waiting entry
comes last, so that the entry's own target is not reached by a move from before it. A trigger beyond
the open fills at the open. A resting limit fills only when the price went through it by a step.

**Slippage** moves bid and ask away from the price by the run's share of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.market.base import Bars, QuoteColumns, QuoteTaker
from engine.market.candles.series import CandleSeries
from engine.market.periods import Period
from engine.model.instrument import Instrument
from engine.model.order import OrderType, Side
from engine.model.quote import Quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = Decimal("1e15")
"""What every quote displays: candles say nothing of depth."""

_SIXTIETHS = (20, 40, 59)
"""When the points of a bar's path after its open are reached, in sixtieths of it, as in the replay."""
_DECIMALS = 10


class CandleMarket:
    """Implements `engine.backtest.market.base.RunMarket` for closed candles of one period."""

    def __init__(
        self,
        candles: Mapping[str, CandleSeries],
        base: Period,
        instruments: Mapping[str, Instrument],
        slippage: Decimal,
    ) -> None:
        self._base = base
        self._instruments = instruments
        self._bars = {symbol: self._on_steps(symbol, rows) for symbol, rows in candles.items()}
        self._slippage = slippage
        self._buy_factor, self._sell_factor = 1 + slippage, 1 - slippage

    @property
    def bar_ms(self) -> int:
        """How long a bar is."""
        return self._base.length_ms

    def bars(self, symbol: str) -> Bars:
        """Return the bars of a symbol."""
        return self._bars[symbol]

    def quote_at(self, symbol: str, ts_ms: int) -> Quote:
        """See `RunMarket`; raises `LookupError` before the first bar."""
        bars = self._bars[symbol]
        row = int(bars.open_ms.searchsorted(ts_ms, side="right")) - 1
        if row < 0:
            raise LookupError(f"{symbol} has no price at {ts_ms}")
        stands = int(bars.open_ms[row]) == ts_ms
        return self._quote(symbol, self._price(symbol, bars.open[row] if stands else bars.close[row]), ts_ms)

    def quotes_at(self, symbol: str, ts_ms: NDArray[np.int64]) -> QuoteColumns:
        """See `RunMarket`; NaN before the first bar. With slippage bid and ask may be a step off."""
        bars = self._bars[symbol]
        rows = bars.open_ms.searchsorted(ts_ms, side="right") - 1
        marks = np.where(bars.open_ms[rows] == ts_ms, bars.open[rows], bars.close[rows])
        marks[rows < 0] = np.nan
        if self._slippage == 0:
            return QuoteColumns(marks, marks, marks)
        step = float(self._instruments[symbol].tick_size)
        bids = np.floor(marks * float(self._sell_factor) / step) * step
        asks = np.ceil(marks * float(self._buy_factor) / step) * step
        return QuoteColumns(marks, np.round(bids, _DECIMALS), np.round(asks, _DECIMALS))

    def mark_before(self, symbol: str, ts_ms: int) -> Decimal:
        """See `RunMarket`."""
        bars = self._bars[symbol]
        row = int(bars.open_ms.searchsorted(ts_ms)) - 1
        return self._price(symbol, bars.close[max(row, 0)] if row >= 0 else bars.open[0])

    def play(
        self, open_ms: int, symbols: Iterable[str], account: QuoteTaker, after_ms: int, until_ms: int
    ) -> None:
        """Show one bar, a symbol after the other."""
        for symbol in symbols:
            bars = self._bars[symbol]
            row = int(bars.open_ms.searchsorted(open_ms))
            if row < len(bars.open_ms) and int(bars.open_ms[row]) == open_ms:
                self._play_symbol(symbol, row, account, after_ms, until_ms)

    def _play_symbol(self, symbol: str, row: int, account: QuoteTaker, after_ms: int, until_ms: int) -> None:
        bars, step = self._bars[symbol], self._instruments[symbol].tick_size
        open_ms = int(bars.open_ms[row])
        low, high = self._price(symbol, bars.low[row]), self._price(symbol, bars.high[row])
        price = self._price(symbol, bars.open[row])
        if after_ms < open_ms <= until_ms:
            account.take(self._quote(symbol, price, open_ms))
        extremes = (low, high) if _low_comes_first(symbol, account) else (high, low)
        for knot, sixtieth in zip((*extremes, self._price(symbol, bars.close[row])), _SIXTIETHS, strict=True):
            ts_ms = open_ms + self.bar_ms * sixtieth // 60
            if not after_ms < ts_ms <= until_ms:
                price = knot
                continue
            for level in _levels_on_the_way(symbol, account, price, knot):
                account.take(self._quote(symbol, level, ts_ms))
            # One step short for whoever waits there: a limit fills when the price has gone through.
            account.take(self._quote(symbol, knot, ts_ms, away=step))
            price = knot

    def _quote(self, symbol: str, price: Decimal, ts_ms: int, away: Decimal = Decimal(0)) -> Quote:
        instrument = self._instruments[symbol]
        bid, ask = price, price + away
        if away:
            bid -= away
        if self._slippage:
            bid = _to_step(bid * self._sell_factor, instrument.tick_size, ROUND_FLOOR)
            ask = _to_step(ask * self._buy_factor, instrument.tick_size, ROUND_CEILING)
        return Quote(symbol, bid, ask, SIZE, SIZE, price, ts_ms)

    def _price(self, symbol: str, price: float) -> Decimal:
        return Decimal(repr(round(float(price), _DECIMALS)))

    def _on_steps(self, symbol: str, rows: CandleSeries) -> Bars:
        columns = [rows.open, rows.high, rows.low, rows.close]
        if not self._is_unruled(symbol):
            numerator, denominator = self._instruments[symbol].tick_size.as_integer_ratio()
            columns = [
                np.rint(column * denominator / numerator) * numerator / denominator for column in columns
            ]
        return Bars(rows.open_ms, *columns)

    def _is_unruled(self, symbol: str) -> bool:
        return self._instruments[symbol].tick_size == Decimal(10) ** -_DECIMALS


def _low_comes_first(symbol: str, account: QuoteTaker) -> bool:
    position = account.position(symbol)
    if position is not None:
        return position.side is Side.BUY
    buys = any(order.side is Side.BUY for order in account.waiting(symbol))
    return not buys


def _levels_on_the_way(symbol: str, account: QuoteTaker, start: Decimal, end: Decimal) -> Iterator[Decimal]:
    """Yield each price strictly between two at which something acts, as it then stands, nearest first."""
    sign = 1 if end > start else -1
    reached = start
    while True:
        levels = [
            level for level in _levels(symbol, account) if (level - reached) * sign > 0 > (level - end) * sign
        ]
        if not levels:
            return
        reached = min(levels) if sign > 0 else max(levels)
        yield reached


def _levels(symbol: str, account: QuoteTaker) -> Iterator[Decimal]:
    position = account.position(symbol)
    if position is not None and position.liquidation_price is not None:
        yield position.liquidation_price
    for order in account.waiting(symbol):
        if order.trigger_price is not None and order.type is not OrderType.MARKET:
            yield order.trigger_price


def _to_step(price: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (price / step).to_integral_value(rounding) * step
