"""Several results side by side: which metric is best where, and what the runs were asked differently."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.backtest.metrics import METRICS, Better, Unit
from engine.backtest.metrics.value_text import value_text
from engine.backtest.report.tables import setting_text
from engine.errors import InvalidInput
from engine.model.backtest import BacktestRequest, BacktestResult


class ComparedMetric(msgspec.Struct, frozen=True):
    """One metric of all results, in their order; `best` are the places of the best value, if one is."""

    name: str
    title: str
    unit: Unit
    values: tuple[float | None, ...]
    best: tuple[int, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as reports write them."""
        return tuple(value_text(value, self.unit) for value in self.values)


class ComparedSetting(msgspec.Struct, frozen=True):
    """A setting in which the runs differ, one text for each."""

    name: str
    texts: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Results side by side; `labels` name them, told apart by a number where two are called alike."""

    labels: tuple[str, ...]
    metrics: tuple[ComparedMetric, ...]
    settings: tuple[ComparedSetting, ...]


def compare(results: Sequence[BacktestResult]) -> Comparison:
    """Return results side by side; raises `InvalidInput` without one."""
    if not results:
        raise InvalidInput.of("results", "none", "give at least one")
    metrics = tuple(
        _compared(name, tuple(result.metrics.get(name) for result in results))
        for name in METRICS
        if any(name in result.metrics for result in results)
    )
    settings = tuple(_different_settings([result.request for result in results]))
    return Comparison(labels=_labels(results), metrics=metrics, settings=settings)


def _compared(name: str, values: tuple[float | None, ...]) -> ComparedMetric:
    metric = METRICS[name]
    known = [value for value in values if value is not None]
    best: tuple[int, ...] = ()
    if metric.better is not Better.NEITHER and len(set(known)) > 1:
        target = max(known) if metric.better is Better.HIGHER else min(known)
        best = tuple(place for place, value in enumerate(values) if value == target)
    return ComparedMetric(name, metric.title, metric.unit, values, best)


def _labels(results: Sequence[BacktestResult]) -> tuple[str, ...]:
    names = [result.request.name for result in results]
    return tuple(
        name if names.count(name) == 1 else f"{name} {names[: place + 1].count(name)}"
        for place, name in enumerate(names)
    )


def _different_settings(requests: Sequence[BacktestRequest]) -> list[ComparedSetting]:
    rows: list[ComparedSetting] = []
    for name in dict.fromkeys(name for request in requests for name in request.params):
        rows.append(
            ComparedSetting(
                f"params.{name}", tuple(setting_text(request.params.get(name)) for request in requests)
            )
        )
    for field in requests[0].__struct_fields__:
        if field not in ("params", "source"):
            texts = tuple(setting_text(getattr(request, field)) for request in requests)
            rows.append(ComparedSetting(field, texts))
    sources = {request.source: f"text {number}" for number, request in enumerate(requests, start=1)}
    rows.append(ComparedSetting("source", tuple(sources[request.source] for request in requests)))
    return [row for row in rows if len(set(row.texts)) > 1]
