"""How fast signals are evaluated over history and live, each figure with its ratio to the limit.

    .venv/bin/python -m tests.bench.bench_signals

History: a pool of five signals over 2.63 million one-minute candles, limit 0.5 s. Live: 50 symbols
with 10 signals each, from quotes through candle building to fires, limit 50,000 quotes a second.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np

from engine.market.candles.builder import CandleBuilder
from engine.market.candles.series import CandleSeries, series_of
from engine.market.flow.series import FlowHistory, FlowSeries
from engine.market.periods import MINUTE_MS
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool
from engine.samples import load_all_candles
from engine.signals.conditions.condition import Condition
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.metric_names import built_in_factors
from engine.signals.history.condition_arrays import ConditionArrays, SignalData
from engine.signals.history.pool_history import pool_history
from engine.signals.history.previews import preview_pool
from engine.signals.live.evaluator import SignalEvaluator

CANDLES = 2_630_000
HISTORY_LIMIT_SECONDS = 0.5
SYMBOLS = 50
LIVE_LIMIT = 50_000
FIVE = (
    "rsi14 crosses below 30 on 15m",
    "price > ema50 on 1h",
    "volume > 2x average on 5m",
    "adx(14) > 25 on 15m",
    "abs price_change > 0.2 on 5m",
)
ON_EVERY_MINUTE = (
    "rsi14 crosses below 30 on 1m",
    "price > ema50 on 1m",
    "volume > 2x average on 1m",
    "adx(14) > 25 on 1m",
    "factor:roc10 > 0.001 on 1m",
)
TEN = (
    *FIVE,
    "rsi14 crosses above 70 on 5m",
    "macd golden_cross or histogram_positive on 5m",
    "price < boll_lower on 1m",
    "ema20 crosses above ema50 on 1m",
    "pattern engulfing bullish on 5m",
)


def tiled(count: int) -> CandleSeries:
    """Recorded candles, repeated until there are enough of them."""
    recorded = series_of(load_all_candles()[0])
    repeats = -(-count // len(recorded))
    columns = (recorded.open, recorded.high, recorded.low, recorded.close, recorded.volume)
    first_ms = int(recorded.open_ms[0])
    return CandleSeries(
        first_ms + np.arange(count, dtype=np.int64) * MINUTE_MS,
        *(np.tile(column, repeats)[:count].copy() for column in columns),
    )


def best_of(times: int, work: Callable[[], object]) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def pool_of(texts: tuple[str, ...]) -> tuple[list[SignalDefinition], SignalPool]:
    signals = [SignalDefinition(signal_id=i, name=text, condition=text) for i, text in enumerate(texts, 1)]
    ids = tuple(signal.signal_id for signal in signals)
    return signals, SignalPool(pool_id=1, name="bench", signal_ids=ids, logic=PoolLogic.OR)


def pool_over(conditions: list[Condition], data: SignalData) -> None:
    pool_history(conditions, PoolLogic.AND, ConditionArrays(data))


def over_history() -> None:
    minutes = tiled(CANDLES)
    data = SignalData(minutes, FlowSeries.of_minutes(minutes), built_in_factors())
    for label, texts in (("on 5m, 15m, 1h and flow", FIVE), ("all on 1m", ON_EVERY_MINUTE)):
        conditions = [parse_condition(text) for text in texts]
        evaluate = functools.partial(pool_over, conditions, data)
        seconds = best_of(3, evaluate)
        print(
            f"pool of 5 {label}, {CANDLES:,} candles: {seconds:.3f} s"
            f" / {HISTORY_LIMIT_SECONDS} s = {seconds / HISTORY_LIMIT_SECONDS:.2f}"
        )
    signals, pool = pool_of(FIVE)
    known = {signal.signal_id: signal for signal in signals}
    fires = 0

    def preview() -> None:
        nonlocal fires
        fires = len(preview_pool(pool, known, "BTC", data).fires)

    seconds = best_of(2, preview)
    print(f"the same as a preview, any of the five, {fires:,} fires with their values: {seconds:.3f} s")


class LiveDesk:
    """Builders and one evaluator of 50 symbols, warmed up on two days of minutes."""

    def __init__(self) -> None:
        self.symbols = [f"S{number}" for number in range(SYMBOLS)]
        self.minutes = tiled(3_000)
        data = SignalData(self.minutes, FlowHistory().series(), built_in_factors())
        self.evaluator = SignalEvaluator(self.symbols, lambda symbol: data)
        signals, pool = pool_of(TEN)
        self.evaluator.load(signals, [pool])
        self.builders = {symbol: CandleBuilder(self.evaluator.periods, keep=100) for symbol in self.symbols}
        for builder in self.builders.values():
            builder.warm_up(self.minutes)
        self.fires = 0

    def quote(self, ts_ms: int, price: float) -> None:
        """Every symbol is quoted."""
        for symbol in self.symbols:
            closed = self.builders[symbol].add_price(ts_ms, price, 1.0)
            if closed:
                self.evaluator.on_candles(symbol, closed)

    def checkpoint(self, ts_ms: int, price: float) -> None:
        """A flow sample of every symbol ends."""
        sample = FlowSample(ts_ms, price, price, price, price, 2e5, 1e5, 1e9, 1e-4, 1e6, 1e6, 10)
        for symbol in self.symbols:
            self.evaluator.on_flow(symbol, sample)
            self.fires += len(self.evaluator.evaluate(symbol, ts_ms))


def live(quote_every_ms: int, quotes: int) -> None:
    began = time.perf_counter()
    desk = LiveDesk()
    loaded = time.perf_counter() - began
    start_ms = int(desk.minutes.open_ms[-1]) + MINUTE_MS
    # Recorded closes, as if one came with every quote.
    prices = tiled(3_000 + quotes).close[3_000:].tolist()
    began = time.perf_counter()
    for row, price in enumerate(prices):
        ts_ms = start_ms + row * quote_every_ms
        desk.quote(ts_ms, price)
        if ts_ms % SAMPLE_MS == 0:
            desk.checkpoint(ts_ms, price)
    rate = quotes * SYMBOLS / (time.perf_counter() - began)
    print(
        f"live, {SYMBOLS} symbols × {len(TEN)} signals, a quote every {quote_every_ms / 1000:g} s each:"
        f" {rate:,.0f} quotes/s / {LIVE_LIMIT:,} = {rate / LIVE_LIMIT:.1f}"
        f" ({desk.fires:,} fires; warmed up in {loaded:.2f} s)"
    )
    evaluator = desk.evaluator
    states = best_of(20, lambda: (evaluator.signal_states(), evaluator.pool_states()))
    print(f"all {len(evaluator.signal_states())} signal states and pool states: {states * 1000:.2f} ms")


def main() -> None:
    over_history()
    live(quote_every_ms=1_000, quotes=3_600)
    live(quote_every_ms=SAMPLE_MS, quotes=1_000)


if __name__ == "__main__":
    main()
