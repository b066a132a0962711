"""The regime of now is that of the whole history, carried forward as minutes and flow come in."""

from __future__ import annotations

import math
import random
import threading

import msgspec
import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.market.candles.minute_history import MinuteHistory
from engine.market.candles.series import CandleSeries, aggregate, series_of
from engine.market.flow.series import FlowHistory, FlowSeries
from engine.market.periods import MINUTE_MS, Period
from engine.market.regime.candle_flow import candle_flow, flow_of_candle
from engine.market.regime.classification import classify_series
from engine.market.regime.live import Regimes
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.regime import Regime, RegimeReading, RegimeThresholds
from engine.samples import load_all_candles

BTC = "BTC"
DEFAULTS = RegimeThresholds()
SAMPLES_A_MINUTE = MINUTE_MS // SAMPLE_MS


def recorded(minutes: int) -> CandleSeries:
    return series_of(next(iter(load_all_candles()))).slice(0, minutes)


def up_to_a_close(period: Period) -> CandleSeries:
    """About a hundred minutes, of which the last one closes a candle of the period."""
    minutes = recorded(100)
    last = int(np.flatnonzero((minutes.open_ms + MINUTE_MS) % period.length_ms == 0)[-1])
    return minutes.slice(0, last + 1)


def quarter_minutes(minutes: CandleSeries) -> list[FlowSample]:
    """Flow as a feed could have told it with these minutes; open interest and takers have holes."""
    chance = random.Random(5)
    samples = []
    for minute in minutes.candles():
        for quarter in range(1, SAMPLES_A_MINUTE + 1):
            taken = math.nan if chance.random() < 0.002 else chance.uniform(0, 1e6)
            samples.append(
                FlowSample(
                    close_ms=minute.open_ms + quarter * SAMPLE_MS,
                    open=minute.open,
                    high=minute.high,
                    low=minute.low,
                    close=minute.close,
                    buy_notional=taken,
                    sell_notional=chance.uniform(0, 1e6) ** chance.choice((0.9, 1.0)),
                    open_interest=math.nan if chance.random() < 0.3 else chance.uniform(0.98e9, 1.02e9),
                    funding_rate=1e-4,
                    bid_depth=1.0,
                    ask_depth=1.0,
                )
            )
    return samples


class Market:
    """Minutes and samples that come in one by one."""

    def __init__(self) -> None:
        self.history = MinuteHistory()
        self.flow = FlowHistory()

    def minutes(self, symbol: str) -> CandleSeries:
        return self.history.series()

    def flow_series(self, symbol: str) -> FlowSeries:
        return self.flow.series()


def from_the_whole_history(market: Market, period: Period, thresholds: RegimeThresholds) -> RegimeReading:
    candles = aggregate(market.history.series(), period).closed
    flow = candle_flow(market.flow.series(), candles.open_ms, period)
    verdict = classify_series(candles, flow, thresholds).verdict(-1)
    return verdict.reading(BTC, period, period.close_of(int(candles.open_ms[-1])))


@pytest.mark.parametrize("period", [Period.M1, Period.M5, Period.M15])
def test_carried_forward_it_is_what_the_whole_history_says(period: Period) -> None:
    minutes = recorded(700)
    samples = quarter_minutes(minutes)
    market, begun_at = Market(), 200
    market.history.extend(minutes.slice(0, begun_at))
    for sample in samples[: begun_at * SAMPLES_A_MINUTE]:
        market.flow.append(sample)
    regimes = Regimes(market, DEFAULTS)
    seen = set()
    for row in range(begun_at, len(minutes)):
        market.history.append(minutes.candle(row))
        for sample in samples[row * SAMPLES_A_MINUTE : (row + 1) * SAMPLES_A_MINUTE]:
            market.flow.append(sample)
        if row % 7 != 3:  # not every candle is asked for
            reading = regimes.reading(BTC, period)
            assert reading == from_the_whole_history(market, period, DEFAULTS)
            seen.add(reading.regime)
    assert len(seen) > 3


