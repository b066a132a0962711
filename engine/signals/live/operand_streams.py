"""The operands of rules carried forward, one closed candle or flow sample at a time.

Every stream starts from history as if it had taken it piece by piece, so that what it gives is bit
for bit what the arrays of `engine.signals.history.condition_arrays` give.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from engine.market.indicators import FunctionStream, indicator
from engine.signals.conditions.condition import AVERAGED_CANDLES
from engine.signals.conditions.metrics import MetricKind
from engine.signals.conditions.rules import Operand

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from engine.market.flow.series import FlowSeries
    from engine.market.periods import Period
    from engine.model.candle import Candle
    from engine.model.flow import FlowSample
    from engine.signals.history.condition_arrays import ConditionArrays


class OperandStream(Protocol):
    """One operand: its value at the last step, and at the step before; None is missing."""

    @property
    def value(self) -> float | None:
        """The value now."""
        ...

    @property
    def previous(self) -> float | None:
        """The value one step earlier."""
        ...


class ColumnStream:
    """A column of the last closed candle."""

    def __init__(self, column: str, history: list[float]) -> None:
        self._column = column
        self.value: float | None = history[-1] if history else None
        self.previous: float | None = history[-2] if len(history) > 1 else None

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self.previous, self.value = self.value, getattr(candle, self._column)


class LineStream:
    """One line of an indicator, which shares its computation with the other lines."""

    def __init__(self, function: FunctionStream, output: int) -> None:
        self._function = function
        self._output = output

    @property
    def value(self) -> float | None:
        """The indicator at the last closed candle."""
        values = self._function.values
        return None if values is None else values[self._output]

    @property
    def previous(self) -> float | None:
        """The indicator at the candle before that one."""
        values = self._function.previous
        return None if values is None else values[self._output]


class AverageStream:
    """The mean of an operand over the candles before the last one."""

    def __init__(self, averaged: OperandStream, history: Iterable[float]) -> None:
        self._averaged = averaged
        self._window: deque[float | None] = deque(maxlen=AVERAGED_CANDLES)
        self.value: float | None = None
        self.previous: float | None = None
        for value in history:
            self._take(None if value != value else value)

    def update(self, candle: Candle) -> None:
        """Take what is averaged, which has taken the next closed candle already."""
        self._take(self._averaged.value)

    def _take(self, value: float | None) -> None:
        self.previous, self.value = self.value, self._mean()
        self._window.append(value)

    def _mean(self) -> float | None:
        if len(self._window) < AVERAGED_CANDLES:
            return None
        # Plain additions, the oldest first: `sum` compensates its rounding, which arrays do not.
        total = 0.0
        for value in self._window:
            if value is None:
                return None
            total += value
        return total / AVERAGED_CANDLES


class CandleStreams:
    """The operands of one symbol and period; a candle that is not later than the last is ignored."""

    def __init__(self, period: Period, arrays: ConditionArrays) -> None:
        series = arrays.closed.of(period).candles
        self.period = period
        self.candles = len(series)
        """How many closed candles there have been."""
        self._last_open_ms = int(series.open_ms[-1]) if len(series) else -1
        self._functions: dict[tuple[object, ...], FunctionStream] = {}
        self._streams: dict[Operand, OperandStream] = {}
        # In the order they were opened, so that an average comes after what it averages.
        self._updates: dict[object, Callable[[Candle], object]] = {}

    @property
    def last_close_ms(self) -> int | None:
        """When the last closed candle closed, None before there was one."""
        return self._last_open_ms + self.period.length_ms if self.candles else None

    def stream(self, operand: Operand, arrays: ConditionArrays) -> OperandStream:
        """Return an operand's stream; a new one starts from history up to the last candle taken."""
        if operand not in self._streams:
            self._streams[operand] = self._open(operand, arrays)
        return self._streams[operand]

    def keep_only(self, operands: Collection[Operand]) -> None:
        """Drop every stream that none of these operands needs."""
        needed = {*operands, *(Operand(operand.metric) for operand in operands)}
        keys: set[object] = needed | {
            _function_key(operand) for operand in needed if operand.metric.kind is MetricKind.INDICATOR
        }
        self._streams = {key: stream for key, stream in self._streams.items() if key in keys}
        self._functions = {key: stream for key, stream in self._functions.items() if key in keys}
        self._updates = {key: update for key, update in self._updates.items() if key in keys}

    def update(self, candle: Candle) -> bool:
        """Take the next closed candle; tell whether it was one."""
        if candle.open_ms <= self._last_open_ms:
            return False
        self._last_open_ms = candle.open_ms
        self.candles += 1
        for update in self._updates.values():
            update(candle)
        return True

    def _open(self, operand: Operand, arrays: ConditionArrays) -> OperandStream:
        series = arrays.closed.of(self.period).candles
        rows = int(series.open_ms.searchsorted(self._last_open_ms, side="right"))
        metric = operand.metric
        if operand.averaged:
            averaged = self.stream(Operand(metric), arrays)
            values = arrays.values(Operand(metric), self.period)
            first = max(0, rows - AVERAGED_CANDLES - 2)
            average = AverageStream(averaged, values[first:rows].tolist())
            self._updates[operand] = average.update
            return average
        if metric.kind is MetricKind.INDICATOR:
            definition, key = indicator(metric.source), _function_key(operand)
            if key not in self._functions:
                self._functions[key] = FunctionStream(definition, series.slice(0, rows))
                self._updates[key] = self._functions[key].update
            return LineStream(self._functions[key], definition.output or 0)
        if metric.kind is MetricKind.FACTOR:
            factor = arrays.data.factors.stream(metric.source, series.slice(0, rows))
            self._updates[operand] = factor.update
            return factor
        column = ColumnStream(metric.source, getattr(series, metric.source)[max(0, rows - 2) : rows].tolist())
        self._updates[operand] = column.update
        return column


