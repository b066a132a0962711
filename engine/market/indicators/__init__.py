"""Indicators: a name, a definition, and its values in array and in streaming form.

Values exist once an indicator has warmed up; before that they are missing: NaN in arrays, None in a
stream, absent from `IndicatorSet.values`; never 0 or 50. Candles are taken as consecutive: a gap in
the record is stepped over, not filled. What sums up or smooths without end (`OBV`, `EMA`) depends on
the first candle it saw, so everything that should agree must start from the same one: the first on
record. `maxindex` and its like count candles from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.market.indicators.functions import function_arrays
from engine.market.indicators.names import indicator, indicator_lines, with_length
from engine.market.indicators.streams import FunctionStream, IndicatorSet, IndicatorStream
from engine.market.indicators.table import INDICATOR_INFOS, INDICATORS, IndicatorDefinition, rsi

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.market.candles.series import CandleSeries
    from engine.model.chart import IndicatorInfo

__all__ = [
    "INDICATORS",
    "INDICATOR_INFOS",
    "FunctionStream",
    "IndicatorDefinition",
    "IndicatorSet",
    "IndicatorStream",
    "indicator",
    "indicator_array",
    "indicator_infos",
    "indicator_lines",
    "rsi",
    "with_length",
]


def indicator_infos() -> tuple[IndicatorInfo, ...]:
    """Return every indicator with a name of its own, in the table's order."""
    return tuple(INDICATOR_INFOS.values())


def indicator_array(definition: IndicatorDefinition, series: CandleSeries) -> NDArray[np.float64]:
    """Return the indicator at every candle of `series`, NaN where it is missing."""
    outputs = function_arrays(definition.function, definition.inputs, definition.parameters, series)
    return outputs[definition.output or 0]
