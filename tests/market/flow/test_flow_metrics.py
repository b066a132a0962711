"""Flow quantities: what each is, and both forms alike to the last bit."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.flow.metrics import (
    OF_THE_MOMENT,
    QUANTITY_OF_METRIC,
    FlowQuantity,
    FlowStream,
    flow_array,
    flow_reading,
)
from engine.market.flow.series import FlowSeries
from engine.market.periods import DAY_MS, Period
from engine.model.flow import FlowMetric, FlowSample

MONDAY_MS = 4 * DAY_MS + 7 * DAY_MS * 2_800
NAN = math.nan

amounts = st.one_of(
    st.just(NAN),
    st.just(0.0),
    st.just(-0.0),
    st.floats(0, 1e12),
    st.floats(1e-3, 1e3).map(lambda x: round(x, 2)),
)
prices = st.one_of(st.just(NAN), st.floats(1e-6, 1e6))


@st.composite
def series(draw: st.DrawFn) -> FlowSeries:
    close_ms = MONDAY_MS + 15_000 * draw(st.integers(0, 500))
    samples = []
    for _ in range(draw(st.integers(0, 40))):
        seconds = draw(st.sampled_from([15, 15, 15, 60]))
        unit_ms = seconds * 1000
        close_ms = (
            close_ms + -close_ms % unit_ms + unit_ms * draw(st.sampled_from([1, 1, 1, 2, 5, 19, 240, 6000]))
        )
        names = FlowSample.__struct_fields__
        known = {name: draw(prices) for name in names[1:5]} | {name: draw(amounts) for name in names[5:11]}
        samples.append(FlowSample(close_ms=close_ms, **known, trades=1, seconds=seconds))
    return FlowSeries.of(samples)


def equal_bit_for_bit(stream: list[float | None], array: list[float]) -> bool:
    return [None if math.isnan(value) else value.hex() for value in array] == [
        None if value is None else value.hex() for value in stream
    ]


@settings(max_examples=250, deadline=None)
@given(
    flow=series(),
    quantity=st.sampled_from(FlowQuantity),
    window=st.sampled_from(Period),
    cut=st.integers(0, 40),
)
def test_both_forms_agree_bit_for_bit_also_across_a_restart(
    flow: FlowSeries, quantity: FlowQuantity, window: Period, cut: int
) -> None:
    array = flow_array(quantity, flow, window).tolist()
    stream = FlowStream(quantity, window)
    values = [stream.update(flow.sample(index)) for index in range(len(flow))]
    assert equal_bit_for_bit(values, array)
    again = FlowStream(quantity, window, history=flow.slice(0, cut))
    if 0 < cut <= len(flow):
        assert equal_bit_for_bit([again.value], array[cut - 1 : cut])
    rest = [again.update(flow.sample(index)) for index in range(min(cut, len(flow)), len(flow))]
    assert equal_bit_for_bit(rest, array[cut:])


@settings(max_examples=60, deadline=None)
@given(flow=series(), window=st.sampled_from(Period))
def test_a_reading_is_the_last_entry_of_each_array(flow: FlowSeries, window: Period) -> None:
    reading = flow_reading("BTC", flow, window, MONDAY_MS)
    assert [each.metric for each in reading.values] == list(FlowMetric)
    if not len(flow):
        assert all(each.value is None for each in reading.values)
        assert (reading.window_open_ms, reading.as_of_ms) == (window.open_of(MONDAY_MS), MONDAY_MS)
        return
    for metric, quantity in QUANTITY_OF_METRIC.items():
        assert equal_bit_for_bit([reading.value(metric)], flow_array(quantity, flow, window).tolist()[-1:])
    assert reading.as_of_ms == flow.close_ms[-1]
    assert reading.window_open_ms == window.open_of(reading.as_of_ms - 1)


@settings(max_examples=60, deadline=None)
@given(
    flow=series(),
    quantity=st.sampled_from(FlowQuantity),
    window=st.sampled_from(Period),
    cut=st.integers(0, 40),
)
def test_what_comes_later_changes_nothing(
    flow: FlowSeries, quantity: FlowQuantity, window: Period, cut: int
) -> None:
    whole, part = flow_array(quantity, flow, window), flow_array(quantity, flow.slice(0, cut), window)
    assert np.array_equal(whole[: len(part)], part, equal_nan=True)


def sample(number: int, **changes: float) -> FlowSample:
    """The `number`th fifteen seconds of a Monday, in which nothing happens but what is given."""
    quiet = FlowSample(MONDAY_MS + 15_000 * (number + 1), 100, 100, 100, 100, 0, 0, NAN, NAN, NAN, NAN)
    return msgspec.structs.replace(quiet, **changes)


def values(quantity: FlowQuantity, *samples: FlowSample, window: Period = Period.M1) -> list[float]:
    return [float(value) for value in flow_array(quantity, FlowSeries.of(samples), window)]


def test_taker_flow_adds_up_inside_its_calendar_bucket() -> None:
    flow = [sample(number, buy_notional=10.0 * (number + 1), sell_notional=5.0) for number in range(6)]
    assert values(FlowQuantity.BUY_VOLUME, *flow) == [10, 30, 60, 100, 50, 110]
    assert values(FlowQuantity.SELL_VOLUME, *flow) == [5, 10, 15, 20, 5, 10]
    assert values(FlowQuantity.CVD, *flow) == [5, 20, 45, 80, 45, 100]
    assert values(FlowQuantity.TAKER_RATIO, *flow) == [2, 3, 4, 5, 10, 11]
    assert values(FlowQuantity.CVD, *flow, window=Period.M5)[-1] == 180


def test_a_ratio_to_nothing_is_infinite_and_nothing_to_nothing_is_missing() -> None:
    flow = [sample(0), sample(1, buy_notional=1.0), sample(2, sell_notional=4.0)]
    assert repr(values(FlowQuantity.TAKER_RATIO, *flow)) == "[nan, inf, 0.25]"
    books = [sample(0, bid_depth=3.0, ask_depth=0.0), sample(1, bid_depth=0.0, ask_depth=0.0)]
    assert repr(values(FlowQuantity.DEPTH_RATIO, *books)) == "[inf, nan]"
    assert repr(values(FlowQuantity.ORDER_IMBALANCE, *books)) == "[1.0, nan]"


@pytest.mark.parametrize(
    "quantity",
    [FlowQuantity.CVD, FlowQuantity.TAKER_RATIO, FlowQuantity.BUY_VOLUME, FlowQuantity.SELL_VOLUME],
)
def test_missing_trades_leave_the_rest_of_the_bucket_unknown(quantity: FlowQuantity) -> None:
    flow = [sample(number, buy_notional=2.0, sell_notional=1.0) for number in range(6)]
    flow[2] = sample(2, buy_notional=NAN, sell_notional=NAN)
    assert [math.isnan(value) for value in values(quantity, *flow)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_open_interest_is_measured_from_the_last_value_known_before_the_bucket() -> None:
    known = {0: 50.0, 3: 100.0, 5: 110.0, 7: 90.0, 8: 45.0}
    flow = [sample(number, open_interest=known.get(number, NAN)) for number in range(9)]
    assert (
        repr(values(FlowQuantity.OI_CHANGE, *flow)) == "[0.0, nan, nan, 50.0, nan, 10.0, nan, -10.0, -45.0]"
    )
    assert values(FlowQuantity.OI_DELTA, *flow)[5] == 10
    assert values(FlowQuantity.OI_DELTA, *flow)[8] == -50
    assert values(FlowQuantity.OI, *flow)[5] == 110


def test_funding_is_in_percent_and_its_change_in_percentage_points() -> None:
    flow = [sample(3, funding_rate=0.0001), sample(4, funding_rate=0.0003), sample(5, funding_rate=-0.0001)]
    assert values(FlowQuantity.FUNDING, *flow) == pytest.approx([0.01, 0.03, -0.01])
    assert values(FlowQuantity.FUNDING_CHANGE, *flow)[1:] == pytest.approx([0.02, -0.02])


def test_price_change_and_volatility_span_the_bucket() -> None:
    flow = [
        sample(0, open=100.0, high=104.0, low=99.0, close=102.0),
        sample(1, open=102.0, high=103.0, low=80.0, close=90.0),
        sample(4, open=90.0, high=90.0, low=90.0, close=99.0),
    ]
    assert values(FlowQuantity.PRICE_CHANGE, *flow) == pytest.approx([2, -10, 10])
    assert values(FlowQuantity.VOLATILITY, *flow) == pytest.approx([500 / 99, 30, 0])


def test_a_series_that_begins_inside_a_bucket_does_not_know_that_bucket() -> None:
    flow = [
        sample(
            number,
            buy_notional=2.0,
            sell_notional=1.0,
            open_interest=5.0,
            funding_rate=0.1,
            bid_depth=1.0,
            ask_depth=1.0,
        )
        for number in range(2, 6)
    ]
    for quantity in FlowQuantity:
        known = [not math.isnan(value) for value in values(quantity, *flow)]
        assert known == [quantity in OF_THE_MOMENT] * 2 + [True] * 2


def test_buckets_open_where_candles_do() -> None:
    days = [sample(24 * 60 * 4 * day, buy_notional=1.0) for day in range(8)]
    assert values(FlowQuantity.BUY_VOLUME, *days, window=Period.W1) == [1, 2, 3, 4, 5, 6, 7, 1]
    opens = [Period.D3.open_of(each.close_ms - 1) for each in days]
    counted = values(FlowQuantity.BUY_VOLUME, *days, window=Period.D3)
    for (earlier_ms, earlier), (later_ms, later) in pairwise(zip(opens, counted, strict=True)):
        if not math.isnan(earlier) and not math.isnan(later):
            assert later == (earlier + 1 if earlier_ms == later_ms else 1)


@pytest.mark.parametrize("window", [Period.M15, Period.H1, Period.D1])
@pytest.mark.parametrize("quantity", FlowQuantity)
def test_long_buckets_add_up_alike_too(quantity: FlowQuantity, window: Period) -> None:
    random = np.random.default_rng(7)
    count = 700
    columns = {name: random.uniform(1, 1e7, count) for name in FlowSeries.__struct_fields__[1:11]}
    close_ms = MONDAY_MS + 15_000 * np.cumsum(random.integers(1, 3, count))
    flow = FlowSeries(
        close_ms=close_ms, **columns, trades=np.ones(count, np.int64), seconds=np.full(count, 15)
    )
    stream = FlowStream(quantity, window)
    streamed = [stream.update(flow.sample(index)) for index in range(count)]
    assert equal_bit_for_bit(streamed, flow_array(quantity, flow, window).tolist())
    assert streamed[-1] is not None
