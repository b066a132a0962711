"""The order flow of candles: summed from samples that cover them, missing otherwise."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.candles.series import series_of
from engine.market.flow.series import FlowSeries
from engine.market.periods import Period
from engine.market.regime.candle_flow import CandleFlow, candle_flow
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.samples import load_candles

START = 1_750_000_020_000 // 300_000 * 300_000
MINUTE = 60_000


def sample(number: int, buys: float, sells: float, interest: float = math.nan) -> FlowSample:
    close_ms = START + (number + 1) * SAMPLE_MS
    nan = math.nan
    return FlowSample(close_ms, 1.0, 1.0, 1.0, 1.0, buys, sells, interest, nan, nan, nan)


def flow(samples: list[FlowSample], opens: list[int], period: Period = Period.M1) -> list[CandleFlow]:
    columns = candle_flow(FlowSeries.of(samples), np.array(opens, dtype=np.int64), period)
    return [columns.row(at) for at in range(len(columns))]


def test_a_candle_sums_the_samples_that_close_in_it() -> None:
    samples = [sample(-1, 99.0, 99.0, 400.0)]
    samples += [sample(number, 3.0, 1.0, 401.0 + number) for number in range(4)]
    samples += [sample(4, 99.0, 99.0, 999.0)]
    assert flow(samples, [START]) == [CandleFlow(8.0, 16.0, 3.0, 1.0)]


def test_samples_that_do_not_cover_the_candle_make_its_takers_missing() -> None:
    whole = [sample(number, 3.0, 1.0) for number in range(4)]
    for missing in range(4):
        (partial,) = flow([*whole[:missing], *whole[missing + 1 :]], [START])
        assert math.isnan(partial.cvd)
        assert math.isnan(partial.notional)
        assert math.isnan(partial.taker_ratio)
    unknown = msgspec.structs.replace(whole[2], sell_notional=math.nan)
    (unsaid,) = flow([*whole[:2], unknown, whole[3]], [START])
    assert math.isnan(unsaid.cvd)


def test_no_sells_make_the_ratio_infinite_and_no_trades_make_it_missing() -> None:
    (only_buys,) = flow([sample(number, 2.0, 0.0) for number in range(4)], [START])
    assert (only_buys.cvd, only_buys.taker_ratio) == (8.0, math.inf)
    (quiet,) = flow([sample(number, 0.0, 0.0) for number in range(4)], [START])
    assert (quiet.cvd, quiet.notional) == (0.0, 0.0)
    assert math.isnan(quiet.taker_ratio)


def test_open_interest_is_compared_with_what_it_was_as_the_candle_opened() -> None:
    samples = [sample(number, 1.0, 1.0, 100.0 + number) for number in range(8)]
    first, second = flow(samples, [START, START + MINUTE])
    assert first.oi_delta == 3.0
    assert second.oi_delta == pytest.approx((107.0 - 103.0) / 103.0 * 100)


def test_candles_without_a_sample_and_no_samples_at_all_are_missing() -> None:
    far = START + 100 * MINUTE
    for samples in ([sample(0, 1.0, 1.0)], []):
        (nothing,) = flow(samples, [far])
        assert all(math.isnan(value) for value in msgspec.structs.astuple(nothing))
    assert flow([], []) == []


def test_a_feed_of_candles_only_tells_no_flow() -> None:
    minutes = series_of(load_candles("BTC")).slice(0, 30)
    columns = candle_flow(FlowSeries.of_minutes(minutes), minutes.open_ms, Period.M1)
    assert np.isnan(columns.cvd).all()
    assert np.isnan(columns.oi_delta).all()


amounts = st.one_of(st.floats(0, 1e7), st.just(math.nan))


@given(
    rows=st.lists(st.tuples(amounts, amounts, st.floats(1, 1e9)), min_size=1, max_size=90),
    skipped=st.sets(st.integers(0, 89), max_size=6),
)
def test_a_candle_has_the_same_flow_whatever_comes_after_it(
    rows: list[tuple[float, float, float]], skipped: set[int]
) -> None:
    samples = [sample(at, *row) for at, row in enumerate(rows) if at not in skipped]
    opens = [START + number * 5 * MINUTE for number in range(-1, 6)]
    together = flow(samples, opens, Period.M5)
    for open_ms, one in zip(opens, together, strict=True):
        near = [each for each in samples if each.close_ms <= open_ms + 5 * MINUTE]
        (alone,) = flow(near, [open_ms], Period.M5)
        assert np.array_equal(msgspec.structs.astuple(one), msgspec.structs.astuple(alone), equal_nan=True)
        inside = [each for each in near if each.close_ms > open_ms]
        if len(inside) == 20:
            buys = sum(each.buy_notional for each in inside)
            sells = sum(each.sell_notional for each in inside)
            assert np.array_equal([one.cvd, one.notional], [buys - sells, buys + sells], equal_nan=True)
