"""The desk: six panes, and the paint tick that feeds them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.messages import OrderChosen
from tui.panes.base import Pane
from tui.panes.chat import ChatPane
from tui.panes.curve import CurvePane
from tui.panes.orders import OrdersPane
from tui.panes.positions import PositionsPane
from tui.panes.traders import TradersPane
from tui.panes.watchlist import WatchlistPane
from tui.screens.arrangement import DeskLayout
from tui.screens.desk_actions import DeskActions
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView

PANES = (TradersPane, PositionsPane, OrdersPane, ChatPane, CurvePane, WatchlistPane)


class DeskScreen(WorkspaceScreen):
    """The one workspace that is always there."""

    workspace = Context.DESK
    first_pane = Context.POSITIONS
    panes = PANES
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self._desk_layout = DeskLayout()
        super().__init__(bridge, frames_per_second)
        self._shown: dict[str, DeskView] = {}

    def make_layout(self) -> DeskLayout:
        """Return the desk's layout."""
        return self._desk_layout

    def make_actions(self) -> DeskActions:
        """Return what runs the desk's actions."""
        return DeskActions(self)

    @property
    def wants_curves(self) -> bool:
        """Whether the asset curve is in view."""
        return Context.CURVE.value in self.grid.shown_ids()

    def show_picture(self, view: DeskView) -> None:
        """Tell the chat what happened, and hand each visible pane the picture."""
        news = self.bridge.take_unread()
        if news.history is not None or news.edges:
            chat = self.query_one(ChatPane)
            self._hand_over(chat, view)
            chat.tell(news)
        self._fit_layout(view)
        shown = self.grid.shown_ids()
        for pane in self.query(Pane):
            if pane.id in shown:
                self._hand_over(pane, view)

    def note(self, message: str) -> None:
        """Keep a message that was too long for a notice."""
        self.query_one(ChatPane).note(message)

    def _hand_over(self, pane: Pane, view: DeskView) -> None:
        if self._shown.get(pane.id or "") is not view:
            self._shown[pane.id or ""] = view
            pane.show(view)

    def _fit_layout(self, view: DeskView) -> None:
        """Give the tables of traders and symbols the height their rows need."""
        layout = self._desk_layout
        counts = (max(3, len(view.traders)), max(3, len(view.instruments)))
        if counts != (layout.trader_count, layout.symbol_count):
            layout.trader_count, layout.symbol_count = counts
            self.grid.rearrange()

    @on(OrderChosen)
    def order_chosen(self, event: OrderChosen) -> None:
        """Let the keys act on an order's trader and symbol."""
        for order in self.view.orders:
            if order.client_order_id == event.client_order_id:
                self.select(trader_id=order.trader_id, symbol=order.symbol)
