"""Flow samples hold what arrived in their fifteen seconds, and never a guess."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.flow.accumulator import FlowAccumulator, minute_sample
from engine.market.flow.series import FlowSeries
from engine.model.candle import Candle
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.order import Side
from engine.model.quote import BookLevel, BookSnapshot
from engine.model.trade import Trade

START_MS = 1_000 * SAMPLE_MS


def at(seconds: float) -> int:
    return START_MS + int(seconds * 1000)


def trade(
    number: int, seconds: float, price: str = "100", quantity: str = "1", side: Side = Side.BUY
) -> Trade:
    return Trade("BTC", Decimal(price), Decimal(quantity), side, number, at(seconds))


def take(flow: FlowAccumulator, *trades: Trade) -> list[int]:
    return [flow.on_trade(each, each.ts_ms) for each in trades]


def samples(flow: FlowAccumulator, until_seconds: float) -> list[FlowSample]:
    flow.close_until(at(until_seconds))
    return flow.take_closed()


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> BookSnapshot:
    def levels(pairs: list[tuple[str, str]]) -> tuple[BookLevel, ...]:
        return tuple(BookLevel(Decimal(price), Decimal(quantity)) for price, quantity in pairs)

    return BookSnapshot("BTC", levels(bids), levels(asks), START_MS)


def test_a_sample_adds_up_its_interval() -> None:
    flow = FlowAccumulator()
    take(
        flow,
        trade(1, 0, "100", "2"),
        trade(2, 5, "103", "1", Side.SELL),
        trade(3, 14.999, "99", "1"),
        trade(4, 15, "50", "7"),
    )
    (sample,) = samples(flow, 15)
    assert sample.close_ms == at(15)
    assert (sample.open, sample.high, sample.low, sample.close) == (100, 103, 99, 99)
    assert (sample.buy_notional, sample.sell_notional, sample.trades) == (299, 103, 3)
    assert sample.seconds == 15


def test_the_interval_in_which_the_feed_began_gives_no_sample() -> None:
    flow = FlowAccumulator()
    assert not flow.has_begun
    take(flow, trade(1, 3), trade(2, 16))
    assert flow.has_begun
    assert [sample.close_ms for sample in samples(flow, 30)] == [at(30)]


def test_a_silent_interval_gives_none_and_a_living_one_without_trades_the_last_price() -> None:
    flow = FlowAccumulator()
    take(flow, trade(1, 0, "100"))
    flow.on_sign_of_life(at(20))
    take(flow, trade(2, 46, "101"))
    first, second, third = samples(flow, 60)
    assert [sample.close_ms for sample in (first, second, third)] == [at(15), at(30), at(60)]
    assert (second.open, second.high, second.low, second.close) == (100, 100, 100, 100)
    assert (second.buy_notional, second.sell_notional, second.trades) == (0, 0, 0)
    assert third.buy_notional == 101
    assert samples(flow, 600) == []


def test_a_hole_in_the_trade_ids_is_counted_and_makes_what_takers_dealt_unknown() -> None:
    flow = FlowAccumulator()
    assert take(flow, trade(1, 0), trade(2, 1), trade(6, 16), trade(7, 17), trade(8, 31)) == [0, 0, 3, 0, 0]
    whole, holed, after = samples(flow, 45)
    assert flow.missing_trades == 3
    assert (whole.buy_notional, after.buy_notional) == (200, 100)
    assert math.isnan(holed.buy_notional)
    assert math.isnan(holed.sell_notional)
    assert (holed.close, holed.trades) == (100, 2)


def test_where_ids_have_no_order_the_interval_after_a_silence_is_unknown() -> None:
    flow = FlowAccumulator(trade_ids_are_consecutive=False)
    assert take(flow, trade(900, 0), trade(5, 1), trade(77, 50), trade(3, 61)) == [0, 0, 0, 0]
    before, after, later = samples(flow, 75)
    assert before.buy_notional == 200
    assert (after.close_ms, math.isnan(after.buy_notional)) == (at(60), True)
    assert later.buy_notional == 100


def test_until_the_first_trade_nobody_knows_whether_the_feed_tells_them() -> None:
    flow = FlowAccumulator()
    flow.on_book(book([("99.9", "1")], [("100.1", "1")]), at(0))
    (sample,) = samples(flow, 15)
    assert math.isnan(sample.close)
    assert math.isnan(sample.buy_notional)
    assert sample.bid_depth == 99.9


def test_trades_repeated_to_a_new_subscriber_are_not_dealt_again() -> None:
    flow = FlowAccumulator(trade_ids_are_consecutive=False)
    flow.on_book(book([("99.9", "1")], [("100.1", "1")]), at(0))
    flow.on_trade(trade(1, -50), at(1))
    flow.on_trade(trade(2, -1), at(1))
    (sample,) = samples(flow, 15)
    assert (sample.trades, sample.buy_notional) == (1, 100)


def test_depth_is_what_rests_within_half_a_percent_of_the_mid() -> None:
    flow = FlowAccumulator()
    take(flow, trade(1, 0))
    flow.on_book(
        book([("999", "1"), ("995", "2"), ("994", "9")], [("1001", "3"), ("1005", "1"), ("1006", "9")]), at(1)
    )
    (sample,) = samples(flow, 15)
    assert (sample.bid_depth, sample.ask_depth) == (999 + 1990, 3003 + 1005)
    flow.on_book_lost()
    take(flow, trade(2, 16))
    (sample,) = samples(flow, 30)
    assert math.isnan(sample.bid_depth)


def test_open_interest_and_funding_are_the_last_ones_told() -> None:
    flow = FlowAccumulator()
    flow.on_funding_rate(0.0001, at(-100))
    take(flow, trade(1, 0))
    flow.on_open_interest(5e9, at(3))
    flow.on_open_interest(6e9, at(4))
    take(flow, trade(2, 16))
    first, second = samples(flow, 30)
    assert (first.open_interest, first.funding_rate) == (6e9, 0.0001)
    assert (second.open_interest, second.funding_rate) == (6e9, 0.0001)


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 40_000), st.integers(1, 500), st.integers(1, 50), st.sampled_from(Side)),
        min_size=1,
        max_size=60,
    ),
    looks=st.lists(st.integers(0, 2_000_000), max_size=10),
)
def test_samples_add_up_to_the_trades_however_often_one_looks(
    steps: list[tuple[int, int, int, Side]], looks: list[int]
) -> None:
    trades, ts_ms = [], START_MS
    for number, (wait_ms, price, quantity, side) in enumerate(steps):
        ts_ms += wait_ms
        trades.append(Trade("BTC", Decimal(price), Decimal(quantity), side, number, ts_ms))
    end_ms = ts_ms - ts_ms % SAMPLE_MS + SAMPLE_MS
    often, once = FlowAccumulator(), FlowAccumulator()
    pending = sorted(START_MS + look for look in looks)
    taken = []
    for each in trades:
        while pending and pending[0] < each.ts_ms:
            often.close_until(pending.pop(0))
            taken += often.take_closed()
        often.on_trade(each, each.ts_ms)
        once.on_trade(each, each.ts_ms)
    for flow in (often, once):
        flow.close_until(end_ms)
    taken += often.take_closed()
    assert taken == once.take_closed()
    first_whole_ms = trades[0].ts_ms + -trades[0].ts_ms % SAMPLE_MS
    counted = [each for each in trades if each.ts_ms >= first_whole_ms]
    assert {sample.close_ms for sample in taken} == {
        each.ts_ms - each.ts_ms % SAMPLE_MS + SAMPLE_MS for each in counted
    }
    for side, total in (
        (Side.BUY, sum(sample.buy_notional for sample in taken)),
        (Side.SELL, sum(sample.sell_notional for sample in taken)),
    ):
        assert total == float(sum(each.price * each.quantity for each in counted if each.taker_side is side))


def test_a_minute_is_the_sample_that_the_columns_of_minutes_hold() -> None:
    from engine.market.candles.series import CandleSeries

    minute = Candle(START_MS, 1.0, 3.0, 0.5, 2.0, 7.0)
    expected = FlowSeries.of_minutes(CandleSeries.of([minute])).sample(0)
    assert repr(minute_sample(minute)) == repr(expected)
    assert minute_sample(minute).close_ms == START_MS + 60_000


@pytest.mark.parametrize("levels", [0, 1])
def test_a_book_with_an_empty_side_has_a_depth_all_the_same(levels: int) -> None:
    flow = FlowAccumulator()
    take(flow, trade(1, 0))
    flow.on_book(book([("99", "1")] * levels, []), at(1))
    (sample,) = samples(flow, 15)
    assert (sample.bid_depth, sample.ask_depth) == (99.0 * levels, 0.0)
