"""Evaluates signal definitions on closed candles as they come, and says which fire.

Pure and incremental: one indicator handle per definition and symbol, a fixed cost per candle. The
forming candle is never looked at, so nothing fires that a look at the finished chart would not
show. After a restart, show it the history up to the restart first: it then neither fires anew what
has fired nor misses what comes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.market.indicators import IndicatorStream, rsi
from engine.market.periods import Period
from engine.model.trigger import Trigger, TriggerKind
from engine.signals.conditions import RsiCrossing
from engine.signals.edges import EdgeDetector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.market.candle_builder import PeriodCandle
    from engine.model.candle import Candle


class SignalEvaluator:
    """The signals that are watched, each on its own symbol."""

    def __init__(self) -> None:
        self._edges = EdgeDetector()
        self._watches: dict[tuple[str, Period], dict[RsiCrossing, IndicatorStream]] = {}

    @property
    def watched(self) -> tuple[tuple[str, RsiCrossing], ...]:
        """Every symbol and definition watched."""
        return tuple(
            (symbol, condition)
            for (symbol, _), conditions in self._watches.items()
            for condition in conditions
        )

    def watch(self, symbol: str, condition: RsiCrossing, history: Iterable[Candle] = ()) -> None:
        """Watch a definition on a symbol, warmed up on `history`; watching it twice changes nothing.

        `history` holds the closed candles of the definition's period up to now, oldest first. What
        they would have fired lies in the past and is not returned.
        """
        conditions = self._watches.setdefault((symbol, condition.period), {})
        if condition in conditions:
            return
        stream = conditions[condition] = IndicatorStream(rsi(condition.length))
        for candle in history:
            self._observe(symbol, condition, stream, candle)

    def unwatch(self, symbol: str, condition: RsiCrossing) -> None:
        """Stop watching a definition on a symbol; what it knew is forgotten."""
        self._watches.get((symbol, condition.period), {}).pop(condition, None)
        self._edges.forget(condition, symbol)

    def on_candle(self, symbol: str, closed: PeriodCandle) -> tuple[Trigger, ...]:
        """Take a closed candle and return what it triggers, stamped with the candle's close.

        A trigger's `signal` is the definition's text, which is what a trader's settings hold. A
        candle that is not later than the last one of its symbol and period is ignored.
        """
        conditions = self._watches.get((symbol, closed.period), {})
        return tuple(
            _trigger(symbol, condition, stream, closed.close_ms)
            for condition, stream in conditions.items()
            if self._observe(symbol, condition, stream, closed.candle)
        )

    def _observe(self, symbol: str, condition: RsiCrossing, stream: IndicatorStream, candle: Candle) -> bool:
        close_ms = candle.open_ms + condition.period.length_ms
        if not self._edges.is_news(condition, symbol, close_ms):
            return False
        return self._edges.observe(condition, symbol, close_ms, stream.update(candle))


def _trigger(symbol: str, condition: RsiCrossing, stream: IndicatorStream, ts_ms: int) -> Trigger:
    detail = f"{stream.definition.name} {stream.previous:.2f} → {stream.value:.2f} on {condition.period}"
    return Trigger(kind=TriggerKind.SIGNAL, symbol=symbol, ts_ms=ts_ms, signal=str(condition), detail=detail)
