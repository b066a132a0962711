"""Conditions over a whole history: how each stands at every checkpoint, computed over arrays.

A checkpoint is the close of a flow sample. A candle condition is decided where a candle of its
period becomes known and holds until the next one does; a flow condition is decided anew at each
checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.market.candles.series import CandleSeries
from engine.market.closed_candles import ClosedCandles
from engine.market.factors.library import FactorLibrary
from engine.market.flow.metrics import FlowQuantity, flow_array
from engine.market.flow.series import FlowSeries
from engine.market.indicators import indicator
from engine.market.periods import Period
from engine.signals.conditions.condition import AVERAGED_CANDLES, Condition, is_event, uses_flow
from engine.signals.conditions.metrics import MetricKind
from engine.signals.conditions.rules import MET, UNKNOWN, Operand, Rule, Values, rule_of

type Column = NDArray[np.float64]


class SignalData(msgspec.Struct, frozen=True, eq=False):
    """What conditions look at: closed minutes and flow samples of one symbol, and the factors known.

    `minutes` may be candles of a longer `base`; conditions over a period that is not made of whole
    ones have nothing to look at then.
    """

    minutes: CandleSeries
    flow: FlowSeries
    factors: FactorLibrary
    base: Period = Period.M1

    @classmethod
    def of_minutes(
        cls, minutes: CandleSeries, factors: FactorLibrary, base: Period = Period.M1
    ) -> SignalData:
        """Return what a feed that has only candles gives: each closed one is a checkpoint."""
        return cls(minutes, FlowSeries.of_minutes(minutes, base), factors, base)


NO_ROWS: NDArray[np.intp] = np.empty(0, dtype=np.intp)


class ConditionStates(msgspec.Struct, frozen=True, eq=False):
    """How a condition stands at every checkpoint.

    `states` has one of `UNKNOWN`, `NOT_MET` and `MET` for each; `event_rows` are the checkpoints at
    which an event happens; `values_at` gives the values compared at some of them, NaN for missing.
    """

    states: NDArray[np.int8]
    event_rows: NDArray[np.intp]
    values_at: Callable[[NDArray[np.intp]], Column]

    def value_at(self, row: int) -> float:
        """Return the value compared at one checkpoint."""
        return float(self.values_at(np.array([row], dtype=np.intp))[0])


class ConditionArrays:
    """The metrics and conditions of one symbol's history, each array computed once."""

    def __init__(self, data: SignalData) -> None:
        self.data = data
        self.checkpoints_ms = data.flow.close_ms
        self.closed = ClosedCandles(data.minutes, data.base, data.flow.close_ms)
        self._first_looks: dict[Period, NDArray[np.intp] | None] = {}
        self._values: dict[tuple[Operand, Period], Column] = {}

    def first_looks(self, period: Period) -> NDArray[np.intp] | None:
        """Return the checkpoint at which each closed candle of a period is first looked at.

        None where each checkpoint has a candle of its own.
        """
        if period not in self._first_looks:
            known_ms = self.closed.of(period).known_ms
            is_every = known_ms is self.checkpoints_ms or np.array_equal(self.checkpoints_ms, known_ms)
            self._first_looks[period] = None if is_every else self.checkpoints_ms.searchsorted(known_ms)
        return self._first_looks[period]

    def values(self, operand: Operand, period: Period) -> Column:
        """Return an operand at each closed candle, a flow metric at each checkpoint; NaN is missing."""
        key = operand, period
        if key not in self._values:
            self._values[key] = self._compute(operand, period)
        return self._values[key]

    def condition(self, condition: Condition) -> ConditionStates:
        """Return how a condition stands at every checkpoint."""
        rule = rule_of(condition)
        columns = [self.values(operand, condition.period) for operand in rule.operands]
        states = _decided(rule, columns)
        checkpoint = None if uses_flow(condition) else self.first_looks(condition.period)
        if checkpoint is None:
            events = np.flatnonzero(states == MET) if is_event(condition) else NO_ROWS
            return ConditionStates(states, events, lambda rows: _values(rule, columns, rows))
        count = len(self.checkpoints_ms)
        return ConditionStates(
            _held(states, checkpoint, count),
            _event_rows(states, checkpoint, count) if is_event(condition) else NO_ROWS,
            lambda rows: _values(rule, columns, np.searchsorted(checkpoint, rows, side="right") - 1),
        )

    def _compute(self, operand: Operand, period: Period) -> Column:
        if operand.averaged:
            return average_before(self.values(Operand(operand.metric), period))
        metric = operand.metric
        if metric.is_flow:
            if not period.is_made_of(self.data.base):
                return np.full(len(self.data.flow), np.nan)
            return flow_array(FlowQuantity(metric.source), self.data.flow, period)
        if metric.kind is MetricKind.INDICATOR:
            return self.closed.indicator(indicator(metric.source), period)
        series = self.closed.of(period).candles
        if metric.kind is MetricKind.FACTOR:
            return self.data.factors.array(metric.source, series)
        column: Column = getattr(series, metric.source)
        return column


def average_before(values: Column) -> Column:
    """Return the mean of the `AVERAGED_CANDLES` values before each, NaN where one is missing.

    Adds the oldest first, as a stream does, so that both round alike.
    """
    count = len(values) - AVERAGED_CANDLES
    averages = np.full(len(values), np.nan)
    if count > 0:
        total = values[:count].copy()
        for offset in range(1, AVERAGED_CANDLES):
            total += values[offset : offset + count]
        averages[AVERAGED_CANDLES:] = total / AVERAGED_CANDLES
    return averages


def _decided(rule: Rule, columns: list[Column]) -> NDArray[np.int8]:
    """Return the state at every row of an operand's columns."""
    if not rule.looks_back:
        return _states(rule, columns, columns)
    later = _states(rule, [column[1:] for column in columns], [column[:-1] for column in columns])
    return np.concatenate([np.full(min(1, len(columns[0])), UNKNOWN, dtype=np.int8), later])


def _states(rule: Rule, now: Values, before: Values) -> NDArray[np.int8]:
    with np.errstate(invalid="ignore"):
        states: NDArray[np.int8] = np.asarray(rule.met(now, before), dtype=np.bool_).astype(np.int8)
    for column in (*now, *before) if rule.looks_back else now:
        states[np.isnan(column)] = UNKNOWN
    return states


def _held(states: NDArray[np.int8], checkpoint: NDArray[np.intp], checkpoints: int) -> NDArray[np.int8]:
    """Return the state of each candle from its checkpoint on until that of the next one."""
    if len(states) == 0:
        return np.full(checkpoints, UNKNOWN, dtype=np.int8)
    held = np.repeat(states, np.diff(checkpoint, append=checkpoints))
    return np.concatenate([np.full(checkpoint[0], UNKNOWN, dtype=np.int8), held])


def _event_rows(states: NDArray[np.int8], checkpoint: NDArray[np.intp], checkpoints: int) -> NDArray[np.intp]:
    """Return the checkpoints of events; of several candles at one checkpoint the last one counts."""
    is_last = np.diff(checkpoint, append=checkpoints) > 0
    rows: NDArray[np.intp] = checkpoint[(states == MET) & is_last]
    return rows


def _values(rule: Rule, columns: list[Column], rows: NDArray[np.intp]) -> Column:
    """Return the values compared at candles or samples; before the first one there is none."""
    values = np.full(len(rows), np.nan)
    begun = rows >= 0
    values[begun] = rule.value([column[rows[begun]] for column in columns])
    return values
