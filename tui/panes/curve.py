"""The asset curve: equity over market time, of the selected trader or of each one."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult

from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.panes.base import Pane
from tui.panes.span_line import Span, SpanLine
from tui.theming import SERIES_ROLES
from tui.view import SPANS, Curve, DeskView
from tui.widgets.line_chart import ChartSeries, LineChart


def chart_series(view: DeskView, curve: Curve) -> ChartSeries:
    """Return a curve as the chart draws it; a trader keeps its colour whatever else is shown."""
    ids = [trader.trader_id for trader in view.traders]
    place = ids.index(curve.trader_id) if curve.trader_id in ids else 0
    return ChartSeries(
        label=view.trader_name(curve.trader_id) if curve.trader_id is not None else "all traders",
        xs=tuple(point.ts_ms for point in curve.points),
        ys=tuple(float(point.equity) for point in curve.points),
        role=SERIES_ROLES[place % len(SERIES_ROLES)],
    )


def change_over_span(curves: tuple[Curve, ...]) -> Decimal | None:
    """Return how much the curves' sum has changed from its first to its last point, as a fraction."""
    ends = [(curve.points[0].equity, curve.points[-1].equity) for curve in curves if curve.points]
    first = sum((start for start, _ in ends), Decimal(0))
    last = sum((end for _, end in ends), Decimal(0))
    return (last - first) / first if first else None


class CurvePane(Pane, can_focus=True):
    """The chart, and above it the span and the change over it."""

    context = Context.CURVE
    BINDINGS = bindings_for(Context.CURVE)
    HELP = "[ and ] change the span, a switches between the selected trader and all of them."
    DEFAULT_CSS: ClassVar[str] = "CurvePane LineChart { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Build the line of spans and the chart."""
        yield SpanLine()
        yield LineChart(empty_text="no equity recorded yet")

    def show(self, view: DeskView) -> None:
        """Show the curves of the picture."""
        spans = [
            Span(f"[{span.value}]", "accent", f"curve.{span.value}")
            if span is view.selection.span
            else Span(f" {span.value} ", "muted", f"curve.{span.value}")
            for span in SPANS
        ]
        change = change_over_span(view.curves)
        trader = view.trader
        who = "each trader" if view.selection.all_traders or trader is None else trader.name
        self.query_one(SpanLine).show(
            spans,
            (
                Span(f"{who}  ", "muted", "view.scope", priority=1),
                Span(fmt.change(change), fmt.trend_role(change)),
            ),
        )
        self.query_one(LineChart).show([chart_series(view, curve) for curve in view.curves])
