"""The closes of bars, read like a column of times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.figures import BarCloses
from engine.market.periods import MINUTE_MS
from tests.backtest.made_history import START_MS, at

MINUTES = st.lists(st.integers(0, 40), unique=True, max_size=20).map(sorted)


@given(MINUTES, st.lists(st.integers(START_MS - MINUTE_MS, at(42)), max_size=10), st.data())
def test_it_reads_like_the_column_it_stands_for(
    minutes: list[int], times: list[int], data: st.DataObject
) -> None:
    opens = np.array([at(minute) for minute in minutes], dtype=np.int64)
    closes, column = BarCloses(opens, MINUTE_MS), opens + MINUTE_MS
    assert len(closes) == len(column)
    sought = np.array(times + minutes, dtype=np.int64)
    for side in ("left", "right"):
        assert closes.searchsorted(sought, side=side).tolist() == column.searchsorted(sought, side).tolist()
    if minutes:
        row = data.draw(st.integers(-len(minutes), len(minutes) - 1))
        assert closes[row] == column[row]
        rows = np.array(data.draw(st.lists(st.integers(0, len(minutes) - 1))), dtype=np.intp)
        assert closes[rows].tolist() == column[rows].tolist()


def test_no_bar_has_a_row_beyond_the_last() -> None:
    with pytest.raises(IndexError):
        BarCloses(np.array([START_MS], dtype=np.int64), MINUTE_MS)[1]
