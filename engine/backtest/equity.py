"""Equity over a run: cash and what was held, valued at the marks of any times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.backtest.account import AccountChange
from engine.backtest.figures import BarCloses
from engine.backtest.market.base import RunMarket

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 65_536
"""How many bars are worked out at a time: as many as the processor's cache holds."""


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
        self, ts_ms: BarCloses, marks: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return equity and whether anything was held just before each of many rising times.

        The same as `at`, for far more times than there are changes.
        """
        borders = ts_ms.searchsorted(self.ts_ms, side="right")
        borders[0] = 0
        borders = np.append(borders, len(ts_ms))
        traded = {symbol: quantity for symbol, quantity in self.quantity.items() if quantity.any()}
        is_held = np.zeros(len(self.ts_ms), dtype=np.bool_)
        for quantity in traded.values():
            is_held |= quantity != 0
        equity, held = np.empty(len(ts_ms)), np.empty(len(ts_ms), dtype=np.bool_)
        for first in range(0, len(ts_ms), BLOCK):
            last = min(first + BLOCK, len(ts_ms))
            begin, end = borders.searchsorted(first, side="right") - 1, borders.searchsorted(last)
            part = slice(int(begin), int(end))
            within = np.clip(borders[begin : end + 1], first, last)
            lengths = within[1:] - within[:-1]
            worth = np.repeat(self.cash[part], lengths)
            for symbol, quantity in traded.items():
                profit = marks[symbol][first:last] - np.repeat(self.entry[symbol][part], lengths)
                profit *= np.repeat(quantity[part], lengths)
                worth += profit
            equity[first:last] = worth
            held[first:last] = np.repeat(is_held[part], lengths)
        return equity, held


def bar_closes(market: RunMarket, symbols: Sequence[str], start_ms: int, end_ms: int) -> BarCloses:
    """Return when each bar closes that opens from `start_ms` on and has closed by `end_ms`."""
    found = []
    for symbol in symbols:
        opens = market.bars(symbol).open_ms
        first, stop = opens.searchsorted((start_ms, end_ms - market.bar_ms + 1))
        found.append(opens[first:stop])
    is_one = all(np.array_equal(found[0], other) for other in found[1:])
    return BarCloses(found[0] if is_one else np.unique(np.concatenate(found)), market.bar_ms)


def closing_marks(market: RunMarket, symbol: str, close_ms: BarCloses) -> NDArray[np.float64]:
    """Return the last mark of a symbol before each time: the close of its last closed bar."""
    bars = market.bars(symbol)
    if not len(close_ms):
        return bars.close[:0]
    first, last = (bars.row_at(int(close_ms[place]) - market.bar_ms) for place in (0, -1))
    # Bars open on the grid of their period: as many rows as times are one row for each.
    if bars.step_ms and first >= 0 and last - first == len(close_ms) - 1:
        return bars.close[first : last + 1]
    rows = bars.rows_at(close_ms[np.arange(len(close_ms))] - market.bar_ms)
    marks = bars.close[np.maximum(rows, 0)]
    return np.where(rows < 0, bars.open[0], marks) if (rows < 0).any() else marks
