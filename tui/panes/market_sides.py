"""The panes beside and below the chart: depth, trades, order flow with the regime."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.model.event import ReplayState
from tui.action import Context
from tui.actions import bindings_for
from tui.market_rows import flow_rows, ladder_rows, regime_rows, tape_rows
from tui.market_view import MarketView
from tui.panes.base import WorkspacePane
from tui.widgets.cell_canvas import Row, blank_rows
from tui.widgets.span_rows import SpanRows

NO_BOOK = "this feed has no order book: a recording of candles knows only prices · o hides this side"
NO_TRADES = "this feed has no trades: a recording of candles knows only prices · o hides this side"
BOOK_LOST = "the book is lost and is being fetched again"
WAITING = "waiting for the market …"


class MarketRows(SpanRows):
    """Rows made from the market picture."""

    DEFAULT_CSS: ClassVar[str] = "MarketRows { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.view = MarketView()

    def inputs(self, view: MarketView) -> tuple[object, ...]:
        """Return what the rows are made from, besides what belongs to the symbol."""
        raise NotImplementedError

    def show(self, view: MarketView) -> None:
        """Show this picture of the market; one that makes the same rows costs nothing."""
        before, self.view = self.view, view
        if _all_inputs(self, before) != _all_inputs(self, view) or not self.rows:
            self.repaint()


class MarketPane(WorkspacePane):
    """A pane of the market."""

    def show_market(self, view: MarketView) -> None:
        """Show this picture of the market; called only when it differs from the last one."""
        raise NotImplementedError


class DepthLadder(MarketRows):
    """The order book, asks above bids."""

    def inputs(self, view: MarketView) -> tuple[object, ...]:
        """Return what the rows are made from."""
        return (view.book,)

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return the ladder, or why there is none."""
        view, book = self.view, self.view.book
        if book is None or not (book.bids or book.asks):
            return blank_rows(_why_empty(view, NO_BOOK), width, height)
        lot = view.desk.lot_size(view.symbol)
        return ladder_rows(book, view.tick, lot, width, height, is_stale=view.is_stale)


class TradesTape(MarketRows):
    """The latest trades, newest first."""

    def inputs(self, view: MarketView) -> tuple[object, ...]:
        """Return what the rows are made from."""
        return (view.trades,)

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return the tape, or why there is none."""
        view = self.view
        if not view.trades:
            return blank_rows(_why_empty(view, NO_TRADES), width, height)
        lot = view.desk.lot_size(view.symbol)
        return tape_rows(view.trades, view.tick, lot, width, height, is_stale=view.is_stale)


class FlowFigures(MarketRows):
    """The nine measures of order flow, and the regime below them."""

    def inputs(self, view: MarketView) -> tuple[object, ...]:
        """Return what the rows are made from."""
        return (view.flow, view.regime, view.settings.shows_reasons)

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return measures and regime, as many rows as there is room for."""
        view = self.view
        rows = flow_rows(view.flow, width, is_stale=view.is_stale)
        if len(rows) + 3 < height:
            rows.append(())
        rows += regime_rows(view.regime, width, reasons=view.settings.shows_reasons, is_stale=view.is_stale)
        return tuple(rows[:height])


class DepthPane(MarketPane, can_focus=True):
    """The depth ladder."""

    context = Context.DEPTH
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.DEPTH)

    def compose(self) -> ComposeResult:
        """Build the ladder."""
        yield DepthLadder()

    def show_market(self, view: MarketView) -> None:
        """Show the book."""
        self.query_one(DepthLadder).show(view)
        self.set_subtitle("stale" if view.is_stale else "")


class TradesPane(MarketPane, can_focus=True):
    """The trades tape."""

    context = Context.TRADES
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.TRADES)

    def compose(self) -> ComposeResult:
        """Build the tape."""
        yield TradesTape()

    def show_market(self, view: MarketView) -> None:
        """Show the trades."""
        self.query_one(TradesTape).show(view)
        self.set_subtitle("stale" if view.is_stale else "")


class FlowPane(MarketPane, can_focus=True):
    """Order flow and regime."""

    context = Context.FLOW
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.FLOW)

    def compose(self) -> ComposeResult:
        """Build the figures."""
        yield FlowFigures()

    def show_market(self, view: MarketView) -> None:
        """Show the measures and the regime."""
        self.set_heading(f"{self.title} · {view.settings.window}")
        self.query_one(FlowFigures).show(view)
        self.set_subtitle("stale" if view.is_stale else "")


def _all_inputs(rows: MarketRows, view: MarketView) -> tuple[object, ...]:
    common = (view.symbol, view.tick, view.is_stale, view.desk.is_starting, view.feed and view.feed.book)
    return (*common, *rows.inputs(view))


def _why_empty(view: MarketView, otherwise: str) -> str:
    """Return why a pane has nothing to show."""
    if view.desk.is_starting or view.desk.market.replay is ReplayState.STARTING:
        return WAITING
    if view.feed is not None and view.feed.book == "lost" and otherwise is NO_BOOK:
        return BOOK_LOST
    return otherwise
