"""The last few buckets of a window: the same over arrays and live, whenever one begins to look."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.market.flow.buckets import MOST_BUCKETS, BucketArrays, BucketStream
from engine.market.flow.metrics import FlowQuantity, flow_array
from engine.market.flow.series import FlowSeries
from engine.market.periods import Period
from tests.signals.market import flow_of

SAMPLES = 6000


def with_holes(holes: list[tuple[int, int]]) -> FlowSeries:
    flow = flow_of("SOL", SAMPLES // 4)
    kept = np.ones(SAMPLES, dtype=bool)
    for first, length in holes:
        kept[first : first + length] = False
    return FlowSeries(*(getattr(flow, name)[kept] for name in flow.__struct_fields__))


@given(
    holes=st.lists(st.tuples(st.integers(0, SAMPLES), st.integers(1, 900)), max_size=3),
    window=st.sampled_from(Period),
    steps=st.lists(st.integers(1, 1500), min_size=1, max_size=6),
    quantity=st.sampled_from(FlowQuantity),
)
def test_both_forms_agree_bit_for_bit(
    holes: list[tuple[int, int]], window: Period, steps: list[int], quantity: FlowQuantity
) -> None:
    flow = with_holes(holes)
    arrays, stops = BucketArrays(flow, window), np.minimum(np.cumsum([0, *steps]), len(flow))
    whole = arrays.recent(quantity, stops - 1, MOST_BUCKETS)
    stream = BucketStream(flow.slice(0, 0), window)
    for place, stop in enumerate(stops.tolist()):
        stream.take(flow.slice(0, stop))
        expected = np.where(np.isnan(whole[:, place]), np.nan, whole[:, place]).tobytes()
        anew = BucketStream(flow.slice(0, stop), window)
        for each in (stream, anew):
            found = np.array(each.recent(quantity, MOST_BUCKETS))
            assert np.where(np.isnan(found), np.nan, found).tobytes() == expected


def test_a_bucket_ends_where_the_next_one_with_a_sample_begins() -> None:
    flow = with_holes([(2000, 900)])
    values = flow_array(FlowQuantity.PRICE_CHANGE, flow, Period.M5)
    opens = (flow.close_ms - 15_000) // Period.M5.length_ms
    last_rows = np.append(np.flatnonzero(np.diff(opens)), len(flow) - 1)
    recent = BucketArrays(flow, Period.M5).recent(FlowQuantity.PRICE_CHANGE, last_rows, 3)
    assert recent[:, -1].tolist() == values[last_rows[-3:]].tolist()
    after_hole = int(np.argmax(np.diff(opens) > 1))
    row = np.array([after_hole + 1])
    before = last_rows[last_rows <= after_hole][-2:]
    told = BucketArrays(flow, Period.M5).recent(FlowQuantity.PRICE_CHANGE, row, 3)[:, 0]
    assert told.tolist() == [*values[before].tolist(), values[after_hole + 1]]
