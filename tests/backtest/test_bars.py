"""Bars are found by arithmetic where none is missing, and otherwise by looking: both find the same."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.market.base import Bars, bars_of
from engine.market.periods import MINUTE_MS
from tests.backtest.made_history import START_MS, at

TIMES = st.lists(st.integers(START_MS - 3 * MINUTE_MS, at(40)), max_size=20)
MINUTES = st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=20).map(sorted)


def bars_at(minutes: list[int]) -> Bars:
    opens = np.array([at(minute) for minute in minutes], dtype=np.int64)
    return bars_of(opens, MINUTE_MS, [np.ones(len(minutes))] * 4)


@given(st.integers(1, 30), TIMES)
def test_the_arithmetic_of_whole_bars_is_the_search_of_gapped_ones(count: int, times: list[int]) -> None:
    whole = bars_at(list(range(count)))
    assert whole.step_ms == MINUTE_MS
    searched = msgspec.structs.replace(whole, step_ms=0)
    for ts_ms in [*times, START_MS, START_MS - 1, at(count) - 1, at(count)]:
        assert whole.row_at(ts_ms) == searched.row_at(ts_ms)


@given(MINUTES, TIMES)
def test_a_row_is_that_of_the_last_bar_that_has_opened(minutes: list[int], times: list[int]) -> None:
    found = bars_at(minutes)
    assert bool(found.step_ms) is (minutes[-1] - minutes[0] == len(minutes) - 1)
    rows = [sum(at(minute) <= ts_ms for minute in minutes) - 1 for ts_ms in times]
    assert [found.row_at(ts_ms) for ts_ms in times] == rows
    asked = np.array(times, dtype=np.int64)
    assert found.rows_at(asked).tolist() == rows
    assert asked.tolist() == times
