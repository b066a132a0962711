"""The desk: six panes, and the paint tick that feeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

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
from tui.screens.chat_reading import ChatReading
from tui.screens.desk_actions import DeskActions
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.streaming_log import StreamingLog

if TYPE_CHECKING:
    from tui.panes.chat_search import SearchLine

PANES = (TradersPane, PositionsPane, OrdersPane, ChatPane, CurvePane, WatchlistPane)


class DeskScreen(WorkspaceScreen):
    """The one workspace that is always there."""

    workspace = Context.DESK
    first_pane = Context.POSITIONS
    panes = PANES
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self._desk_layout = DeskLayout()
        self.chat_reading = ChatReading(self)
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
        chat = self.query_one(ChatPane)
        if news.history is not None or news.edges:
            self._hand_over(chat, view)
            chat.tell(news)
        self._fit_layout(view)
        shown = self.grid.shown_ids()
        chat.log_view.set_in_view(chat.id in shown)
        for pane in self.query(Pane):
            if pane.id in shown:
                self._hand_over(pane, view)
        if chat.id in shown and not view.is_starting:
            self.chat_reading.read_stories()

    def on_screen_suspend(self) -> None:
        """Paint no chat while another workspace is in view."""
        if not self.host.is_shown(self):
            self.query_one(ChatPane).log_view.set_in_view(False)

    @on(StreamingLog.Chosen)
    async def decision_chosen(self) -> None:
        """Open the decision under the cursor."""
        await self.chat_reading.open_decision()

    @on(StreamingLog.ReachedTop)
    def older_wanted(self) -> None:
        """Read what was decided before."""
        self.chat_reading.read_older()

    async def on_search_line_asked(self, event: SearchLine.Asked) -> None:
        """Search the chat."""
        await self.chat_reading.search(event.words)

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
