"""The table of metrics: every name finds one, and each says its unit, its range and its need."""

from __future__ import annotations

from engine.market.flow.metrics import FlowQuantity
from engine.market.indicators import INDICATORS
from engine.model.flow import FlowMetric
from engine.signals.conditions.metric_names import built_in_factors, find_metric, metric_infos
from engine.signals.conditions.metrics import METRICS, MetricKind


def test_every_flow_metric_is_measured_by_a_quantity_of_flow() -> None:
    measured = {metric.source for metric in METRICS.values() if metric.is_flow}
    assert measured == {quantity.value for quantity in FlowQuantity}


def test_every_name_of_the_flow_row_is_a_metric() -> None:
    for name in FlowMetric:
        assert find_metric(name.name).is_flow


def test_what_people_choose_from_has_every_indicator_and_factor() -> None:
    infos = {info.name: info for info in metric_infos()}
    assert {name.lower() for name in INDICATORS} <= infos.keys()
    assert {f"factor:{each.name}" for each in built_in_factors().definitions()} <= infos.keys()
    assert all(info.meaning and info.needs for info in infos.values())
    for name, info in infos.items():
        assert find_metric(name).info == info


def test_units_and_ranges_are_those_of_what_is_measured() -> None:
    rsi, upper, willr = find_metric("rsi14"), find_metric("bbands(20).upperband"), find_metric("willr(14)")
    assert (rsi.unit, rsi.lowest, rsi.highest) == ("points", 0, 100)
    assert (upper.unit, upper.kind) == ("USD", MetricKind.INDICATOR)
    assert (willr.lowest, willr.highest) == (-100, 0)
    assert find_metric("hma(20)").unit == "USD"
