"""The one table of metrics; whatever measures, prints, compares or explains a metric reads it here."""

from __future__ import annotations

from engine.backtest.metrics.equity_metrics import EQUITY_METRICS
from engine.backtest.metrics.metric import Metric
from engine.backtest.metrics.trade_metrics import TRADE_METRICS

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*EQUITY_METRICS, *TRADE_METRICS)}
"""Every metric by name, in the order reports show them."""
