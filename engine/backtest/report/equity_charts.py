"""The charts of equity: against buy and hold, and how far below its highest."""

from __future__ import annotations

from engine.backtest.metrics.value_text import percent_text
from engine.backtest.report.chart_figure import (
    PLOT_WIDTH,
    area_path,
    chart_figure,
    dots_path,
    frame_of,
    line_path,
    shape,
)
from engine.backtest.report.markup import Markup
from engine.model.backtest import EquityCurve

EQUITY_HEIGHT = 300
DRAWDOWN_HEIGHT = 120


def equity_chart(curve: EquityCurve) -> Markup:
    """Return equity and what buy and hold would have been worth."""
    low, high = min(*curve.equity, *curve.benchmark), max(*curve.equity, *curve.benchmark)
    frame = frame_of(curve.ts_ms[0], curve.ts_ms[-1], EQUITY_HEIGHT, low, high)
    points = frame.points(curve.ts_ms, curve.equity)
    held = frame.points(curve.ts_ms, curve.benchmark)
    cash = frame.y(curve.equity[0])
    return chart_figure(
        "equity",
        "Equity" + (" (logarithmic)" if frame.y.is_log else ""),
        frame,
        [
            shape(area_path(points, EQUITY_HEIGHT), "equity-area"),
            shape(f"M0 {cash:.1f}H{PLOT_WIDTH}", "cash"),
            shape(line_path(held), "benchmark"),
            shape(line_path(points), "equity"),
        ],
        {"t": curve.ts_ms, "equity": curve.equity, "buy and hold": curve.benchmark},
        [("equity", "equity"), ("benchmark", "buy and hold"), ("cash", "cash at the start")],
    )


def drawdown_chart(curve: EquityCurve) -> Markup:
    """Return how far equity was below its highest so far, the deepest point marked."""
    deepest = min(curve.drawdown_pct)
    frame = frame_of(
        curve.ts_ms[0], curve.ts_ms[-1], DRAWDOWN_HEIGHT, deepest or -1.0, 0.0, unit=" %", may_log=False
    )
    points = frame.points(curve.ts_ms, curve.drawdown_pct)
    layers = [
        shape(area_path(points, frame.y(0)), "drawdown-area"),
        shape(line_path(points), "drawdown"),
    ]
    if deepest < 0:
        layers.append(shape(dots_path([points[curve.drawdown_pct.index(deepest)]]), "trough"))
    return chart_figure(
        "drawdown",
        "Drawdown",
        frame,
        layers,
        {"t": curve.ts_ms, "drawdown": curve.drawdown_pct},
        [("trough", f"deepest {percent_text(deepest)}")] if deepest < 0 else (),
    )
