"""What each action of the table does that works only on the desk screen."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from tui.action import Context
from tui.screens.trader_life_actions import TraderLifeActions
from tui.screens.workspace_actions import WorkspaceActions
from tui.view import SPANS

if TYPE_CHECKING:
    from tui.panes.chat import ChatPane
    from tui.proposals import Proposal
    from tui.screens.desk import DeskScreen


class DeskActions(WorkspaceActions):
    """Runs actions and commands for the desk screen."""

    def __init__(self, screen: DeskScreen) -> None:
        super().__init__(screen)
        self.handlers |= {
            "position.close": self._close_position,
            "order.cancel": self._cancel_order,
            "orders.history": lambda: screen.select(order_history=not screen.selection.order_history),
            "view.scope": lambda: screen.select(all_traders=not screen.selection.all_traders),
            "curve.shorter": lambda: self._change_span(-1),
            "curve.longer": lambda: self._change_span(1),
            "chat.earlier": lambda: self._chat.move_cursor(-1),
            "chat.later": lambda: self._chat.move_cursor(1),
            "chat.fold": lambda: self._chat.turn_fold(),
            "chat.fold_all": lambda: self._chat.turn_all_folds(),
            "chat.find": self._search_chat,
            "chat.copy": screen.chat_reading.copy,
            "chat.leave": screen.chat_reading.leave,
        }
        self.handlers |= TraderLifeActions(screen).handlers
        for span in SPANS:
            self.handlers[f"curve.{span.value}"] = partial(screen.select, span=span)

    @property
    def _chat(self) -> ChatPane:
        from tui.panes.chat import ChatPane

        pane = self._screen.pane(Context.CHAT)
        assert isinstance(pane, ChatPane)
        return pane

    async def _search_chat(self) -> None:
        self._screen.go_to(Context.CHAT)
        await self._chat.open_search()

    async def _close_position(self) -> None:
        key = self._cursor_of(Context.POSITIONS)
        if key is None:
            self._screen.say("no position under the cursor", "warning")
            return
        trader_id, _, symbol = key.partition(":")

        def make() -> Proposal:
            from tui.proposals import position_of, propose_close

            view = self._screen.view
            position = position_of(view, int(trader_id), symbol)
            return propose_close(position, Decimal(1), view, self._screen.bridge)

        await self._screen.ask(make)

    async def _cancel_order(self) -> None:
        key = self._cursor_of(Context.ORDERS)
        view = self._screen.view
        order = next((order for order in view.orders if order.client_order_id == key), None)
        if order is None or not order.status.is_open:
            self._screen.say("no open order under the cursor", "warning")
            return

        def make() -> Proposal:
            from tui.proposals import propose_cancel

            return propose_cancel(order, view, self._screen.bridge)

        await self._screen.ask(make)

    def _cursor_of(self, context: Context) -> str | None:
        from tui.widgets.live_table import LiveTable

        return self._screen.pane(context).query_one(LiveTable).cursor_key

    def _change_span(self, direction: int) -> None:
        place = SPANS.index(self._screen.selection.span) + direction
        self._screen.select(span=SPANS[max(0, min(len(SPANS) - 1, place))])
