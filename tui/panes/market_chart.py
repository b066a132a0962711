"""The chart pane: candles with their lines and marks, and above them what is shown of which candle."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.model.candle import Candle
from engine.model.chart import ChartPlace
from engine.model.order import Side
from tui import format as fmt
from tui.action import Context
from tui.actions import bindings_for
from tui.market_view import MarketView, period_ms
from tui.panes.market_sides import WAITING, MarketPane
from tui.panes.span_line import Span, SpanLine
from tui.widgets.candle_chart import CandleChart
from tui.widgets.candle_glyphs import trend_role
from tui.widgets.candle_picture import CandlePicture, ChartLevel, ChartMark, MarkKind, inspected
from tui.widgets.candle_plan import price_label
from tui.widgets.candle_raster import line_role, series_roles
from tui.widgets.candle_scale import short_number

NO_CANDLES = "no candles of this period on record yet"
WIDE = 120
"""From this width on the readout has room for the values of the lines over the candles."""
LEGEND_PRIORITY = 3
"""A line without its name is a riddle: the periods far from the chosen one go before the names."""
FIRST_TO_GO = 20
"""Beside the inspected candle the names and values go before everything else."""
ALERT_GLYPH, ENTRY_GLYPH, ORDER_GLYPH = "!", "=", "·"


def picture_of(view: MarketView) -> CandlePicture:
    """Return the chart's picture."""
    chart, settings = view.chart, view.settings
    if chart is None:
        return CandlePicture(tick=view.tick)
    return CandlePicture(
        candles=chart.candles,
        lines=chart.lines,
        marks=tuple(chart_marks(view)) if settings.has_marks else (),
        levels=tuple(chart_levels(view)) if settings.has_marks else (),
        zoom=settings.zoom_level,
        period_ms=period_ms(chart.period),
        tick=view.tick,
        cursor_ms=settings.cursor_ms,
        has_volume=settings.has_volume,
        follows=settings.before_ms is None,
    )


def chart_marks(view: MarketView) -> Iterable[ChartMark]:
    """Yield the selected trader's fills and the fires of pools."""
    for fill in view.fills:
        yield ChartMark(fill.ts_ms, MarkKind.BUY if fill.side is Side.BUY else MarkKind.SELL)
    for fire in view.fires:
        yield ChartMark(fire.ts_ms, MarkKind.FIRE)


def chart_levels(view: MarketView) -> Iterable[ChartLevel]:
    """Yield the selected trader's entry and open orders, and the price alerts that wait."""
    position = view.position
    if position is not None:
        yield ChartLevel(_on_tick(position.entry_price, view.tick), ENTRY_GLYPH, "accent")
    for order in view.orders:
        price = order.price or order.trigger_price
        if price is not None:
            yield ChartLevel(price, ORDER_GLYPH, "bid" if order.side is Side.BUY else "ask")
    for alert in view.alerts:
        yield ChartLevel(alert.price, ALERT_GLYPH, "warning")


def period_spans(view: MarketView, periods: Iterable[str]) -> tuple[Span, ...]:
    """Return the periods, the nearest to the chosen one staying longest for lack of room."""
    names = list(periods)
    chosen = view.settings.period
    place = names.index(chosen) if chosen in names else 0
    return tuple(
        Span(f"[{name}]", "accent", "chart.periods")
        if name == chosen
        else Span(f" {name} ", "muted", f"chart.period.{name}", priority=1 + abs(index - place))
        for index, name in enumerate(names)
    )


def state_spans(view: MarketView) -> tuple[Span, ...]:
    """Return what the chart's right edge is: now, or a time in the past."""
    settings = view.settings
    spans = []
    if settings.zoom_level.candles > 1:
        spans.append(Span(f"{settings.zoom_level.candles} candles a column  ", "muted", priority=2))
    if settings.before_ms is None:
        return (*spans, Span("now ▸", "muted", priority=1))
    return (
        *spans,
        Span(f"‖ until {fmt.short_date_time(settings.before_ms)} · End: now", "warning", "chart.now"),
    )