def _function_key(operand: Operand) -> tuple[object, ...]:
    definition = indicator(operand.metric.source)
    return definition.function, definition.inputs, definition.parameters


class FlowOperandStream:
    """A flow metric over one window."""

    def __init__(self, quantity: str, window: Period, history: FlowSeries) -> None:
        from engine.market.flow.metrics import FlowQuantity, FlowStream

        earlier = history.slice(0, -1) if len(history) else None
        self._stream = FlowStream(FlowQuantity(quantity), window, earlier)
        self.value = self._stream.value
        self.previous: float | None = None
        if len(history):
            self.update(history.sample(-1))

    def update(self, sample: FlowSample) -> None:
        """Take the next sample."""
        self.previous, self.value = self.value, self._stream.update(sample)


class FlowStreams:
    """The flow operands of one symbol; a sample that is not later than the last is ignored."""

    def __init__(self, arrays: ConditionArrays) -> None:
        flow = arrays.data.flow
        self.last_sample: FlowSample | None = flow.sample(-1) if len(flow) else None
        self._streams: dict[tuple[Operand, Period], FlowOperandStream] = {}

    def stream(self, operand: Operand, window: Period, arrays: ConditionArrays) -> OperandStream:
        """Return an operand's stream; a new one starts from history up to the last sample taken."""
        key = operand, window
        if key not in self._streams:
            flow = arrays.data.flow
            last_ms = -1 if self.last_sample is None else self.last_sample.close_ms
            rows = int(flow.close_ms.searchsorted(last_ms, side="right"))
            self._streams[key] = FlowOperandStream(operand.metric.source, window, flow.slice(0, rows))
        return self._streams[key]

    def keep_only(self, operands: Collection[tuple[Operand, Period]]) -> None:
        """Drop every stream that none of these operands, each with its window, needs."""
        self._streams = {key: stream for key, stream in self._streams.items() if key in operands}

    def update(self, sample: FlowSample) -> bool:
        """Take the next sample; tell whether it was one."""
        if self.last_sample is not None and sample.close_ms <= self.last_sample.close_ms:
            return False
        self.last_sample = sample
        for stream in self._streams.values():
            stream.update(sample)
        return True
