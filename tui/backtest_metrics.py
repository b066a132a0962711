"""The engine's table of backtest metrics as the screen reads it: titles, values and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.backtesting import METRICS, Better, Metric, Unit, value_text
from tui import format as fmt

__all__ = ["METRICS", "Metric", "best_places", "difference_text", "explanation", "metric_role", "metric_text"]

_SIGNED = (Unit.PERCENT, Unit.MONEY)


def metric_text(metric: Metric, value: float | None) -> str:
    """Return a metric's value with its unit: `12.34%`, `1.84`, `3 d 4 h`."""
    return value_text(value, metric.unit).replace(" %", "%")


def metric_role(metric: Metric, value: float | None) -> str:
    """Return the colour role of a value: gains and losses where the sign says which it is."""
    if value is None:
        return "muted"
    if metric.unit in _SIGNED and metric.better is not Better.LOWER:
        return fmt.trend_role(value) if value else "text"
    return "text"


def explanation(metric: Metric) -> str:
    """Return what a metric means, and whose it is."""
    return f"{metric.meaning} ({metric.source})" if metric.source else metric.meaning


def best_places(metric: Metric, values: Sequence[float | None]) -> frozenset[int]:
    """Return where the best of several values stand; nowhere if all are equal or none is better."""
    known = [value for value in values if value is not None]
    if metric.better is Better.NEITHER or not known or min(known) == max(known):
        return frozenset()
    best = max(known) if metric.better is Better.HIGHER else min(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def difference_text(metric: Metric, before: float | None, after: float | None) -> str:
    """Return how far the second value is from the first, signed; "=" where they are equal."""
    if before is None or after is None:
        return fmt.ABSENT
    if before == after:
        return "="
    if metric.unit is Unit.TIME:
        return fmt.ABSENT
    text = metric_text(metric, abs(after - before))
    return f"{'+' if after > before else '-'}{text}"


def objectives() -> tuple[tuple[str, str], ...]:
    """Return the metrics a sweep can choose its best run by, with their titles."""
    return tuple((metric.name, metric.title) for metric in METRICS.values() if metric.better is Better.HIGHER)


def title_of(name: str, metrics: Mapping[str, Metric] = METRICS) -> str:
    """Return a metric's title, or its name where the table has none of it."""
    return metrics[name].title if name in metrics else name
