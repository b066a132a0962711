"""A factor carried forward one closed candle at a time, at a cost that does not grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.market.factors.plan import ColumnStep, ConstantStep, FunctionStep, Plan

if TYPE_CHECKING:
    from engine.market.candles.series import CandleSeries
    from engine.model.candle import Candle


class FactorStream:
    """One factor over the closed candles of one symbol and period.

    Opened with a history it goes on as if it had been given those candles one by one: what it gives
    is bit for bit what the array form gives over all of them.
    """

    def __init__(self, plan: Plan, history: CandleSeries | None = None) -> None:
        self.value: float | None = None
        """The factor at the last closed candle, None where missing."""
        self.previous: float | None = None
        """The same at the candle before that one."""
        (self._result,) = plan.results
        self._values = [step.value if isinstance(step, ConstantStep) else math.nan for step in plan.steps]
        self._columns = [
            (place, step.column) for place, step in enumerate(plan.steps) if isinstance(step, ColumnStep)
        ]
        self._functions = [
            (place, step.form.stream(step.windows), step.arguments)
            for place, step in enumerate(plan.steps)
            if isinstance(step, FunctionStep)
        ]
        if history is not None and len(history):
            self._open(plan, history)

    def update(self, candle: Candle) -> float | None:
        """Take the next closed candle and return the factor at it."""
        values = self._values
        for place, column in self._columns:
            values[place] = _finite(float(getattr(candle, column)))
        for place, function, arguments in self._functions:
            values[place] = _finite(function.update([values[argument] for argument in arguments]))
        self.previous, self.value = self.value, _known(values[self._result])
        return self.value

    def _open(self, plan: Plan, history: CandleSeries) -> None:
        streams = {place: function for place, function, _ in self._functions}
        (result,) = plan.visit(history, lambda place, arguments: streams[place].open(arguments))
        self.value = _known(float(result[-1]))
        self.previous = _known(float(result[-2])) if len(result) > 1 else None


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
