"""Markets the factor tests run on: recorded ones, and recorded ones with holes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.factors.streams import FactorStream
from engine.market.periods import Period
from engine.samples import load_candles

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@cache
def recorded(symbol: str = "BTC", period: Period = Period.M1) -> CandleSeries:
    return aggregate(series_of(load_candles(symbol)), period).closed


def shared(file: str) -> CandleSeries:
    polars = pytest.importorskip("polars")
    if not (SHARED_DATA / file).exists():
        pytest.skip("the original recordings are not here")
    table = polars.read_parquet(SHARED_DATA / file)
    return CandleSeries(
        *(table[column].to_numpy() for column in ("t_ms", "open", "high", "low", "close", "volume"))
    )


def with_holes(series: CandleSeries, seed: int, share: float = 0.02) -> CandleSeries:
    """Return the series with some values of every price and volume column missing."""
    rng = np.random.default_rng(seed)
    return msgspec.structs.replace(
        series,
        **{
            column: np.where(rng.random(len(series)) < share, np.nan, getattr(series, column))
            for column in ("open", "high", "low", "close", "volume")
        },
    )


def streamed(stream: FactorStream, series: CandleSeries) -> NDArray[np.float64]:
    return np.array([stream.update(candle) for candle in series.candles()], dtype=float)


def assert_same_bits(one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    assert one.shape == other.shape
    ones, others = (np.where(np.isnan(each), np.nan, each).view(np.int64) for each in (one, other))
    different = np.flatnonzero(ones != others)
    assert len(different) == 0, (different[:5], one[different[:5]], other[different[:5]])
