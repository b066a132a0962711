"""How a metric was distributed, and thresholds that it would have met now and then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.model.signal import MetricAnalysis
from engine.signals.conditions.condition import Comparison, Level
from engine.signals.conditions.metric_names import find_metric
from engine.signals.conditions.metrics import Metric, MetricKind
from engine.signals.conditions.operators import Operator, comparator
from engine.signals.conditions.rules import Operand
from engine.signals.history.condition_arrays import Column, ConditionArrays, SignalData

if TYPE_CHECKING:
    from engine.market.periods import Period

PERCENTS = (1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0)
_SUGGESTED: tuple[tuple[Operator, bool, float], ...] = (
    (Operator.GREATER, False, 90.0),
    (Operator.GREATER, False, 95.0),
    (Operator.GREATER, False, 99.0),
    (Operator.LESS, False, 10.0),
    (Operator.LESS, False, 5.0),
    (Operator.LESS, False, 1.0),
    (Operator.GREATER, True, 95.0),
    (Operator.GREATER, True, 99.0),
)
"""Which percentiles make a threshold, of the value or (True) of its absolute value."""
_DIGITS = 4
"""How many digits a suggested threshold has."""


def analyze_metric(
    name: str, symbol: str, period: Period, data: SignalData, since_ms: int | None = None
) -> MetricAnalysis:
    """Return how a metric was distributed from `since_ms` on, or in all of history.

    A candle metric is looked at once for each closed candle, a flow metric at each checkpoint.
    Missing and infinite values are left out. Raises `InvalidInput` for a metric that is not known or
    that has no value of its own, and for a window it does not have.
    """
    metric = find_metric(name, data.factors)
    if metric.kind is MetricKind.EVENTS:
        raise InvalidInput.of("metric", f"'{metric.name}'", f"it has no value to analyze: {metric.meaning}")
    # A comparison that stands for all others refuses a window the metric does not have.
    Comparison(
        metric=metric, operator=Operator.NOT_EQUAL, target=Level(max(metric.bounds()[0], 0)), period=period
    )
    values = _values(metric, period, data, since_ms)
    return MetricAnalysis(
        metric=metric.name,
        symbol=symbol,
        period=period.value,
        samples=len(values),
        mean=float(values.mean()) if len(values) else None,
        deviation=float(values.std()) if len(values) else None,
        lowest=float(values.min()) if len(values) else None,
        highest=float(values.max()) if len(values) else None,
        percentiles=_percentiles(values),
        suggestions=tuple(_suggestions(metric, period, values)) if len(values) else (),
    )


def _values(metric: Metric, period: Period, data: SignalData, since_ms: int | None) -> Column:
    arrays = ConditionArrays(data)
    values = arrays.values(Operand(metric), period)
    if since_ms is not None:
        if metric.is_flow:
            ends_ms = data.flow.close_ms
        else:
            ends_ms = arrays.closed.of(period).candles.open_ms + period.length_ms
        values = values[int(np.searchsorted(ends_ms, since_ms)) :]
    return values[np.isfinite(values)]


def _percentiles(values: Column) -> tuple[tuple[float, float], ...]:
    if not len(values):
        return ()
    return tuple(zip(PERCENTS, np.percentile(values, PERCENTS).tolist(), strict=True))


def _suggestions(metric: Metric, period: Period, values: Column) -> Iterator[tuple[str, float]]:
    has_both_signs = values.min() < 0 < values.max()
    seen = set()
    for comparison, absolute, percent in _SUGGESTED:
        if absolute and not has_both_signs:
            continue
        compared = np.abs(values) if absolute else values
        threshold = float(f"{np.percentile(compared, percent):.{_DIGITS}g}")
        share = float(np.mean(comparator(comparison)(compared, threshold)))
        try:
            condition = Comparison(
                metric=metric, operator=comparison, target=Level(threshold), period=period, absolute=absolute
            )
        except InvalidInput:  # the percentile is the end of the metric's range
            continue
        if share > 0 and str(condition) not in seen:
            seen.add(str(condition))
            yield str(condition), share
