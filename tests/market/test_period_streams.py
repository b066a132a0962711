"""Candles and streams of one period that follow the minutes equal what all minutes give at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.market.candles.period_history import PeriodHistory
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.factors.library import FactorLibrary
from engine.market.indicators import indicator, indicator_array
from engine.market.period_streams import KEPT_STREAMS, VALUES_KEPT, PeriodStreams
from engine.market.periods import Period
from tests.signals.market import minutes_of, without_rows


def same(one: CandleSeries, other: CandleSeries) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in CandleSeries.__struct_fields__
    )


@given(
    first=st.integers(0, 3000),
    holes=st.lists(st.tuples(st.integers(0, 2900), st.integers(1, 200)), max_size=3),
    period=st.sampled_from(Period),
    cuts=st.lists(st.integers(0, 3000), max_size=4),
)
def test_candles_that_follow_the_minutes_are_those_of_all_minutes(
    first: int, holes: list[tuple[int, int]], period: Period, cuts: list[int]
) -> None:
    missing = sorted({row for at, length in holes for row in range(at, min(at + length, 3000))})
    minutes = without_rows(minutes_of("SOL", 3000, first), missing)
    begin, *later = sorted(cuts) or [0]
    history = PeriodHistory(minutes.slice(0, begin), period)
    for stop in (*later, len(minutes)):
        if stop > len(history.minutes):
            history.take(minutes.slice(0, stop))
        whole = aggregate(history.minutes, period)
        assert same(history.closed(), whole.closed)
        assert history.forming() == whole.forming


def test_streams_opened_early_or_late_end_alike() -> None:
    minutes, library = minutes_of("SOL", 3000), FactorLibrary()
    early = PeriodStreams(minutes.slice(0, 500), Period.M5)
    late = PeriodStreams(minutes, Period.M5)
    line = indicator("ema(30)")
    early.recent(line)
    early.factor("roc10", library)
    for stop in (501, 1700, 3000):
        early.take(minutes.slice(0, stop))
    closed = aggregate(minutes, Period.M5).closed
    expected = indicator_array(line, closed)[-VALUES_KEPT:].tolist()
    assert early.recent(line) == late.recent(line) == expected
    assert early.factor("roc10", library) == late.factor("roc10", library)
    assert early.factor("roc10", library) == library.array("roc10", closed)[-1]


def test_only_so_many_streams_are_kept_and_those_dropped_come_back_the_same() -> None:
    streams = PeriodStreams(minutes_of("SOL", 400), Period.M1)
    lines = [indicator(f"sma({length})") for length in range(2, KEPT_STREAMS + 12)]
    before = [streams.recent(line) for line in lines]
    assert len(streams._functions) == KEPT_STREAMS
    assert [streams.recent(line) for line in lines] == before
