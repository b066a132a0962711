"""The equity pane: equity beside buying and holding, drawdown below; of a sweep, its heat map instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from engine.model.backtest import BacktestResult
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_sweeps import heat_map_of, heat_map_words
from tui.backtest_view import Compared, Subject, percent, waiting_words
from tui.panes.backtest_base import BacktestPane
from tui.panes.span_line import Span, SpanLine
from tui.theming import SERIES_ROLES
from tui.widgets.heat_map import HeatMapView
from tui.widgets.line_chart import ChartSeries, LineChart

LABEL_CELLS = 10
"""Room for the labels of both charts, so that their times stand below each other."""
EQUITY, HOLDING, DRAWDOWN = "equity", "buy and hold", "drawdown"
NO_MAP = "a map needs a range of two values or more"


def equity_series(result: BacktestResult) -> tuple[ChartSeries, ...]:
    """Return equity, and what holding the first symbol would have been worth."""
    curve = result.curve
    holding = ChartSeries(HOLDING, curve.ts_ms, curve.benchmark, SERIES_ROLES[1]) if curve.benchmark else None
    equity = ChartSeries(EQUITY, curve.ts_ms, curve.equity, SERIES_ROLES[0])
    return (holding, equity) if holding else (equity,)


def return_series(compared: Sequence[Compared]) -> tuple[ChartSeries, ...]:
    """Return the returns of several runs in per cent, so that their cash does not matter."""
    return tuple(
        ChartSeries(
            item.run.run_id,
            item.result.curve.ts_ms,
            tuple((value / float(item.result.request.cash) - 1) * 100 for value in item.result.curve.equity),
            SERIES_ROLES[place % len(SERIES_ROLES)],
        )
        for place, item in enumerate(compared)
    )


def drawdown_series(result: BacktestResult, label: str = DRAWDOWN, role: str = "loss") -> ChartSeries:
    """Return how far equity was below its highest value so far, in per cent."""
    return ChartSeries(label, result.curve.ts_ms, result.curve.drawdown_pct, role)


def drawdown_spans(result: BacktestResult) -> tuple[Span, ...]:
    """Return the deepest drawdown with its dates."""
    metrics = result.metrics
    deepest = metrics.get("max_drawdown_pct")
    if not deepest:
        return (Span("drawdown ", "muted"), Span("none", "muted"))
    start, end, recovery = (
        metrics.get(f"max_drawdown_{name}_ms") for name in ("start", "end", "recovery")
    )
    back = f", back {_day(recovery)}" if recovery is not None else ", not back since"
    return (
        Span("drawdown ", "muted"),
        Span(percent(deepest), "loss"),
        Span(f" from {_day(start)} to {_day(end)}", "muted", priority=2),
        Span(back, "muted", priority=3),
    )


def _day(ts_ms: float | None) -> str:
    return fmt.ABSENT if ts_ms is None else fmt.short_date_time(int(ts_ms))


class EquityPane(BacktestPane, can_focus=True):
    """Two charts on the same time, or a map."""

    context = Context.EQUITY
    BINDINGS = bindings_for(Context.EQUITY)
    HELP = "z gives the charts the whole screen."
    DEFAULT_CSS: ClassVar[str] = """
    EquityPane #equity-chart { height: 2fr; }
    EquityPane #drawdown-chart { height: 1fr; min-height: 4; }
    EquityPane HeatMapView { height: 1fr; }
    EquityPane .-empty { display: none; }
    """

    def compose(self) -> ComposeResult:
        """Build the charts and the map."""
        yield SpanLine(id="equity-head")
        yield LineChart(id="equity-chart", empty_text="no equity yet", label_cells=LABEL_CELLS)
        yield LineChart(id="drawdown-chart", label_cells=LABEL_CELLS)
        yield HeatMapView(id="sweep-map")

    def show(self, subject: Subject) -> None:
        """Show curves, or the map of a sweep."""
        is_map = subject.sweep is not None and not subject.compared
        has_curves = bool(subject.compared) or subject.result is not None
        for selector, is_shown in (
            ("#equity-chart", has_curves),
            ("#drawdown-chart", has_curves),
            ("#sweep-map", not has_curves),
        ):
            self.query_one(selector).set_class(not is_shown, "-empty")
        head = self.query_one("#equity-head", SpanLine)
        self.set_heading("Heat map" if is_map else self.title)
        equity, drawdown = (self.query_one(f"#{name}-chart", LineChart) for name in ("equity", "drawdown"))
        if subject.compared:
            head.show([Span("returns in per cent, drawdowns below", "muted")])
            equity.show(return_series(subject.compared))
            drawdown.show(
                [
                    drawdown_series(item.result, item.run.run_id, SERIES_ROLES[place % len(SERIES_ROLES)])
                    for place, item in enumerate(subject.compared)
                ]
            )
        elif subject.result is not None:
            head.show(drawdown_spans(subject.result), _against_spans(subject.result))
            equity.show(equity_series(subject.result))
            drawdown.show([drawdown_series(subject.result)])
        elif subject.sweep is not None:
            head.show([Span(heat_map_words(subject.sweep), "muted")])
            self.query_one(HeatMapView).show(heat_map_of(subject.sweep), NO_MAP)
        else:
            head.show([])
            self.query_one(HeatMapView).show(None, waiting_words(subject))


def _against_spans(result: BacktestResult) -> tuple[Span, ...]:
    over = result.metrics.get("excess_return_pct")
    if over is None:
        return ()
    return (
        Span("against holding ", "muted", priority=1),
        Span(percent(over), fmt.trend_role(over), priority=1),
    )
