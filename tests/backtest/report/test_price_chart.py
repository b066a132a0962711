"""Thinned candles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.report import price_chart
from engine.errors import InvalidInput
from tests.candle_rows import recorded


@given(st.integers(1, 2_000), st.integers(1, 900))
def test_no_price_is_lost(count: int, most: int) -> None:
    rows = recorded().slice(0, count)
    chart = price_chart("BTC", rows.open_ms, rows.open, rows.high, rows.low, rows.close, most)
    assert 1 <= len(chart.ts_ms) <= most
    assert (chart.ts_ms[0], chart.open[0], chart.close[-1]) == (rows.open_ms[0], rows.open[0], rows.close[-1])
    assert max(chart.high) == rows.high.max()
    assert min(chart.low) == rows.low.min()
    for open_, high, low, close in zip(chart.open, chart.high, chart.low, chart.close, strict=True):
        assert low <= min(open_, close) <= max(open_, close) <= high


def test_no_candle() -> None:
    none = np.empty(0)
    assert price_chart("BTC", none.astype(np.int64), none, none, none, none).ts_ms == ()


def test_columns_of_different_lengths_are_refused() -> None:
    two = np.ones(2)
    with pytest.raises(InvalidInput, match="price"):
        price_chart("BTC", np.arange(2), two, two, two, np.ones(3))