def test_a_candle_is_judged_again_when_its_last_flow_comes_after_it() -> None:
    minutes = up_to_a_close(Period.M5)
    samples = quarter_minutes(minutes)
    market = Market()
    market.history.extend(minutes)
    for sample in samples[:-1]:
        market.flow.append(sample)
    regimes = Regimes(market, DEFAULTS)
    assert regimes.reading(BTC, Period.M5).regime is Regime.UNKNOWN
    market.flow.append(samples[-1])
    reading = regimes.reading(BTC, Period.M5)
    assert reading.regime is not Regime.UNKNOWN
    assert reading == from_the_whole_history(market, Period.M5, DEFAULTS)
    assert regimes.reading(BTC, Period.M5).inputs is reading.inputs


def test_new_thresholds_hold_at_once() -> None:
    minutes = up_to_a_close(Period.M5)
    market = Market()
    market.history.extend(minutes)
    for sample in quarter_minutes(minutes):
        market.flow.append(sample)
    regimes = Regimes(market, DEFAULTS)
    before = regimes.reading(BTC, Period.M5)
    wide = msgspec.structs.replace(DEFAULTS, stop_hunt_range_atr=0.5, stop_hunt_price_atr=20.0)
    regimes.set_thresholds(wide)
    after = regimes.reading(BTC, Period.M5)
    assert after == from_the_whole_history(market, Period.M5, wide)
    assert after.regime is not before.regime
    with pytest.raises(InvalidInput, match="strong_cvd"):
        regimes.set_thresholds(msgspec.structs.replace(DEFAULTS, strong_cvd=2.0))
    assert regimes.thresholds == wide


def test_before_the_first_candle_it_is_unknown_and_then_it_begins() -> None:
    market = Market()
    regimes = Regimes(market, DEFAULTS)
    assert regimes.reading(BTC, Period.M5).close_ms == 0
    minutes = recorded(60)
    for minute in minutes.candles():
        market.history.append(minute)
        regimes.reading(BTC, Period.M5)
    assert regimes.reading(BTC, Period.M5) == from_the_whole_history(market, Period.M5, DEFAULTS)


def test_the_flow_of_one_candle_is_its_row_of_all() -> None:
    minutes = recorded(400)
    samples = [each for each in quarter_minutes(minutes) if each.close_ms % 1_260_000 > 60_000]
    series = FlowSeries.of(samples)
    for period in (Period.M1, Period.M5, Period.H1):
        opens = np.arange(period.open_of(int(minutes.open_ms[0])), int(minutes.open_ms[-1]), period.length_ms)
        rows = candle_flow(series, opens, period)
        for place, open_ms in enumerate(opens.tolist()):
            one, row = flow_of_candle(series, open_ms, period), rows.row(place)
            assert str(one) == str(row), (period, place)
    assert str(flow_of_candle(FlowSeries.of(()), 0, Period.M5)) == str(rows.row(0).__class__())


def test_many_may_ask_while_the_market_moves() -> None:
    minutes = recorded(900)
    samples = quarter_minutes(minutes)
    market = Market()
    market.history.extend(minutes.slice(0, 30))
    regimes = Regimes(market, DEFAULTS)
    failures: list[BaseException] = []
    done = threading.Event()

    def ask() -> None:
        try:
            while not done.is_set():
                for period in (Period.M1, Period.M5, Period.H1):
                    regimes.reading(BTC, period)
        except BaseException as error:  # told by the test below
            failures.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for sample in samples[: 30 * SAMPLES_A_MINUTE]:
        market.flow.append(sample)
    for row in range(30, len(minutes)):
        market.history.append(minutes.candle(row))
        for sample in samples[row * SAMPLES_A_MINUTE : (row + 1) * SAMPLES_A_MINUTE]:
            market.flow.append(sample)
    done.set()
    for asker in askers:
        asker.join()
    assert failures == []
    for period in (Period.M1, Period.M5, Period.H1):
        assert regimes.reading(BTC, period) == from_the_whole_history(market, period, DEFAULTS)
