"""The shipped recordings are the originals, to the last bit, and small enough to ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import NotFound
from engine.market.candles.series import series_of
from engine.samples import CANDLE_SAMPLES, FOLDER, RAW_SAMPLE, CandleSample, load_all_candles, load_candles

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_originals = pytest.mark.skipif(not SHARED_DATA.exists(), reason="the original recordings are not here")


def test_all_of_it_is_at_most_8_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) <= 8_000_000


@needs_originals
@pytest.mark.parametrize("sample", CANDLE_SAMPLES, ids=lambda sample: sample.symbol)
def test_candles_equal_the_parquet_originals_exactly(sample: CandleSample) -> None:
    polars = pytest.importorskip("polars")
    original = polars.read_parquet(SHARED_DATA / f"binance_um_{sample.venue_symbol}_1m_2025-05_06.parquet")
    series = series_of(load_candles(sample.symbol))
    assert np.array_equal(series.open_ms, original["t_ms"].to_numpy())
    for column in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(series, column), original[column].to_numpy()), column


@needs_originals
def test_the_raw_capture_is_the_original() -> None:
    assert RAW_SAMPLE.path.read_bytes() == (SHARED_DATA / "raw" / RAW_SAMPLE.file).read_bytes()


def test_three_symbols_start_at_the_same_minute() -> None:
    recordings = load_all_candles()
    assert [recorded.sample.symbol for recorded in recordings] == ["BTC", "ETH", "SOL"]
    assert {recorded.start_ms for recorded in recordings} == {1746372780000}
    assert all(recorded.end_ms > recorded.start_ms for recorded in recordings)


def test_every_candle_is_possible() -> None:
    for recorded in load_all_candles():
        assert (recorded.low <= np.minimum(recorded.open, recorded.close)).all()
        assert (recorded.high >= np.maximum(recorded.open, recorded.close)).all()
        assert (recorded.low > 0).all()
        assert (recorded.volume >= 0).all()


def test_a_symbol_that_is_not_shipped_is_named_in_the_error() -> None:
    with pytest.raises(NotFound, match="DOGE; there are BTC, ETH, SOL"):
        load_candles("DOGE")
