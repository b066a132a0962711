"""What indicators, charts and regimes cost; run by hand.

    .venv/bin/python tests/bench/bench_indicators.py

Prints, over 2.63 M one-minute candles made of the shipped recording: each named indicator against
TA-Lib called directly in the same run (best of several, interleaved; at most 1.2 is the target; for
VWAP TA-Lib is called day by day, as it knows no sessions). Then a stream update and peek, the time of
chart requests over the shipped 73,000 minutes (targets: 0.3 ms when only the forming candle moved,
8 ms after a minute closed), and regimes over the 2.63 M candles and live.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import msgspec
import numpy as np

from engine.market.candles.builder import CandleBuilder
from engine.market.candles.minute_history import MinuteHistory
from engine.market.candles.series import CandleSeries, series_of
from engine.market.charts.source import ChartSource
from engine.market.indicators import (
    INDICATOR_INFOS,
    INDICATORS,
    FunctionStream,
    IndicatorDefinition,
    IndicatorSet,
    indicator_array,
)
from engine.market.indicators.functions import SESSION_FUNCTION, session_starts, talib
from engine.market.periods import MINUTE_MS, Period
from engine.market.regime.candle_flow import CandleFlow, CandleFlowColumns
from engine.market.regime.classification import RegimeStream, classify_series
from engine.model.candle import Candle
from engine.model.chart import ChartRequest
from engine.samples import load_candles

MANY = 2_630_000
ROUNDS = 9


def five_years() -> CandleSeries:
    minutes = series_of(load_candles("BTC"))
    again = -(-MANY // len(minutes))
    columns = [np.tile(column, again)[:MANY] for column in msgspec.structs.astuple(minutes)]
    columns[0] = minutes.open_ms[0] + np.arange(MANY, dtype=np.int64) * MINUTE_MS
    return CandleSeries(*columns)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def for_each(work: Callable[[Candle], object], candles: tuple[Candle, ...]) -> None:
    for candle in candles:
        work(candle)


def call_talib(definition: IndicatorDefinition, series: CandleSeries) -> None:
    function = getattr(talib(), definition.function)
    columns = [getattr(series, column) for column in definition.inputs]
    if definition.function != SESSION_FUNCTION:
        function(*columns, **dict(definition.parameters))
        return
    for start, stop in pairwise([*session_starts(series.open_ms), len(series)]):
        function(*[column[start:stop] for column in columns])


def arrays(series: CandleSeries) -> None:
    worst = 0.0
    for definition in INDICATORS.values():
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(partial(indicator_array, definition, series)))
            theirs.append(seconds(partial(call_talib, definition, series)))
        ratio = min(ours) / min(theirs)
        worst = max(worst, ratio)
        print(
            f"{definition.name:<14}{min(ours) * 1e3:8.2f} ms, TA-Lib {min(theirs) * 1e3:8.2f} ms,"
            f" ratio {ratio:.2f}"
        )
    print(f"worst ratio {worst:.2f}")


def streams(candles: tuple[Candle, ...]) -> None:
    for name in ("RSI14", "BOLL_UPPER", "MACD", "VWAP", "STOCH_K"):
        stream = FunctionStream(INDICATORS[name], CandleSeries.of(candles[:2000]))
        update = seconds(partial(for_each, stream.update, candles[2000:]))
        peek = seconds(partial(for_each, stream.peek, candles[2000:]))
        count = len(candles) - 2000
        print(f"{name:<14}update {update / count * 1e9:6.0f} ns, peek {peek / count * 1e9:6.0f} ns")
    whole = IndicatorSet()
    each = seconds(partial(for_each, whole.update, candles)) / len(candles)
    print(f"all {len(INDICATORS)} lines   update {each * 1e6:.1f} µs")


class BenchMarket:
    def __init__(self, minutes: CandleSeries) -> None:
        self.history = MinuteHistory()
        self.history.extend(minutes)
        self.builder = CandleBuilder(list(Period))
        self.builder.warm_up(minutes)

    def minutes(self, symbol: str) -> CandleSeries:
        return self.history.series()

    def forming(self, symbol: str, period: Period) -> Candle | None:
        return self.builder.forming(period)


def charts(minutes: CandleSeries) -> None:
    count = len(minutes) - 200
    for indicators in (("BOLL", "EMA20", "MACD", "RSI14"), tuple(INDICATOR_INFOS)):
        for limit in (300, 2000):
            market = BenchMarket(minutes.slice(0, count))
            source = ChartSource(market)
            request = ChartRequest(symbol="BTC", period="5m", indicators=indicators, limit=limit)
            ask = partial(source.chart, request)
            first = seconds(ask)
            same, moved, closed = [], [], []
            for number in range(200):
                minute = minutes.candle(count + number)
                market.builder.add_price(minute.open_ms, minute.open)
                source.chart(request)
                market.builder.add_price(minute.open_ms + 1, minute.close)
                moved.append(seconds(ask))
                same.append(seconds(ask))
                market.builder.add_minute(minute)
                market.history.append(minute)
                closed.append(seconds(ask))
            print(
                f"chart of {limit} candles, {len(indicators):2} indicators: first {first * 1e3:6.1f} ms,"
                f" same {np.median(same) * 1e6:4.0f} µs, forming moved {np.median(moved) * 1e6:4.0f} µs"
                f" (worst {max(moved) * 1e6:.0f}), minute closed {np.median(closed) * 1e6:5.0f} µs"
                f" (worst {max(closed) * 1e6:.0f})"
            )


def regimes(series: CandleSeries, candles: tuple[Candle, ...]) -> None:
    random = np.random.default_rng(1)
    notional = random.uniform(1e5, 1e7, len(series))
    cvd = notional * random.uniform(-0.4, 0.4, len(series))
    taker = (notional + cvd) / (notional - cvd)
    flow = CandleFlowColumns(cvd, notional, taker, random.normal(0, 0.7, len(series)))
    best = min(seconds(partial(classify_series, series, flow)) for _ in range(3))
    print(f"regimes of {len(series):,} candles {best * 1e3:.0f} ms")
    stream, one = RegimeStream(Period.M1), CandleFlow(1.0, 10.0, 1.2, 0.1)
    some = candles[:5000]
    live = seconds(partial(for_each, partial(stream.update, flow=one), some)) / len(some)
    print(f"regime of a candle, live {live * 1e6:.1f} µs")


def main() -> None:
    series = five_years()
    minutes = series_of(load_candles("BTC"))
    candles = minutes.slice(0, 20_000).candles()
    arrays(series)
    streams(candles)
    charts(minutes)
    regimes(series, candles)


if __name__ == "__main__":
    main()
