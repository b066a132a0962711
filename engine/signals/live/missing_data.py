"""Why a condition cannot be decided, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.market.indicators import indicator
from engine.market.indicators.functions import lookback
from engine.signals.conditions.condition import AVERAGED_CANDLES
from engine.signals.conditions.metrics import Metric, MetricKind
from engine.signals.conditions.rules import Operand

if TYPE_CHECKING:
    from engine.market.periods import Period

_MINUTE_SECONDS = 60


def no_flow(metric: Metric, sample_seconds: int | None) -> str:
    """Say why a flow metric is missing at a sample of so many seconds, None for no sample at all."""
    if sample_seconds is None:
        return "needs market data, the feed has told nothing yet"
    if sample_seconds == _MINUTE_SECONDS and metric.needs in ("trades", "book"):
        wanted = "the order book" if metric.needs == "book" else metric.needs
        return f"needs {wanted}, this feed has only candles"
    if metric.needs == "candles":
        return f"{metric.name} has no value in this window yet"
    return f"needs {metric.needs}, which the feed does not tell for this whole window"


def no_value(operand: Operand, period: Period, looks_back: bool, candles: int) -> str:
    """Say why an operand is missing after so many closed candles."""
    lacking = _candles_needed(operand) + looks_back - candles
    if lacking > 0:
        return f"needs {lacking} more {period} candle{'s' if lacking > 1 else ''}"
    if operand.metric.kind is MetricKind.FACTOR:
        return f"{operand.metric.name} has no value after {candles} {period} candles"
    return f"{operand.metric.name} has no value at the last {period} close"


def _candles_needed(operand: Operand) -> int:
    """Return how many candles it takes for a first value, as far as that is known beforehand."""
    needed = 1 + (AVERAGED_CANDLES if operand.averaged else 0)
    if operand.metric.kind is MetricKind.INDICATOR:
        definition = indicator(operand.metric.source)
        needed += lookback(definition.function, definition.parameters)
    return needed
