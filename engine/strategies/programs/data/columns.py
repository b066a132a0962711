"""How answers carry numbers: little-endian float64, and int64 for what is visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.strategies.programs.batch import Answer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from engine.market.candles.series import CandleSeries

type Column = NDArray[np.float64]

NOTHING = Answer()
"""There is no such symbol, indicator, metric or period."""
MISSING_TEXT = "\0"


def packed(values: ArrayLike) -> bytes:
    """Return numbers as an answer carries them; every NaN is the same one."""
    column = np.asarray(values, dtype="<f8").reshape(-1)
    missing = np.isnan(column)
    return (np.where(missing, np.nan, column) if missing.any() else column).tobytes()


def per_trigger(numbers: Mapping[str, ArrayLike], texts: Mapping[str, tuple[str, ...]] = {}) -> Answer:
    """Return an answer of values for each trigger."""
    return Answer(numbers={key: packed(values) for key, values in numbers.items()}, texts=dict(texts))


def series(columns: Mapping[str, ArrayLike], visible: NDArray[np.int64]) -> Answer:
    """Return an answer of series, of which trigger i sees the first `visible[i]` values."""
    return Answer(
        numbers={key: packed(values) for key, values in columns.items()},
        visible=visible.astype("<i8").tobytes(),
    )


def kline_columns(candles: CandleSeries) -> dict[str, Column | NDArray[np.int64]]:
    """Return candles by the keys of an answer; `t` is when each opens, in seconds."""
    return {
        "t": candles.open_ms // 1000,
        "o": candles.open,
        "h": candles.high,
        "l": candles.low,
        "c": candles.close,
        "v": candles.volume,
    }
