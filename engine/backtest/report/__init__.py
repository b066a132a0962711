"""A result for people: a page, a text for the terminal, and several results side by side."""

from __future__ import annotations

from engine.backtest.report.comparison import ComparedMetric, ComparedSetting, Comparison, compare
from engine.backtest.report.page import html_report
from engine.backtest.report.price_chart import PriceChart, price_chart
from engine.backtest.report.sweep_text import sweep_summary
from engine.backtest.report.text import text_summary

__all__ = [
    "ComparedMetric",
    "ComparedSetting",
    "Comparison",
    "PriceChart",
    "compare",
    "html_report",
    "price_chart",
    "sweep_summary",
    "text_summary",
]
