"""The market: a chart, and beside it the order book, the trades, order flow and regime."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.market_view import MarketReader, MarketSettings, MarketView
from tui.panes.market_chart import ChartPane
from tui.panes.market_header import MarketHeader
from tui.panes.market_sides import DepthPane, FlowPane, MarketPane, TradesPane
from tui.panes.tabs import PaneTabs
from tui.screens.market_layout import MarketLayout
from tui.screens.market_moves import Shown
from tui.screens.market_screen_actions import MarketActions
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.candle_picture import candles_wanted


class MarketScreen(WorkspaceScreen):
    """The selected symbol's market."""

    workspace = Context.MARKET
    first_pane = Context.CHART
    panes = (ChartPane, DepthPane, TradesPane, FlowPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.MARKET)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self._market_layout = MarketLayout()
        self.settings = MarketSettings()
        self._reader = MarketReader(bridge.desk)
        self._handed: dict[str, MarketView] = {}
        super().__init__(bridge, frames_per_second)

    def make_layout(self) -> MarketLayout:
        """Return the market's layout."""
        return self._market_layout

    def make_actions(self) -> MarketActions:
        """Return what runs the market's actions."""
        return MarketActions(self)

    def compose_heading(self) -> ComposeResult:
        """Build the line above the panes."""
        yield MarketHeader(id="market-header")

    @property
    def periods(self) -> tuple[str, ...]:
        """Every period there are candles of, shortest first."""
        return self.bridge.desk.markets.periods()

    @property
    def market_view(self) -> MarketView:
        """The picture as last read."""
        return self._reader.view

    @property
    def shown_candles(self) -> Shown:
        """What the chart shows now, for what moves it."""
        pane = self.query_one(ChartPane)
        chart, plan = self.market_view.chart, pane.chart.plan
        candles = plan.columns.candles if plan is not None else ()
        return Shown(
            candles=candles,
            columns=pane.chart.column_count,
            first_loaded_ms=chart.candles[0].open_ms if chart is not None and chart.candles else 0,
            has_earlier=chart is not None and chart.has_earlier,
            now_ms=self.view.market.now_ms,
        )

    def look(self, settings: MarketSettings) -> None:
        """Look at the market in another way, at once."""
        if settings != self.settings:
            self.settings = settings
            self.paint_tick()

    def toggle_sides(self) -> None:
        """Show the panes beside the chart, or give it their room."""
        self._set_sides(not self._market_layout.has_sides)
        if not self._market_layout.has_sides and self.focused_pane is not self.pane(Context.CHART):
            self.pane(Context.CHART).take_focus()

    def _set_sides(self, has_sides: bool) -> None:
        layout = self._market_layout
        layout.has_sides = has_sides
        self.query_one(PaneTabs).show_tabs(layout.lower if has_sides else Context.CHART)
        self.rearrange()

    def toggle_reasons(self) -> None:
        """Say why the regime is what it is, or stop saying so."""
        shows = not self.settings.shows_reasons
        self._market_layout.shows_reasons = shows
        self.settings = msgspec.structs.replace(self.settings, shows_reasons=shows)
        if shows and Context.FLOW not in self.grid.shown_ids():
            self.go_to(Context.FLOW)
        self.rearrange()

    def go_to(self, context: Context) -> None:
        """Focus a pane; one beside the chart brings the side panes back."""
        if context is not Context.CHART and not self._market_layout.has_sides:
            self._set_sides(True)
        super().go_to(context)

    def action_back(self) -> None:
        """Put the crosshair away, else leave the zoomed pane."""
        if self.settings.cursor_ms is not None:
            self.look(msgspec.structs.replace(self.settings, cursor_ms=None))
        else:
            super().action_back()

    def show_picture(self, view: DeskView) -> None:
        """Read the market once and hand each visible pane the picture, if it has changed."""
        shown = self.grid.shown_ids()
        chart_pane = self.query_one(ChartPane)
        chart_pane.periods = self.periods if not view.is_starting else ()
        wanted = candles_wanted(self.settings.zoom_level, chart_pane.chart.column_count)
        market = self._reader.read(view, self.settings, shown, wanted)
        if self._handed.get("header") is not market:
            self._handed["header"] = market
            self.query_one(MarketHeader).show_market(market)
        for pane in self.query(MarketPane):
            if pane.id in shown and self._handed.get(pane.id or "") is not market:
                self._handed[pane.id or ""] = market
                pane.show_market(market)
