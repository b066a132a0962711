"""How far the price went against a position and for it while it was held.

Bars that were held from end to end count whole. Of a bar in which the position was opened or closed
only that part of the path counts which it saw: see `engine.backtest.market.candle_market`, whose
order of extremes is taken for every market.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.backtest.market.base import PATH_SIXTIETHS, Bars

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HeldSpan(msgspec.Struct, frozen=True):
    """A position's time from its first fill until its last, and the prices of these.

    A position that is still open has no last fill, and `until_ms` is the time it was looked at.
    """

    is_long: bool
    from_ms: int
    until_ms: int
    entry_price: float
    exit_price: float | None


def price_ranges(spans: Sequence[HeldSpan], bars: Bars, bar_ms: int) -> list[tuple[float, float]]:
    """Return the lowest and the highest price that each position saw, its own fills included."""
    begins = np.array([span.from_ms for span in spans], dtype=np.int64)
    ends = np.array([span.until_ms for span in spans], dtype=np.int64)
    starts = bars.open_ms.searchsorted(begins)
    stops = np.maximum(bars.open_ms.searchsorted(ends - bar_ms, side="right"), starts)
    enter, leave = (bars.rows_at(times) for times in (begins, ends))
    # Who came and went at the opens of bars saw no part of one.
    saw_parts = (bars.open_ms[enter] != begins) | ((ends - bars.open_ms[leave]) % bar_ms != 0)
    lows = _over_ranges(bars.low, starts, stops, np.minimum, np.inf).tolist()
    highs = _over_ranges(bars.high, starts, stops, np.maximum, -np.inf).tolist()
    found = []
    for span, low, high, saw_part in zip(spans, lows, highs, saw_parts.tolist(), strict=True):
        seen = [span.entry_price, span.entry_price if span.exit_price is None else span.exit_price]
        if saw_part:
            seen += _seen_in_parts_of_bars(span, bars, bar_ms)
        found.append((min(low, *seen), max(high, *seen)))
    return found


def _seen_in_parts_of_bars(span: HeldSpan, bars: Bars, bar_ms: int) -> Iterator[float]:
    first, last = bars.row_at(span.from_ms), bars.row_at(span.until_ms)
    for row in {max(first, 0), max(last, 0)}:
        open_ms = int(bars.open_ms[row])
        is_whole = span.from_ms <= open_ms and open_ms + bar_ms <= span.until_ms
        if not is_whole:
            for ts_ms, price in _path(span, bars, row, bar_ms):
                if span.from_ms <= ts_ms < span.until_ms:
                    yield price


def _path(span: HeldSpan, bars: Bars, row: int, bar_ms: int) -> Iterator[tuple[int, float]]:
    """Yield when a bar's prices were shown, the extreme first that hurts what is held at its open."""
    open_ms = int(bars.open_ms[row])
    extremes = (float(bars.low[row]), float(bars.high[row]))
    # A resting entry fills at the second extreme, which is the one that hurts it.
    if span.is_long is (span.from_ms > open_ms):
        extremes = extremes[::-1]
    prices = (float(bars.open[row]), *extremes, float(bars.close[row]))
    for sixtieth, price in zip((0, *PATH_SIXTIETHS), prices, strict=True):
        yield open_ms + bar_ms * sixtieth // 60, price


def _over_ranges(
    column: NDArray[np.float64],
    starts: NDArray[np.intp],
    stops: NDArray[np.intp],
    extreme: np.ufunc,
    nothing: float,
) -> NDArray[np.float64]:
    """Return the extreme of each range of rows, `nothing` for an empty one."""
    if len(starts) == 0:
        return np.empty(0)
    # A range that ends with the column has no border behind it: its last row is looked at by itself.
    borders = np.minimum(np.stack([starts, stops], axis=1).ravel(), len(column) - 1)
    reduced: NDArray[np.float64] = extreme.reduceat(column, borders)[::2]
    reduced = np.where(stops == len(column), extreme(reduced, column[-1]), reduced)
    return np.where(stops > starts, reduced, nothing)
