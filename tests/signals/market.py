"""Recorded markets as evaluators meet them: checkpoint by checkpoint, candles first, then the sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec
import numpy as np

from engine.market.candles.builder import CandleBuilder, PeriodCandle
from engine.market.candles.series import CandleSeries, series_of
from engine.market.flow.series import FlowSeries
from engine.market.periods import MINUTE_MS, Period
from engine.model.flow import FlowSample
from engine.model.signal import PoolFire
from engine.samples import load_candles
from engine.signals.conditions.metric_names import built_in_factors
from engine.signals.history.condition_arrays import SignalData
from engine.signals.live.evaluator import SignalEvaluator

SAMPLES_PER_MINUTE = 4


@cache
def minutes_of(symbol: str = "SOL", count: int = 6000, first: int = 0) -> CandleSeries:
    return series_of(load_candles(symbol)).slice(first, first + count)


@cache
def flow_of(symbol: str = "SOL", count: int = 6000, first: int = 0) -> FlowSeries:
    """Recorded minutes cut into 15-second samples.

    Prices and volumes are the recorded ones; which side the takers were on, the depths, the open
    interest and the funding rate are read from the candles' shapes, with holes where a feed has them.
    """
    minutes = minutes_of(symbol, count, first)
    rows = np.repeat(np.arange(len(minutes)), SAMPLES_PER_MINUTE)
    part = np.tile(np.arange(SAMPLES_PER_MINUTE), len(minutes))
    path = np.stack([minutes.open, minutes.high, minutes.low, minutes.close])
    opens = path[part, rows]
    closes = np.where(part == SAMPLES_PER_MINUTE - 1, minutes.close[rows], path[(part + 1) % 4, rows])
    notional = minutes.volume[rows] * minutes.close[rows] / SAMPLES_PER_MINUTE
    bought = np.where(closes > opens, 0.8, 0.3) * notional
    hole = (rows % 997 > 960).astype(bool)
    return FlowSeries(
        close_ms=minutes.open_ms[rows] + (part + 1) * (MINUTE_MS // SAMPLES_PER_MINUTE),
        open=opens,
        high=np.maximum(opens, closes),
        low=np.minimum(opens, closes),
        close=closes,
        buy_notional=np.where(hole, np.nan, bought),
        sell_notional=np.where(hole, np.nan, notional - bought),
        open_interest=np.where(rows % 701 > 690, np.nan, 1e9 + np.cumsum(closes - opens) * 1e6),
        funding_rate=0.0001 + 1e-7 * np.round(np.cumsum(closes - opens)),
        bid_depth=np.where(rows % 503 > 490, np.nan, 1e6 * (1 + part)),
        ask_depth=1e6 * (1 + rows % 7).astype(float),
        trades=np.full(len(rows), 10, dtype=np.int64),
        seconds=np.full(len(rows), 15, dtype=np.int64),
    )


def without_rows(series: CandleSeries, rows: Iterable[int]) -> CandleSeries:
    """The same record with minutes missing."""
    return CandleSeries(*(np.delete(column, list(rows)) for column in msgspec.structs.astuple(series)))


def data_of(minutes: CandleSeries, flow: FlowSeries | None = None) -> SignalData:
    flow = FlowSeries.of_minutes(minutes) if flow is None else flow
    return SignalData(minutes, flow, built_in_factors())


def until(data: SignalData, checkpoints: int) -> SignalData:
    """What was known after so many checkpoints."""
    flow = data.flow.slice(0, checkpoints)
    last_ms = int(flow.close_ms[-1]) if len(flow) else 0
    known = int(np.searchsorted(data.minutes.open_ms + MINUTE_MS, last_ms, side="right"))
    return SignalData(data.minutes.slice(0, known), flow, data.factors)


type Checkpoint = tuple[list[PeriodCandle], FlowSample]


def checkpoints_of(data: SignalData) -> Iterator[Checkpoint]:
    """Each checkpoint's closed candles of every period, and its sample."""
    builder = CandleBuilder(Period)
    minutes = iter(data.minutes.candles())
    upcoming = next(minutes, None)
    for row in range(len(data.flow)):
        sample = data.flow.sample(row)
        closed: list[PeriodCandle] = []
        while upcoming is not None and upcoming.open_ms + MINUTE_MS <= sample.close_ms:
            closed.extend(builder.add_minute(upcoming))
            upcoming = next(minutes, None)
        yield closed, sample


def run(evaluator: SignalEvaluator, symbol: str, checkpoints: Iterable[Checkpoint]) -> list[PoolFire]:
    """Show checkpoints to an evaluator and return everything that fires."""
    fires: list[PoolFire] = []
    for closed, sample in checkpoints:
        evaluator.on_candles(symbol, closed)
        evaluator.on_flow(symbol, sample)
        fires.extend(evaluator.evaluate(symbol, sample.close_ms))
    return fires
