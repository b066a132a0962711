"""The price pane: a run's market with its entries and exits; of a sweep, its walk-forward steps instead."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from engine.desk import Desk
from engine.model.backtest import BacktestTrade
from tui.action import Context
from tui.actions import bindings_for
from tui.backtest_price import price_picture
from tui.backtest_sweeps import STEP_COLUMNS, step_row
from tui.backtest_trades import trade_words
from tui.backtest_view import Subject, waiting_words
from tui.panes.backtest_base import BacktestPane
from tui.panes.span_line import Span, SpanLine
from tui.widgets.candle_chart import CandleChart
from tui.widgets.candle_picture import CandlePicture
from tui.widgets.live_table import LiveTable

AXIS_CELLS = 14
NO_STEPS = "no walk forward was asked for"


class PricePane(BacktestPane, can_focus=True):
    """A candle chart with a mark for each fill."""

    context = Context.RUN_PRICE
    BINDINGS = bindings_for(Context.RUN_PRICE)
    HELP = "} chooses the symbol; Enter on a trade brings it close, and again shows all."
    DEFAULT_CSS: ClassVar[str] = """
    PricePane CandleChart { height: 1fr; }
    PricePane LiveTable { height: 1fr; }
    PricePane .-empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self._subject = Subject()

    def compose(self) -> ComposeResult:
        """Build the head line, the chart and the table of steps."""
        yield SpanLine(id="price-head")
        yield CandleChart()
        yield LiveTable(STEP_COLUMNS, empty_text=NO_STEPS, classes="-empty")

    def take_focus(self) -> None:
        """Focus the table while it is shown, else the pane itself."""
        table = self.query_one(LiveTable)
        self.screen.set_focus(table if table.display else self, scroll_visible=False)

    def on_resize(self, event: events.Resize) -> None:
        """Choose candles that fit the new width."""
        self.call_after_refresh(lambda: self.show(self._subject))

    def show(self, subject: Subject) -> None:
        """Show the market, or the steps."""
        self._subject = subject
        chart, table, head = (
            self.query_one(CandleChart),
            self.query_one(LiveTable),
            self.query_one("#price-head", SpanLine),
        )
        sweep = subject.sweep
        chart.set_class(sweep is not None, "-empty")
        table.set_class(sweep is None, "-empty")
        if sweep is not None:
            self.set_heading("Walk-forward")
            head.show([Span("parameters chosen on one part, tried on the next", "muted")])
            table.show([step_row(sweep, place, step) for place, step in enumerate(sweep.steps)])
            return
        result = subject.result
        if result is None or self.desk is None:
            self.set_heading(self.title)
            head.show([])
            chart.show(CandlePicture(), waiting_words(subject))
            return
        trade = next((item for item in result.trades if item.number == subject.trade), None)
        symbol = trade.symbol if trade else subject.symbol
        picture = price_picture(self.desk, result, symbol, trade, self.content_size.width - AXIS_CELLS)
        self.set_heading(f"{self.title} · {symbol}")
        head.show(*_head_spans(trade, picture.shown_trades, picture.source))
        chart.show(picture.candles, "no prices on record")


def _head_spans(trade: BacktestTrade | None, count: int, source: str) -> tuple[list[Span], list[Span]]:
    if trade is not None:
        return [Span(trade_words(trade))], [Span("Enter: all", "muted", priority=1)]
    marks = [
        Span("▲", "gain"),
        Span(" bought ", "muted"),
        Span("▼", "loss"),
        Span(f" sold · {count:,} trade{'' if count == 1 else 's'}", "muted"),
    ]
    return marks, [Span(source, "muted", priority=1)]
