"""The desk: six panes, a status line, a footer, and the paint tick that feeds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Unpack, cast

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.layout import Layout
from textual.screen import Screen
from textual.widget import Widget

from engine.errors import DeskError
from tui.actions import Context, bindings_for
from tui.bridge import DeskBridge
from tui.command_words import Vocabulary
from tui.messages import ActionChosen, OrderChosen, SymbolChosen, TraderChosen
from tui.panes.base import Pane
from tui.panes.chat import ChatPane
from tui.panes.curve import CurvePane
from tui.panes.footer import Footer
from tui.panes.notices import Notices, is_too_long
from tui.panes.orders import OrdersPane
from tui.panes.positions import PositionsPane
from tui.panes.status import StatusLine
from tui.panes.tabs import PaneTabs
from tui.panes.traders import TradersPane
from tui.panes.watchlist import WatchlistPane
from tui.screens.arrangement import DeskLayout, arrange, is_small
from tui.screens.desk_actions import DeskActions
from tui.screens.surface import DeskHost, SelectionChanges
from tui.view import DeskView, Selection
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.panes.command_bar import CommandBar
    from tui.proposals import Proposal

PANES = (TradersPane, PositionsPane, OrdersPane, ChatPane, CurvePane, WatchlistPane)


class PaneGrid(Widget):
    """Holds the panes and places them with `DeskLayout`."""

    DEFAULT_CSS = "PaneGrid { height: 1fr; width: 1fr; overflow: hidden; }"

    def __init__(self) -> None:
        super().__init__(id="grid")
        self.desk_layout = DeskLayout()

    @property
    def layout(self) -> Layout:
        """The desk's own layout."""
        return self.desk_layout

    def compose(self) -> ComposeResult:
        """Build the tabs and the panes."""
        yield PaneTabs(id="tabs")
        for pane in PANES:
            yield pane()

    def rearrange(self) -> None:
        """Place the panes anew; Textual forgets an arrangement only when a child asks."""
        self.query_one(PaneTabs).refresh(layout=True)

    def shown_ids(self) -> frozenset[str]:
        """Return the ids of the panes that have a place at the present size."""
        layout = self.desk_layout
        return frozenset(arrange(self.size.width, self.size.height, layout.lower, layout.zoomed))