def readout_spans(picture: CandlePicture) -> tuple[Span, ...]:
    """Return the inspected candle in figures: the one under the crosshair, or the last."""
    if not picture.candles:
        return ()
    shown = inspected(picture)
    candle = shown.candle
    change = _change_from(picture.candles[shown.start - 1].close if shown.start else candle.open, candle)
    time = fmt.short_date_time(candle.open_ms)
    role = "accent" if picture.cursor_ms is not None else "muted"
    spans = [Span(time[:6], role, priority=7), Span(f"{time[6:]} ", role, priority=4)]
    role = trend_role(candle)
    for place, (label, value) in enumerate(
        (("O", candle.open), ("H", candle.high), ("L", candle.low), ("C", candle.close))
    ):
        spans += [
            Span(f" {label} ", "muted", priority=(5, 3, 3, 0)[place]),
            Span(price_label(value, picture.tick), role, priority=(5, 3, 3, 0)[place]),
        ]
    spans += [
        Span(f"  {fmt.change(change)}", role, priority=1),
        Span("  V ", "muted", priority=6),
        Span(short_number(candle.volume), "text", priority=6),
    ]
    if not candle.closed:
        spans.append(Span("  forming", "muted", priority=8))
    return tuple(spans)


def legend_spans(picture: CandlePicture, *, has_values: bool) -> tuple[Span, ...]:
    """Return the lines over the candles, with their values at the inspected candle if asked."""
    if not picture.candles:
        return ()
    last = inspected(picture).end - 1
    roles = series_roles(picture.lines)
    spans = []
    for place, line in enumerate(line for line in picture.lines if line.place is ChartPlace.PRICE):
        value = line.values[last]
        figure = fmt.ABSENT if value is None else price_label(value, picture.tick)
        text = f" ━ {line.name} {figure} " if has_values else f"━ {line.name} "
        priority = LEGEND_PRIORITY + (FIRST_TO_GO if has_values else 0) + place // 2
        spans.append(Span(text, line_role(line, roles), "chart.indicators", priority))
    return tuple(spans)


class ChartPane(MarketPane, can_focus=True):
    """The chart, and above it the periods, the inspected candle and the legend."""

    context = Context.CHART
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.CHART)
    DEFAULT_CSS: ClassVar[str] = "ChartPane CandleChart { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.periods: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Build the two lines and the chart."""
        yield SpanLine(id="chart-periods")
        yield SpanLine(id="chart-readout")
        yield CandleChart()

    @property
    def chart(self) -> CandleChart:
        """The chart itself."""
        return self.query_one(CandleChart)

    def show_market(self, view: MarketView) -> None:
        """Show the chart, or why there is none."""
        picture = picture_of(view)
        is_wide = self.size.width >= WIDE
        names = () if is_wide else legend_spans(picture, has_values=False)
        values = legend_spans(picture, has_values=True) if is_wide else ()
        periods, readout = (
            self.query_one("#chart-periods", SpanLine),
            self.query_one("#chart-readout", SpanLine),
        )
        periods.show(period_spans(view, self.periods), (*names, *state_spans(view)))
        readout.show(readout_spans(picture), values)
        self.chart.show(picture, _empty_text(view))
        self.set_heading(
            f"{self.title} · {view.symbol} {view.settings.period}" if view.symbol else self.title
        )


def _empty_text(view: MarketView) -> str:
    if view.chart_problem:
        return view.chart_problem
    return WAITING if view.chart is None or view.desk.is_starting else NO_CANDLES


def _change_from(before: float, candle: Candle) -> float | None:
    return (candle.close - before) / before if before else None


def _on_tick(price: Decimal, tick: Decimal) -> Decimal:
    return round(price / tick) * tick if tick else price
