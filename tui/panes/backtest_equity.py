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
from tui.panes.backtest_curves import CurveChart, CurvePicture, legend
from tui.panes.span_line import Span, SpanLine
from tui.theming import SERIES_ROLES
from tui.widgets.chart_raster import ChartSeries
from tui.widgets.heat_map import HeatMapView

EQUITY, HOLDING, DRAWDOWN = "equity", "buy and hold", "drawdown"
NO_MAP = "a map needs a range of two values or more"


def equity_series(result: BacktestResult) -> tuple[ChartSeries, ...]:
    """Return equity, and what holding the first symbol would have been worth."""
    curve = result.curve
    holding = ChartSeries(HOLDING, curve.ts_ms, curve.benchmark, SERIES_ROLES[1]) if curve.benchmark else None
    equity = ChartSeries(EQUITY, curve.ts_ms, curve.equity, SERIES_ROLES[0])
    return (equity, holding) if holding else (equity,)


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
    start, end, recovery = (metrics.get(f"max_drawdown_{name}_ms") for name in ("start", "end", "recovery"))
    back = f", back {_day(recovery)}" if recovery is not None else ", not back since"
    return (
        Span("drawdown ", "muted"),
        Span(percent(deepest), "loss"),
        Span(f" from {_day(start)} to {_day(end)}", "muted", priority=3),
        Span(back, "muted", priority=4),
    )


def _day(ts_ms: float | None) -> str:
    return fmt.ABSENT if ts_ms is None else fmt.short_date_time(int(ts_ms))


class EquityPane(BacktestPane, can_focus=True):
    """Two charts on the same time, or a map."""

    context = Context.EQUITY
    BINDINGS = bindings_for(Context.EQUITY)
    HELP = "z gives the charts the whole screen."
    DEFAULT_CSS: ClassVar[str] = """
    EquityPane CurveChart, EquityPane HeatMapView { height: 1fr; }
    EquityPane .-empty { display: none; }
    """

    def compose(self) -> ComposeResult:
        """Build the charts and the map."""
        yield SpanLine(id="equity-head")
        yield CurveChart()
        yield HeatMapView(id="sweep-map")

    def show(self, subject: Subject) -> None:
        """Show curves, or the map of a sweep."""
        is_map = subject.sweep is not None and not subject.compared
        picture = curve_picture(subject)
        chart, heat = self.query_one(CurveChart), self.query_one(HeatMapView)
        chart.set_class(picture is None, "-empty")
        heat.set_class(picture is not None, "-empty")
        self.set_heading("Heat map" if is_map else f"{self.title} and drawdown")
        head = self.query_one("#equity-head", SpanLine)
        if picture is not None:
            chart.show(picture)
            names = [Span(text, role, priority=1) for text, role in legend(picture.curves)]
            alone = subject.result if not subject.compared else None
            if alone is not None:
                head.show([*names, *_against_spans(alone)], drawdown_spans(alone))
            else:
                head.show(names, [Span("returns in per cent", "muted", priority=4)])
        elif subject.sweep is not None:
            head.show([Span(heat_map_words(subject.sweep), "muted")])
            heat.show(heat_map_of(subject.sweep), NO_MAP)
        else:
            head.show([])
            heat.show(None, waiting_words(subject))


def curve_picture(subject: Subject) -> CurvePicture | None:
    """Return the curves of a run, or of all that are compared; None where there are none."""
    if subject.compared:
        falls = tuple(
            drawdown_series(item.result, item.run.run_id, SERIES_ROLES[place % len(SERIES_ROLES)])
            for place, item in enumerate(subject.compared)
        )
        return CurvePicture(return_series(subject.compared), falls)
    if subject.result is None:
        return None
    return CurvePicture(equity_series(subject.result), (drawdown_series(subject.result),))


def _against_spans(result: BacktestResult) -> tuple[Span, ...]:
    over = result.metrics.get("excess_return_pct")
    if over is None:
        return ()
    return (
        Span("against holding ", "muted", priority=5),
        Span(percent(over), fmt.trend_role(over), priority=5),
    )
