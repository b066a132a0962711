"""What every market of a backtest can do: say where prices went, and show a bar quote by quote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from engine.model.order import Order
from engine.model.position import Position
from engine.model.quote import Quote

if TYPE_CHECKING:
    from numpy.typing import NDArray


PATH_SIXTIETHS = (20, 40, 59)
"""When first extreme, second extreme and close of a bar are reached, in sixtieths of it, as in the replay."""


class Bars(msgspec.Struct, frozen=True, eq=False):
    """Where a symbol's mark price went, bar by bar; times are int64, prices float64.

    `step_ms` is the time from each bar's open to the next one's where that is the same throughout,
    0 where there are gaps.
    """

    open_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    first_ms: int = 0
    step_ms: int = 0

    def row_at(self, ts_ms: int) -> int:
        """Return the row of the last bar that opened at or before a time, -1 before the first."""
        if self.step_ms:
            return min(max((ts_ms - self.first_ms) // self.step_ms, -1), len(self.open_ms) - 1)
        return int(self.open_ms.searchsorted(ts_ms, side="right")) - 1

    def rows_at(self, ts_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the same at many times."""
        if not self.step_ms:
            return self.open_ms.searchsorted(ts_ms, side="right") - 1
        rows = ts_ms - self.first_ms
        rows //= self.step_ms
        return np.clip(rows, -1, len(self.open_ms) - 1, out=rows)


def bars_of(open_ms: NDArray[np.int64], bar_ms: int, prices: Sequence[NDArray[np.float64]]) -> Bars:
    """Return bars (at least one) of their opens, highs, lows and closes."""
    first_ms = int(open_ms[0])
    has_gaps = int(open_ms[-1]) - first_ms != (len(open_ms) - 1) * bar_ms
    opens, highs, lows, closes = prices
    return Bars(open_ms, opens, highs, lows, closes, first_ms, 0 if has_gaps else bar_ms)


class QuoteColumns(msgspec.Struct, frozen=True, eq=False):
    """The quote of a symbol at many times, as the floats of what `quote_at` gives."""

    mark: NDArray[np.float64]
    bid: NDArray[np.float64]
    ask: NDArray[np.float64]


class QuoteTaker(Protocol):
    """Whoever a market shows its quotes to: an account with positions and waiting orders."""

    def take(self, quote: Quote) -> None:
        """Let a quote trade, trigger and liquidate."""
        ...

    def position(self, symbol: str) -> Position | None:
        """Return what is held."""
        ...

    def waiting(self, symbol: str) -> Iterable[Order]:
        """Return the open orders, oldest first."""
        ...


class RunMarket(Protocol):
    """A recorded market, read where something can happen instead of from end to end."""

    @property
    def bar_ms(self) -> int:
        """How long a bar is."""
        ...

    def bars(self, symbol: str) -> Bars:
        """Return the bars of a symbol."""
        ...

    def open_quote_at(self, symbol: str, ts_ms: int) -> Quote | None:
        """Return the quote in force if a bar covers the time: in a gap there is nothing to trade with."""
        ...

    def quote_at(self, symbol: str, ts_ms: int) -> Quote:
        """Return the quote in force: in a bar its first, in a gap the last close."""
        ...

    def quotes_at(self, symbol: str, ts_ms: NDArray[np.int64]) -> QuoteColumns:
        """Return the same at many times."""
        ...

    def mark_before(self, symbol: str, ts_ms: int) -> Decimal:
        """Return the last mark known strictly before a time: what funding and positions are valued at."""
        ...

    def play(
        self, open_ms: int, symbols: Iterable[str], account: QuoteTaker, after_ms: int, until_ms: int
    ) -> None:
        """Show the bar that opens at `open_ms`, of its quotes those after `after_ms` up to `until_ms`."""
        ...
