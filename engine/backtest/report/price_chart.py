"""The price as a report shows it: candles thinned to what a page has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_CANDLES = 700


class PriceChart(msgspec.Struct, frozen=True, kw_only=True):
    """Candles of one symbol as columns of equal length, oldest first; `ts_ms` is when each opens.

    Trades are marked on it if their symbol is `symbol`.
    """

    symbol: str
    ts_ms: tuple[int, ...] = ()
    open: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    close: tuple[float, ...] = ()


def price_chart(
    symbol: str,
    open_ms: NDArray[np.int64],
    open_: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    max_candles: int = DEFAULT_CANDLES,
) -> PriceChart:
    """Join candles, equally many each time, until at most `max_candles` (1 or more) are left.

    A joined candle has the first open, the highest high, the lowest low and the last close.
    Raises `InvalidInput` for columns of different lengths.
    """
    import numpy as np

    count = len(open_ms)
    if any(len(column) != count for column in (open_, high, low, close)):
        raise InvalidInput.of("price", "columns of different lengths", "give a value for each candle")
    if not count:
        return PriceChart(symbol=symbol)
    step = -(-count // max(1, max_candles))
    starts = np.arange(0, count, step)
    ends = np.append(starts[1:], count) - 1
    return PriceChart(
        symbol=symbol,
        ts_ms=tuple(open_ms[starts].tolist()),
        open=tuple(open_[starts].tolist()),
        high=tuple(np.maximum.reduceat(high, starts).tolist()),
        low=tuple(np.minimum.reduceat(low, starts).tolist()),
        close=tuple(close[ends].tolist()),
    )
