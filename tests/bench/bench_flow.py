"""What the market's events cost on their way through guard, book and flow; run by hand.

    .venv/bin/python tests/bench/bench_flow.py

Prints frames and events a second for the shipped capture, the slowest single events, the time to
warm a desk up with 50 days of minutes, and that of the array form over ten million samples.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from engine.clock import ReplayClock
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.book.order_book import DepthDiff, DepthSnapshot, OrderBook
from engine.market.candles.series import series_of
from engine.market.flow.metrics import FlowQuantity, FlowStream, flow_array
from engine.market.flow.series import FlowSeries
from engine.market.market_state import MarketState
from engine.market.periods import DAY_MS, Period
from engine.market.replay.raw_frames import RawTape, read_frames
from engine.market.replay.tape import deliver
from engine.model.flow import SAMPLE_MS
from engine.samples import RAW_SAMPLE, load_all_candles

SAMPLES = 10_000_000
WINDOWS = (Period.M1, Period.M15, Period.H4, Period.D1)


def timed[Result](label: str, work: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = work()
    print(f"{label:<60}{(time.perf_counter() - began) * 1000:10.1f} ms")
    return result


def spread(label: str, seconds: list[float]) -> None:
    p50, p99 = (np.percentile(seconds, [50, 99]) * 1e6).tolist()
    rate = len(seconds) / sum(seconds)
    print(f"{label:<40}{rate:12,.0f}/s   p50 {p50:6.1f}  p99 {p99:6.1f}  max {max(seconds) * 1e6:7.1f} µs")


def book_costs() -> None:
    diffs = [f for _, f in read_frames(RAW_SAMPLE.path) if isinstance(f, DepthDiff | DepthSnapshot)]
    book, applied, shown = OrderBook("ETH"), [], []
    for frame in diffs:
        began = time.perf_counter()
        if isinstance(frame, DepthSnapshot):
            book.apply_snapshot(frame)
        else:
            book.apply_diff(frame)
            applied.append(time.perf_counter() - began)
        began = time.perf_counter()
        book.snapshot(20)
        shown.append(time.perf_counter() - began)
    spread("book: one difference", applied)
    spread("book: snapshot of 20 with depth near mid", shown)


def event_costs() -> None:
    moments = timed("decode the capture and rebuild its book", lambda: list(RawTape(RAW_SAMPLE).moments(0)))
    clock = ReplayClock(moments[0].ts_ms - 1)
    market = MarketState(INSTRUMENTS, (), clock)
    costs: dict[str, list[float]] = {}
    samples: list[float] = []
    gc.collect()
    for moment in moments:
        clock.set(moment.ts_ms)
        for event in moment.events:
            began = time.perf_counter()
            deliver(event, market)
            costs.setdefault(type(event).__name__, []).append(time.perf_counter() - began)
        began = time.perf_counter()
        market.take_flow(moment.ts_ms)
        market.take_feed_changes()
        samples.append(time.perf_counter() - began)
    for kind, seconds in costs.items():
        spread(f"guard, market and flow: {kind}", seconds)
    spread("end of a moment: flow and feed changes", samples)
    began = time.perf_counter()
    for _ in range(1000):
        market.flow("ETH", Period.M15)
    print(f"{'a reading known already':<60}{(time.perf_counter() - began) * 1000:10.2f} µs")


def warm_up() -> None:
    recordings = load_all_candles()
    market = MarketState(INSTRUMENTS, (), ReplayClock(0))
    series = {recorded.sample.symbol: series_of(recorded) for recorded in recordings}
    for symbol, minutes in series.items():
        timed(f"warm up {symbol} with {len(minutes):,} minutes", partial(market.warm_up, symbol, minutes))
    timed("first reading of a day of minutes", lambda: market.flow("BTC", Period.D1))


def array_form() -> None:
    random = np.random.default_rng(7)
    close_ms = 20_000 * DAY_MS + SAMPLE_MS * np.arange(1, SAMPLES + 1, dtype=np.int64)
    columns = {name: random.random(SAMPLES) + 1 for name in FlowSeries.__struct_fields__[1:11]}
    ones = np.ones(SAMPLES, dtype=np.int64)
    series = FlowSeries(close_ms=close_ms, **columns, trades=ones, seconds=15 * ones)
    for quantity in (
        FlowQuantity.CVD,
        FlowQuantity.VOLATILITY,
        FlowQuantity.OI_DELTA,
        FlowQuantity.DEPTH_RATIO,
    ):
        for window in WINDOWS:
            label = f"{quantity} over {window}, {SAMPLES:,} samples"
            timed(label, partial(flow_array, quantity, series, window))
    stream, few = FlowStream(FlowQuantity.CVD, Period.M15), [series.sample(index) for index in range(50_000)]
    began = time.perf_counter()
    for sample in few:
        stream.update(sample)
    print(f"{'the stream form':<60}{(time.perf_counter() - began) / len(few) * 1e6:10.2f} µs a sample")


def main() -> None:
    book_costs()
    event_costs()
    warm_up()
    array_form()


if __name__ == "__main__":
    main()
