"""A market made of candles alone, wherever they come from: pessimistic, since order inside is unknown.

**At a bar's open** one quote stands at the open price, with all the size anybody wants.

**Inside a bar** the price goes open, first extreme, second extreme, close, and stops at every price
on its way at which a waiting order triggers or a position is liquidated, so that each fills there.
The extreme that hurts what is held comes first: the low for a long, the high for a short, and a stop
wins over a take-profit of the same bar. With nothing held, the extreme that fills a waiting entry
comes last, so that the entry's own target is not reached by a move from before it. A trigger beyond
the open fills at the open. A resting limit fills when a bar opens at it or beyond it, and else only
when the price went through it by a step. Several symbols go their ways side by side.

**Slippage** moves bid and ask away from the price by the run's share of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.market.base import PATH_SIXTIETHS, Bars, QuoteColumns, QuoteTaker, bars_of
from engine.market.candles.series import CandleSeries
from engine.market.periods import Period
from engine.model.instrument import Instrument
from engine.model.order import OrderType, Side
from engine.model.quote import Quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = Decimal("1e15")
"""What every quote displays: candles say nothing of depth."""

_DECIMALS = 10
_SLACK = 1e-7
"""How much of a step the rounding of floats may amount to."""


class CandleMarket:
    """Implements `engine.backtest.market.base.RunMarket` for closed candles of one period."""

    def __init__(
        self,
        candles: Mapping[str, CandleSeries],
        base: Period,
        instruments: Mapping[str, Instrument],
        slippage: Decimal,
    ) -> None:
        self._bar_ms = base.length_ms
        self._instruments = instruments
        self._bars = {symbol: self._on_steps(symbol, rows) for symbol, rows in candles.items()}
        self._slippage = slippage

    @property
    def bar_ms(self) -> int:
        """How long a bar is."""
        return self._bar_ms

    def bars(self, symbol: str) -> Bars:
        """Return the bars of a symbol."""
        return self._bars[symbol]

    def open_quote_at(self, symbol: str, ts_ms: int) -> Quote | None:
        """See `RunMarket`."""
        bars = self._bars[symbol]
        row = bars.row_at(ts_ms)
        if row < 0 or ts_ms >= bars.open_ms.item(row) + self._bar_ms:
            return None
        return self._quote(symbol, _decimal(bars.open.item(row)), ts_ms)

    def quote_at(self, symbol: str, ts_ms: int) -> Quote:
        """See `RunMarket`; raises `LookupError` before the first bar."""
        bars = self._bars[symbol]
        row = bars.row_at(ts_ms)
        if row < 0:
            raise LookupError(f"{symbol} has no price at {ts_ms}")
        forms = ts_ms < bars.open_ms.item(row) + self._bar_ms
        return self._quote(symbol, _decimal((bars.open if forms else bars.close).item(row)), ts_ms)

    def quotes_at(self, symbol: str, ts_ms: NDArray[np.int64]) -> QuoteColumns:
        """See `RunMarket`; NaN before the first bar."""
        bars = self._bars[symbol]
        rows = bars.rows_at(ts_ms)
        marks = np.where(ts_ms < bars.open_ms[rows] + self._bar_ms, bars.open[rows], bars.close[rows])
        marks[rows < 0] = np.nan
        return QuoteColumns(
            marks, self._slipped(symbol, marks, Side.SELL), self._slipped(symbol, marks, Side.BUY)
        )

    def mark_before(self, symbol: str, ts_ms: int) -> Decimal:
        """See `RunMarket`; inside a bar it is the bar's open, before the first bar that one's."""
        bars = self._bars[symbol]
        row = max(bars.row_at(ts_ms - 1), 0)
        forms = ts_ms < bars.open_ms.item(row) + self._bar_ms
        return _decimal((bars.open if forms else bars.close).item(row))

    def play(
        self, open_ms: int, symbols: Iterable[str], account: QuoteTaker, after_ms: int, until_ms: int
    ) -> None:
        """Show one bar, at each point of its path one symbol after the other."""
        rows = [(symbol, row) for symbol in symbols if (row := self._row_of(symbol, open_ms)) is not None]
        if after_ms < open_ms <= until_ms:
            for symbol, row in rows:
                account.take(self._quote(symbol, _decimal(self._bars[symbol].open[row]), open_ms))
        paths = [(symbol, self._path(symbol, row, account)) for symbol, row in rows]
        for point, sixtieth in enumerate(PATH_SIXTIETHS):
            ts_ms = open_ms + self._bar_ms * sixtieth // 60
            if after_ms < ts_ms <= until_ms:
                for symbol, path in paths:
                    self._go(symbol, path[point], path[point + 1], ts_ms, account)

    def _row_of(self, symbol: str, open_ms: int) -> int | None:
        bars = self._bars[symbol]
        row = bars.row_at(open_ms)
        return row if row >= 0 and bars.open_ms.item(row) == open_ms else None

    def _path(self, symbol: str, row: int, account: QuoteTaker) -> tuple[Decimal, ...]:
        """Return open, first extreme, second extreme and close of a bar."""
        bars = self._bars[symbol]
        extremes = _decimal(bars.low[row]), _decimal(bars.high[row])
        if not _low_comes_first(symbol, account):
            extremes = extremes[::-1]
        return _decimal(bars.open[row]), *extremes, _decimal(bars.close[row])

    def _go(self, symbol: str, start: Decimal, end: Decimal, ts_ms: int, account: QuoteTaker) -> None:
        """Show the way from one point of a path to the next."""
        for level in _levels_on_the_way(symbol, account, start, end):
            account.take(self._quote(symbol, level, ts_ms))
        # One step short for whoever waits there: a limit fills when the price has gone through.
        account.take(self._quote(symbol, end, ts_ms, away=self._instruments[symbol].tick_size))

    def _quote(self, symbol: str, price: Decimal, ts_ms: int, away: Decimal = Decimal(0)) -> Quote:
        bid, ask = (price - away, price + away) if away else (price, price)
        if self._slippage:
            bid = _decimal(self._slipped(symbol, np.array([float(bid)]), Side.SELL)[0])
            ask = _decimal(self._slipped(symbol, np.array([float(ask)]), Side.BUY)[0])
        return Quote(symbol, bid, ask, SIZE, SIZE, price, ts_ms)

    def _slipped(self, symbol: str, prices: NDArray[np.float64], side: Side) -> NDArray[np.float64]:
        """Return what a taker gets who meets prices: worse by the slippage, on the venue's steps."""
        if not self._slippage:
            return prices
        worse = prices * float(1 + side.sign * self._slippage)
        if not self._is_unruled(symbol):
            step = float(self._instruments[symbol].tick_size)
            steps = worse / step
            worse = (np.ceil(steps - _SLACK) if side is Side.BUY else np.floor(steps + _SLACK)) * step
        return np.round(worse, _DECIMALS)

    def _on_steps(self, symbol: str, rows: CandleSeries) -> Bars:
        columns = [rows.open, rows.high, rows.low, rows.close]
        if not self._is_unruled(symbol):
            numerator, denominator = self._instruments[symbol].tick_size.as_integer_ratio()
            columns = [
                np.rint(column * denominator / numerator) * numerator / denominator for column in columns
            ]
        return bars_of(rows.open_ms, self._bar_ms, columns)

    def _is_unruled(self, symbol: str) -> bool:
        return self._instruments[symbol].tick_size == Decimal(10) ** -_DECIMALS


def _decimal(price: float) -> Decimal:
    return Decimal(repr(round(float(price), _DECIMALS)))


def _low_comes_first(symbol: str, account: QuoteTaker) -> bool:
    position = account.position(symbol)
    if position is not None:
        return position.side is Side.BUY
    buys = any(order.side is Side.BUY for order in account.waiting(symbol))
    return not buys


def _levels_on_the_way(symbol: str, account: QuoteTaker, start: Decimal, end: Decimal) -> Iterator[Decimal]:
    """Yield each price after `start` up to `end` at which something acts by then, nearest first."""
    sign = 1 if end > start else -1
    reached = start
    while True:
        levels = [
            level
            for level in _levels(symbol, account)
            if (level - reached) * sign > 0 >= (level - end) * sign
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
