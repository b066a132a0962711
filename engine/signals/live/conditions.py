"""The conditions watched on one symbol, as they stand after each closed candle and flow sample.

A condition that several signals share is decided once, and so is each metric that several conditions
share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from engine.model.signal import SignalState
from engine.signals.conditions.condition import Condition, is_event, uses_flow
from engine.signals.conditions.rules import MET, NOT_MET, UNKNOWN, distance, rule_of
from engine.signals.live.missing_data import no_flow, no_value
from engine.signals.live.operand_streams import CandleStreams, FlowStreams, OperandStream

if TYPE_CHECKING:
    from engine.market.candles.builder import PeriodCandle
    from engine.market.periods import Period
    from engine.model.flow import FlowSample
    from engine.signals.history.condition_arrays import ConditionArrays


class LiveCondition:
    """How one condition stands now; `state` is `UNKNOWN`, `NOT_MET` or `MET`."""

    def __init__(
        self, condition: Condition, streams: tuple[OperandStream, ...], source: CandleStreams | FlowStreams
    ) -> None:
        self.condition = condition
        self.state = UNKNOWN
        self.has_event = False
        """Whether an event has happened since the last checkpoint."""
        self.as_of_ms: int | None = None
        """When the last value it was decided on was told."""
        self._rule = rule_of(condition)
        self._is_event = is_event(condition)
        self._streams = streams
        self._source = source

    def decide(self, ts_ms: int) -> None:
        """Look at the streams, which have just taken what came at `ts_ms`."""
        now = [stream.value for stream in self._streams]
        before = [stream.previous for stream in self._streams] if self._rule.looks_back else now
        if None in now or None in before:
            self.state = UNKNOWN
        else:
            self.state = MET if self._rule.met(now, before) else NOT_MET
        self.has_event = self._is_event and self.state == MET
        self.as_of_ms = ts_ms

    @property
    def value(self) -> float | None:
        """What is compared, None while it is missing."""
        now = [stream.value for stream in self._streams]
        return None if None in now else float(self._rule.value(now))

    def signal_state(self, signal_id: int, symbol: str) -> SignalState:
        """Return all of this for people to see."""
        now = [stream.value for stream in self._streams]
        state, value, target, apart = self.state, None, None, None
        if None not in now:
            value, target = self._rule.value(now), self._rule.target(now)
            if state != UNKNOWN:
                apart = distance(self.condition, value, target, state == MET)
        return SignalState(
            signal_id=signal_id,
            symbol=symbol,
            value=value,
            target=target,
            distance=apart,
            met=None if state == UNKNOWN else state == MET,
            why_unknown=self.why_unknown(),
            as_of_ms=self.as_of_ms,
        )

    def why_unknown(self) -> str:
        """Return why it cannot be decided, empty if it can."""
        if self.state != UNKNOWN:
            return ""
        for operand, stream in zip(self._rule.operands, self._streams, strict=True):
            if stream.value is not None and (stream.previous is not None or not self._rule.looks_back):
                continue
            if isinstance(self._source, FlowStreams):
                sample = self._source.last_sample
                if sample is not None and stream.value is not None:
                    return f"needs one more sample of {operand.metric.name}"
                return no_flow(operand.metric, None if sample is None else sample.seconds)
            return no_value(operand, self.condition.period, self._rule.looks_back, self._source.candles)
        return ""


class LiveConditions:
    """Every condition watched on one symbol."""

    def __init__(self) -> None:
        self._conditions: dict[Condition, LiveCondition] = {}
        self._candles: dict[Period, CandleStreams] = {}
        self._by_period: dict[Period, list[LiveCondition]] = {}
        self._flow: FlowStreams | None = None
        self._on_flow: list[LiveCondition] = []

    def __getitem__(self, condition: Condition) -> LiveCondition:
        return self._conditions[condition]

    def missing(self, wanted: Collection[Condition]) -> bool:
        """Tell whether any of these is not watched yet."""
        return not self._conditions.keys() >= set(wanted)

    def watch(self, wanted: Collection[Condition], arrays: ConditionArrays | None) -> None:
        """Watch exactly these conditions.

        `arrays` is the symbol's history up to now, in which everything that has been taken here is;
        it may be None if nothing is `missing`. What lies in it is over: no event is left in it.
        """
        for condition in wanted:
            if condition not in self._conditions:
                assert arrays is not None
                self._conditions[condition] = self._open(condition, arrays)
        kept = set(wanted)
        self._conditions = {each: live for each, live in self._conditions.items() if each in kept}
        self._index()

    def forget(self, chosen: Callable[[Condition], bool]) -> None:
        """Watch the chosen conditions no longer, so that they start anew if they are wanted again."""
        self.watch([condition for condition in self._conditions if not chosen(condition)], None)

    def on_candle(self, closed: PeriodCandle) -> None:
        """Take a closed candle."""
        streams = self._candles.get(closed.period)
        if streams is not None and streams.update(closed.candle):
            close_ms = closed.close_ms
            for live in self._by_period[closed.period]:
                live.decide(close_ms)

    def on_flow(self, sample: FlowSample) -> None:
        """Take a flow sample."""
        if self._flow is not None and self._flow.update(sample):
            for live in self._on_flow:
                live.decide(sample.close_ms)

    def end_checkpoint(self) -> None:
        """Leave the events of this checkpoint behind."""
        for live in self._conditions.values():
            live.has_event = False

    def _open(self, condition: Condition, arrays: ConditionArrays) -> LiveCondition:
        period, operands = condition.period, rule_of(condition).operands
        if uses_flow(condition):
            flow = self._flow = self._flow or FlowStreams(arrays)
            streams = tuple(flow.stream(operand, period, arrays) for operand in operands)
            live = LiveCondition(condition, streams, flow)
            as_of_ms = None if flow.last_sample is None else flow.last_sample.close_ms
        else:
            if period not in self._candles:
                self._candles[period] = CandleStreams(period, arrays)
            candles = self._candles[period]
            streams = tuple(candles.stream(operand, arrays) for operand in operands)
            live = LiveCondition(condition, streams, candles)
            as_of_ms = candles.last_close_ms
        if as_of_ms is not None:
            live.decide(as_of_ms)
            live.has_event = False
        return live

    def _index(self) -> None:
        """Group the conditions by what moves them, and drop the streams that none of them needs."""
        self._by_period, self._on_flow = {}, []
        for condition, live in self._conditions.items():
            if uses_flow(condition):
                self._on_flow.append(live)
            else:
                self._by_period.setdefault(condition.period, []).append(live)
        self._candles = {period: self._candles[period] for period in self._by_period}
        for period, streams in self._candles.items():
            conditions = [live.condition for live in self._by_period[period]]
            streams.keep_only({operand for each in conditions for operand in rule_of(each).operands})
        if self._flow is not None:
            needed = [(live.condition.period, rule_of(live.condition)) for live in self._on_flow]
            self._flow.keep_only({(operand, period) for period, rule in needed for operand in rule.operands})
