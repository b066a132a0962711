"""The closed candles of one symbol's history in every period, and the indicators over them.

Conditions of signals and questions of programs look at the same ones: whoever asks second finds them
computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.market.candles.series import CandleSeries, aggregate, known_closed_ms
from engine.market.indicators import IndicatorDefinition
from engine.market.indicators.functions import function_arrays
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Closed(msgspec.Struct, frozen=True, eq=False):
    """The closed candles of one period, and when each was known to be closed (UTC milliseconds)."""

    candles: CandleSeries
    known_ms: NDArray[np.int64]

    def visible(self, ts_ms: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return how many candles are known at each time."""
        return self.known_ms.searchsorted(ts_ms, side="right")


class ClosedCandles:
    """What candles of `base` come to; each array is computed once and kept.

    `closes` are times kept anyway, which stand for those of a period that are the same.
    """

    def __init__(self, minutes: CandleSeries, base: Period, closes: NDArray[np.int64] | None = None) -> None:
        self._minutes = minutes
        self._base = base
        self._closes = closes
        self._closed: dict[Period, Closed] = {}
        self._functions: dict[tuple[object, ...], tuple[NDArray[np.float64], ...]] = {}

    def of(self, period: Period) -> Closed:
        """Return the closed candles of a period that is made of `base`."""
        if period not in self._closed:
            candles = aggregate(self._minutes, period, self._base).closed
            known_ms = known_closed_ms(candles, period, self._minutes, self._base)
            if self._closes is not None and np.array_equal(self._closes, known_ms):
                known_ms = self._closes
            self._closed[period] = Closed(candles, known_ms)
        return self._closed[period]

    def indicator(self, line: IndicatorDefinition, period: Period) -> NDArray[np.float64]:
        """Return an indicator at every closed candle of a period, NaN where it is missing."""
        key = period, line.function, line.inputs, line.parameters
        if key not in self._functions:
            candles = self.of(period).candles
            self._functions[key] = function_arrays(line.function, line.inputs, line.parameters, candles)
        return self._functions[key][line.output or 0]
