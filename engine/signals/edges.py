"""Edges: a signal fires when its condition comes true, once, and not again while it stays so.

The detector remembers, per definition and symbol, the last value it saw and when; that is all its
state. It can be saved and restored, or rebuilt by showing it the history before the restart.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.signals.conditions import RsiCrossing


class EdgeState(msgspec.Struct, frozen=True):
    """What was last seen: `value` at the candle that closed at `close_ms`, None in warm-up."""

    condition: RsiCrossing
    symbol: str
    close_ms: int
    value: float | None


class EdgeDetector:
    """Tells crossings from mere values, for any number of definitions and symbols."""

    def __init__(self, states: Iterable[EdgeState] = ()) -> None:
        self._states = {(state.condition, state.symbol): state for state in states}

    @property
    def states(self) -> tuple[EdgeState, ...]:
        """Everything remembered, enough to go on from after a restart."""
        return tuple(self._states.values())

    def is_news(self, condition: RsiCrossing, symbol: str, close_ms: int) -> bool:
        """Tell whether a candle that closed at `close_ms` is later than the last one seen."""
        last = self._states.get((condition, symbol))
        return last is None or close_ms > last.close_ms

    def observe(self, condition: RsiCrossing, symbol: str, close_ms: int, value: float | None) -> bool:
        """Take the value at a candle's close and tell whether the signal fires there.

        A candle that is not later than the last one seen is ignored, so that one shown twice, before
        and after a restart, fires once.
        """
        if not self.is_news(condition, symbol, close_ms):
            return False
        last = self._states.get((condition, symbol))
        self._states[condition, symbol] = EdgeState(condition, symbol, close_ms, value)
        return last is not None and condition.is_crossed(last.value, value)

    def forget(self, condition: RsiCrossing, symbol: str) -> None:
        """Drop what is remembered of a definition and symbol."""
        self._states.pop((condition, symbol), None)
