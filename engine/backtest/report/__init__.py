"""A result for people: a page, a text for the terminal, and several results side by side."""

from __future__ import annotations

from engine.backtest.report.page import html_report
from engine.backtest.report.price_chart import PriceChart, price_chart

__all__ = ["PriceChart", "html_report", "price_chart"]
