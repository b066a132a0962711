"""What holds for any candles: order of arrival does not matter, files give back what they were given."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles.series import CandleSeries
from engine.market.history.candle_store import CandleStore
from engine.market.history.export_file import export_rows
from engine.market.history.gaps import Coverage, gaps_of, missing_in
from engine.market.history.import_file import read_candle_file
from engine.market.history.series_key import SeriesKey
from engine.market.periods import Period
from tests.candle_rows import BTC_1M, assert_same, gappy_series, put, taken

some = settings(max_examples=25)


@some
@given(rows=gappy_series(), data=st.data())
def test_any_split_in_any_order_gives_the_same_store(rows: CandleSeries, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=6)))
    edges = [0, *cuts, len(rows)]
    chunks = [taken(rows, slice(*pair)) for pair in pairwise(edges)]
    # Some rows come twice.
    repeated = data.draw(st.sampled_from(chunks))
    with tempfile.TemporaryDirectory() as folder:
        store = CandleStore(Path(folder))
        sent = 0
        for number, chunk in enumerate(data.draw(st.permutations([*chunks, repeated]))):
            file = Path(folder, f"{number}.csv")
            export_rows(chunk, file)
            read = read_candle_file(file, venue="binance", symbol="BTC", period="1m")
            added, replaced, equal = put(store, read.rows, read.key)
            sent += added
            assert (replaced, added + equal) == (0, len(chunk))
        assert sent == len(rows)
        assert_same(store.read(BTC_1M).rows, rows)


@some
@given(rows=gappy_series(), suffix=st.sampled_from([".parquet", ".csv", ".feather"]))
def test_an_exported_file_imports_as_what_it_was(rows: CandleSeries, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"candles{suffix}")
        export_rows(rows, file)
        read = read_candle_file(file, venue="binance", symbol="BTC")
    assert read.key == BTC_1M
    assert_same(read.rows, rows)


@given(price=st.floats(min_value=1e-300, max_value=1e300), volume=st.floats(0, 1e300))
@some
def test_a_csv_keeps_every_bit_of_a_number(price: float, volume: float) -> None:
    column = np.array([price])
    rows = CandleSeries(
        np.array([1_746_057_600_000]), column, column, column, column, np.array([abs(volume)])
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "candles.csv")
        export_rows(rows, file)
        assert_same(read_candle_file(file, venue="binance", symbol="BTC", period="1m").rows, rows)


@pytest.mark.parametrize("period", [Period.M1, Period.H4, Period.W1])
@given(data=st.data())
@some
def test_what_is_there_and_what_is_missing_add_up(period: Period, data: st.DataObject) -> None:
    rows = data.draw(gappy_series(period))
    coverage = Coverage(SeriesKey("x", "X", period), int(rows.open_ms[0]), int(rows.open_ms[-1]), len(rows))
    gaps = gaps_of(rows.open_ms, period)
    assert sum(gap.missing for gap in gaps) == coverage.missing
    absent = [each for gap in gaps for each in range(gap.start_ms, gap.end_ms, period.length_ms)]
    assert len(absent) == coverage.missing
    everything = sorted([*rows.open_ms.tolist(), *absent])
    assert everything == list(range(coverage.first_ms, coverage.last_ms + 1, period.length_ms))
    first, after = sorted(data.draw(st.tuples(*[st.integers(-20, len(everything) + 20)] * 2)))
    start_ms, end_ms = (coverage.first_ms + step * period.length_ms for step in (first, after))
    wanted = set(range(start_ms, end_ms, period.length_ms))
    missing = missing_in(rows.open_ms, period, start_ms, end_ms)
    found = {each for gap in missing for each in range(gap.start_ms, gap.end_ms, period.length_ms)}
    assert found == wanted - set(rows.open_ms.tolist())