class DeskScreen(Screen[None], inherit_bindings=False):
    """The one screen that is always there."""

    LAYERS: ClassVar[list[str]] = ["default", "notices", "command"]
    DEFAULT_CSS = """
    DeskScreen {
        layout: vertical;
        layers: default notices command;
        background: $background;
        overflow: hidden;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.DESK),
        Binding("escape", "back", "Back", show=False),
        Binding("ctrl+c", "screen.copy_text", "Copy", show=False),
    ]

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        super().__init__(id="desk")
        self.bridge = bridge
        self.selection = Selection()
        self._frames_per_second = frames_per_second
        self._shown: dict[str, DeskView] = {}
        self._last_pane = Context.POSITIONS
        self._actions = DeskActions(self)
        self._ticked_at = monotonic()

    @property
    def host(self) -> DeskHost:
        """The app, for its themes and its end."""
        return cast(DeskHost, self.app)

    @property
    def zoomed(self) -> Context | None:
        """The pane that has the whole screen, if one has."""
        return self.grid.desk_layout.zoomed

    @property
    def view(self) -> DeskView:
        """The picture as last read."""
        return self.bridge.view

    @property
    def grid(self) -> PaneGrid:
        """The container of the panes."""
        return self.query_one(PaneGrid)

    def compose(self) -> ComposeResult:
        """Build the desk; dialogs and the command line come when they are first opened."""
        yield StatusLine(id="status")
        yield PaneGrid()
        yield Footer(id="footer")
        yield Notices()

    def on_mount(self) -> None:
        """Start painting; the engine starts once this frame is on the terminal."""
        self.query_one(PaneTabs).show_tabs(self.grid.desk_layout.lower)
        self.pane(Context.POSITIONS).take_focus()
        self.paint_tick()
        self.set_interval(1 / self._frames_per_second, self.paint_tick)

    def pane(self, context: Context) -> Pane:
        """Return a pane."""
        return self.query_one(f"#{context.value}", Pane)

    @property
    def focused_pane(self) -> Pane | None:
        """The pane that has the focus."""
        if self.focused is None:
            return None
        return next((node for node in self.focused.ancestors_with_self if isinstance(node, Pane)), None)

    def paint_tick(self) -> None:
        """Read the desk once and hand each visible pane what it shows, if that has changed."""
        shown = self.grid.shown_ids()
        view, news = self.bridge.refresh(self.selection, wants_curves=Context.CURVE.value in shown)
        self.selection = view.selection
        if news.history is not None or news.edges:
            chat = self.query_one(ChatPane)
            self._hand_over(chat, view)
            chat.tell(news)
            self._actions.announce(news.edges)
        status = self.query_one(StatusLine)
        if self._shown.get("status") is not view:
            self._shown["status"] = view
            status.show_view(view)
            self._fit_layout(view)
        for pane in self.query(Pane):
            if pane.id in shown:
                self._hand_over(pane, view)
        self._let_notices_age()

    def _let_notices_age(self) -> None:
        before, self._ticked_at = self._ticked_at, monotonic()
        is_covered = self.app.screen is not self or self._is_typing_a_command
        self.query_one(Notices).pass_time(self._ticked_at - before, is_in_view=not is_covered)

    @property
    def _is_typing_a_command(self) -> bool:
        return any(bar.display for bar in self.query("#command-bar"))

    def _hand_over(self, pane: Pane, view: DeskView) -> None:
        if self._shown.get(pane.id or "") is not view:
            self._shown[pane.id or ""] = view
            pane.show(view)

    def _fit_layout(self, view: DeskView) -> None:
        """Give the tables of traders and symbols the height their rows need."""
        layout = self.grid.desk_layout
        counts = (max(3, len(view.traders)), max(3, len(view.instruments)))
        if counts != (layout.trader_count, layout.symbol_count):
            layout.trader_count, layout.symbol_count = counts
            self.grid.rearrange()

    def select(self, **changes: Unpack[SelectionChanges]) -> None:
        """Change the selection and paint at once."""
        self.selection = msgspec.structs.replace(self.selection, **changes)
        self.paint_tick()

    async def action_perform(self, action_id: str) -> None:
        """Run an action of the table."""
        await self._actions.perform(action_id)

    def action_back(self) -> None:
        """Leave the zoomed pane."""
        if self.zoomed is not None:
            self.zoom(None)

    def zoom(self, context: Context | None) -> None:
        """Give one pane the whole screen, or None to show all again."""
        self.grid.desk_layout.zoomed = context
        self._rearranged()

    def go_to(self, context: Context) -> None:
        """Focus a pane; on a small terminal bring it up first."""
        if self.zoomed not in (None, context):
            self.zoom(context)
        self._bring_up(context)
        self.pane(context).take_focus()

    def _bring_up(self, context: Context) -> None:
        """Show a pane below the traders on a small terminal; elsewhere it is in view anyway."""
        layout = self.grid.desk_layout
        if context not in (Context.TRADERS, layout.lower):
            layout.lower = context
            self.query_one(PaneTabs).show_tabs(context)
            if is_small(self.grid.size):
                self._rearranged()

    def _rearranged(self) -> None:
        self.grid.rearrange()
        self.call_after_refresh(self.paint_tick)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the focused pane in view at the new size."""
        pane = self.focused_pane
        if pane is not None:
            self._bring_up(pane.context)
        self.call_after_refresh(self.paint_tick)

    @on(events.DescendantFocus)
    def focus_moved(self) -> None:
        """Show the keys of the newly focused pane."""
        pane = self.focused_pane
        for other in self.query(Pane):
            other.set_class(other is pane, "-focused")
        self.query_one(Footer).show_contexts(pane.context if pane else None)
        if pane is None:
            return
        self._last_pane = pane.context
        if pane.id not in self.grid.shown_ids():
            self._bring_up(pane.context)

    @on(TraderChosen)
    def trader_chosen(self, event: TraderChosen) -> None:
        """Let the keys act on another trader."""
        self.select(trader_id=event.trader_id)

    @on(SymbolChosen)
    def symbol_chosen(self, event: SymbolChosen) -> None:
        """Let the keys act on another symbol."""
        self.select(symbol=event.symbol)

    @on(OrderChosen)
    def order_chosen(self, event: OrderChosen) -> None:
        """Let the keys act on an order's trader and symbol."""
        for order in self.view.orders:
            if order.client_order_id == event.client_order_id:
                self.select(trader_id=order.trader_id, symbol=order.symbol)

    @on(ActionChosen)
    async def action_chosen(self, event: ActionChosen) -> None:
        """Run what was clicked."""
        await self._actions.perform(event.action_id)

    def vocabulary(self) -> Vocabulary:
        """Return what commands can name now."""
        return self.view.vocabulary(self.host.theme_names)

    async def ask(self, make: Callable[[], Proposal]) -> None:
        """Show what a risky command would do, and run it only after a yes."""
        from tui.screens.confirm import ConfirmScreen

        try:
            proposal = make()
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return

        def answered(confirmed: Proposal | None) -> None:
            if confirmed is not None:
                self.run_proposal(confirmed)

        await self.app.push_screen(ConfirmScreen(proposal, make), answered)

    def run_proposal(self, proposal: Proposal) -> None:
        """Run a confirmed command and say what came of it."""
        self.send(proposal.run)

    def send(self, run: Callable[[], Awaitable[str]]) -> None:
        """Await a command without holding up the screen; show its proof, or why it failed."""

        async def perform() -> None:
            try:
                self.say(await run())
            except DeskError as error:
                self.say(refusal_text(error), "error")
            except Exception as error:  # an engine fault must not take the screen with it
                self.say(f"unexpected {type(error).__name__}: {error}", "error")
            self.paint_tick()

        self.run_worker(perform(), group="commands", exit_on_error=False)

    def say(self, message: str, severity: str = "information", *, is_in_chat: bool = False) -> None:
        """Show a short message as plain text; one that has to be cut goes into the chat whole."""
        if not message:
            return
        if is_too_long(message) and not is_in_chat:
            self.query_one(ChatPane).note(message)
        self.query_one(Notices).say(message, severity)
        self._let_notices_age()

    async def open_command_bar(self, text: str = "") -> None:
        """Open the command line; it is built the first time, before the next key is read."""
        from tui.panes.command_bar import CommandBar
        from tui.proposals import propose

        if not self.query(CommandBar):
            await self.mount(
                CommandBar(self.vocabulary, lambda command: propose(command, self.view, self.bridge))
            )
        self.query_one(CommandBar).open(text)

    def on_command_bar_closed(self) -> None:
        """Give the focus back to the desk."""
        self._close_command_bar()

    def on_command_bar_confirmed(self, event: CommandBar.Confirmed) -> None:
        """Run what was confirmed on the command line."""
        self._close_command_bar()
        self.run_proposal(event.proposal)

    async def on_command_bar_harmless(self, event: CommandBar.Harmless) -> None:
        """Run a command that needs no confirmation."""
        self._close_command_bar()
        try:
            await self._actions.run_command(event.command)
        except DeskError as error:
            self.say(refusal_text(error), "warning")

    def _close_command_bar(self) -> None:
        from tui.panes.command_bar import CommandBar

        self.query_one(CommandBar).close()
        self.pane(self._last_pane).take_focus()
        self._let_notices_age()
