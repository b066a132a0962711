"""Equity over a run: cash and what was held, valued at the marks of any times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.account import AccountChange
from engine.backtest.market.base import RunMarket

if TYPE_CHECKING:
    from numpy.typing import NDArray


class EquityTimeline:
    """What an account was made of over time, as columns."""

    def __init__(self, changes: Sequence[AccountChange], symbols: Sequence[str]) -> None:
        self.ts_ms = np.array([change.ts_ms for change in changes], dtype=np.int64)
        self.cash = np.array([float(change.cash) for change in changes])
        self.quantity = {symbol: np.zeros(len(changes)) for symbol in symbols}
        self.entry = {symbol: np.zeros(len(changes)) for symbol in symbols}
        for row, change in enumerate(changes):
            for symbol, quantity, entry in change.holdings:
                self.quantity[symbol][row] = float(quantity)
                self.entry[symbol][row] = float(entry)

    def at(
        self, ts_ms: NDArray[np.int64], marks: Mapping[str, NDArray[np.float64]], *, before: bool = False
    ) -> NDArray[np.float64]:
        """Return equity at many rising times, given each symbol's mark at them.

        A change at the very time counts, unless `before` is asked for.
        """
        rows = np.searchsorted(self.ts_ms, ts_ms, side="left" if before else "right") - 1
        rows = np.maximum(rows, 0)
        equity = self.cash[rows]
        for symbol, quantity in self.quantity.items():
            if quantity.any():
                equity += quantity[rows] * (marks[symbol] - self.entry[symbol][rows])
        return equity

    def over(
        self, ts_ms: NDArray[np.int64], marks: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return equity and whether anything was held just before each of many rising times.

        The same as `at`, for far more times than there are changes.
        """
        starts = ts_ms.searchsorted(self.ts_ms, side="right")
        starts[0] = 0
        lengths = np.diff(starts, append=len(ts_ms))
        equity = np.repeat(self.cash, lengths)
        held = np.zeros(len(self.ts_ms), dtype=np.bool_)
        for symbol, quantity in self.quantity.items():
            if quantity.any():
                held |= quantity != 0
                profit = marks[symbol] - np.repeat(self.entry[symbol], lengths)
                profit *= np.repeat(quantity, lengths)
                equity += profit
        return equity, np.repeat(held, lengths)


def bar_closes(market: RunMarket, symbols: Sequence[str], start_ms: int, end_ms: int) -> NDArray[np.int64]:
    """Return when each bar closes that opens from `start_ms` on and has closed by `end_ms`."""
    closes = []
    for symbol in symbols:
        opens = market.bars(symbol).open_ms
        first, stop = opens.searchsorted(start_ms), opens.searchsorted(end_ms - market.bar_ms, side="right")
        closes.append(opens[first:stop] + market.bar_ms)
    if len(closes) == 1 or all(np.array_equal(closes[0], other) for other in closes[1:]):
        return closes[0]
    return np.unique(np.concatenate(closes))


def closing_marks(market: RunMarket, symbol: str, close_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the last mark of a symbol before each time: the close of its last closed bar."""
    bars = market.bars(symbol)
    rows = np.searchsorted(bars.open_ms, close_ms - market.bar_ms, side="right") - 1
    if len(rows) and rows[0] >= 0 and rows[-1] - rows[0] == len(rows) - 1:
        return bars.close[rows[0] : rows[-1] + 1]
    marks = bars.close[np.maximum(rows, 0)]
    return np.where(rows < 0, bars.open[0], marks) if (rows < 0).any() else marks
