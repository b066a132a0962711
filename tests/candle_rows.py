"""Candles for tests of the store, of imports and of backfills, and where real ones lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from engine.market.candles.series import CandleSeries, series_of
from engine.market.history.candle_store import CandleStore
from engine.market.history.series_key import SeriesKey
from engine.market.periods import Period
from engine.model.candle import Candle
from engine.samples import load_candles

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_shared_data = pytest.mark.skipif(
    not SHARED_DATA.exists(), reason="the original recordings are not here"
)
COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")
BTC_1M = SeriesKey("binance", "BTC", Period.M1)


@cache
def recorded() -> CandleSeries:
    """The shipped minutes of BTC."""
    return series_of(load_candles("BTC"))


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def candle_at(open_ms: int, length_ms: int = Period.M1.length_ms) -> Candle:
    """A possible candle that follows from its time alone."""
    step = open_ms // length_ms
    open_, close = 100 + step % 7, 100 + (step + 1) % 7
    return Candle(open_ms, open_, max(open_, close) + 0.5, min(open_, close) - 0.25, close, step % 5 / 8)


def series_at(opens: Iterable[int], period: Period = Period.M1) -> CandleSeries:
    return CandleSeries.of(candle_at(open_ms, period.length_ms) for open_ms in opens)


def run_of(start_ms: int, rows: int, period: Period = Period.M1) -> CandleSeries:
    """Candles without a gap."""
    return series_at(range(start_ms, start_ms + rows * period.length_ms, period.length_ms), period)


def taken(rows: CandleSeries, chosen: slice | list[int]) -> CandleSeries:
    return CandleSeries(*(getattr(rows, column)[chosen] for column in COLUMNS))


def assert_same(left: CandleSeries, right: CandleSeries) -> None:
    for column in COLUMNS:
        assert np.array_equal(getattr(left, column), getattr(right, column)), column


def put(
    store: CandleStore, rows: CandleSeries, key: SeriesKey = BTC_1M, *, replace: bool = False
) -> tuple[int, int, int]:
    """Store rows; return how many were added, replaced and there already."""
    with store.writing([key]) as writers:
        done = writers[key].add(rows, "test", replace=replace)
        writers[key].commit()
    return done.added, done.replaced, done.equal


@st.composite
def gappy_series(draw: st.DrawFn, period: Period = Period.M1) -> CandleSeries:
    """Real candles with holes, no hole next to another, the first near the end of a month."""
    lengths = draw(st.lists(st.tuples(st.integers(2, 40), st.integers(1, 30)), min_size=2, max_size=12))
    step = period.open_of(ms("2025-05-31T23:30")) // period.length_ms
    opens: list[int] = []
    for present, missing in lengths:
        opens.extend((step + offset) * period.length_ms for offset in range(present))
        step += present + missing
    source = taken(recorded(), slice(0, len(opens)))
    return CandleSeries(np.array(opens), source.open, source.high, source.low, source.close, source.volume)
