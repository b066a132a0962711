"""What every workspace is: a status line, its panes, a footer, notices, a command line, a paint tick.

A workspace that is not in view does no work and paints nothing; what it shows is read anew when it
comes back. The selected trader and symbol are the bridge's, so that all workspaces share them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Unpack, cast

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from engine.errors import DeskError
from engine.model.factor import FactorCategory
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.command_words import Vocabulary
from tui.messages import ActionChosen, SymbolChosen, TraderChosen
from tui.panes.base import WorkspacePane
from tui.panes.footer import Footer
from tui.panes.notices import Notices, is_too_long
from tui.panes.status import StatusLine
from tui.panes.tabs import PaneTabs
from tui.screens.pane_grid import PaneGrid, PaneLayout
from tui.screens.surface import DeskHost, SelectionChanges
from tui.screens.workspace_actions import WorkspaceActions
from tui.view import DeskView, Selection
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.panes.command_bar import CommandBar
    from tui.proposals import Proposal


class WorkspaceScreen(Screen[None], inherit_bindings=False):
    """A screen of panes; a subclass names its panes and its layout, and shows the picture in them.

    `pane_layout` has to be made before the grid is; `show_picture` is called at each paint tick
    while the workspace is in view.
    """

    workspace: ClassVar[Context]
    first_pane: ClassVar[Context]
    panes: ClassVar[Sequence[type[WorkspacePane]]]
    LAYERS: ClassVar[list[str]] = ["default", "notices", "command"]
    DEFAULT_CSS = """
    WorkspaceScreen {
        layout: vertical;
        layers: default notices command;
        background: $background;
        overflow: hidden;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.ANYWHERE),
        Binding("escape", "back", "Back", show=False),
        Binding("ctrl+c", "screen.copy_text", "Copy", show=False),
    ]

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        super().__init__(id=self.workspace.value)
        self.bridge = bridge
        self.pane_layout = self.make_layout()
        self._frames_per_second = frames_per_second
        self._last_pane = self.first_pane
        self._status_shows: DeskView | None = None
        self._ticked_at = monotonic()
        self._ticking: Timer | None = None
        self._actions = self.make_actions()

    def make_layout(self) -> PaneLayout:
        """Return the layout that places the panes."""
        raise NotImplementedError

    def make_actions(self) -> WorkspaceActions:
        """Return what runs the actions of this workspace."""
        return WorkspaceActions(self)

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane what it shows, if that has changed."""
        raise NotImplementedError

    @property
    def wants_curves(self) -> bool:
        """Whether asset curves are in view."""
        return False

    @property
    def unsaved(self) -> str:
        """What would be lost by leaving the desk, in words; "" without any."""
        return ""

    @property
    def host(self) -> DeskHost:
        """The app, for its themes, its workspaces and its end."""
        return cast(DeskHost, self.app)

    @property
    def zoomed(self) -> Context | None:
        """The pane that has the whole screen, if one has."""
        return self.pane_layout.zoomed

    @property
    def view(self) -> DeskView:
        """The picture as last read."""
        return self.bridge.view

    @property
    def selection(self) -> Selection:
        """What the person is looking at, in every workspace."""
        return self.bridge.view.selection

    @property
    def grid(self) -> PaneGrid:
        """The container of the panes."""
        return self.query_one(PaneGrid)

    def compose(self) -> ComposeResult:
        """Build the workspace; dialogs and the command line come when they are first opened."""
        yield StatusLine(id="status")
        yield from self.compose_heading()
        yield PaneGrid(self.pane_layout, self.panes)
        yield Footer(id="footer")
        yield Notices()

    def compose_heading(self) -> ComposeResult:
        """Build what stands between the status line and the panes, if anything."""
        yield from ()

    def on_mount(self) -> None:
        """Start painting."""
        self.query_one(PaneTabs).show_tabs(self.pane_layout.lower)
        self.pane(self.first_pane).take_focus()
        self._paint(self.selection)
        self._ticking = self.set_interval(1 / self._frames_per_second, self.paint_tick)

    def on_screen_resume(self) -> None:
        """Paint again what is in view again."""
        if self._ticking is not None:
            self._ticking.resume()
            self.paint_tick()

    def on_screen_suspend(self) -> None:
        """Do nothing more while another workspace is in view; behind a dialog all goes on."""
        if self._ticking is not None and not self.host.is_shown(self):
            self._ticking.pause()

    def pane(self, context: Context) -> WorkspacePane:
        """Return a pane."""
        return self.query_one(f"#{context.value}", WorkspacePane)

    @property
    def focused_pane(self) -> WorkspacePane | None:
        """The pane that has the focus."""
        if self.focused is None:
            return None
        nodes = self.focused.ancestors_with_self
        return next((node for node in nodes if isinstance(node, WorkspacePane)), None)

    def paint_tick(self) -> None:
        """Read the desk once and show it, if this workspace is in view."""
        if self.host.is_shown(self):
            self._paint(self.selection)

    def _paint(self, selection: Selection) -> None:
        view, news = self.bridge.refresh(selection, wants_curves=self.wants_curves)
        self._actions.announce(news.edges)
        if self._status_shows is not view:
            self._status_shows = view
            self.query_one(StatusLine).show_view(view)
        self.show_picture(view)
        self._let_notices_age()

    def _let_notices_age(self) -> None:
        before, self._ticked_at = self._ticked_at, monotonic()
        is_covered = self.app.screen is not self or self._is_typing_a_command
        self.query_one(Notices).pass_time(self._ticked_at - before, is_in_view=not is_covered)

    @property
    def _is_typing_a_command(self) -> bool:
        return any(bar.display for bar in self.query("#command-bar"))

    def select(self, **changes: Unpack[SelectionChanges]) -> None:
        """Change the selection and paint at once."""
        self._paint(msgspec.structs.replace(self.selection, **changes))

    async def action_perform(self, action_id: str) -> None:
        """Run an action of the table; a fault in one is told and takes nothing else with it."""
        try:
            await self._actions.perform(action_id)
        except Exception as error:
            self.host.say(f"unexpected {type(error).__name__}: {error}", "error")

    def action_back(self) -> None:
        """Leave the zoomed pane."""
        if self.zoomed is not None:
            self.zoom(None)

    def zoom(self, context: Context | None) -> None:
        """Give one pane the whole screen, or None to show all again."""
        self.pane_layout.zoomed = context
        self.rearrange()

    def go_to(self, context: Context) -> None:
        """Focus a pane; on a small terminal bring it up first."""
        if self.zoomed not in (None, context):
            self.zoom(context)
        self._bring_up(context)
        self.pane(context).take_focus()

    def _bring_up(self, context: Context) -> None:
        """Show a pane that takes turns on a small terminal; elsewhere it is in view anyway."""
        layout = self.pane_layout
        if context is not layout.lower and not layout.is_always_shown(context):
            layout.lower = context
            self.query_one(PaneTabs).show_tabs(context)
            if layout.shares_places(self.grid.size):
                self.rearrange()

    def rearrange(self) -> None:
        """Place the panes anew, then paint those that have come into view."""
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
        for other in self.query(WorkspacePane):
            other.set_class(other is pane, "-focused")
        self.query_one(Footer).show_contexts(self.workspace, pane.context if pane else None)
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

    @on(ActionChosen)
    async def action_chosen(self, event: ActionChosen) -> None:
        """Run what was clicked."""
        await self._actions.perform(event.action_id)

    def vocabulary(self) -> Vocabulary:
        """Return what commands can name now."""
        desk = self.bridge.desk
        return msgspec.structs.replace(
            self.view.vocabulary(self.host.theme_names),
            sources=tuple(status.source.name for status in desk.intelligence.sources()),
            factors=tuple(
                factor.name for factor in desk.markets.factors() if factor.category is FactorCategory.CUSTOM
            ),
            programs=tuple(program.name for program in desk.programs.programs()),
        )

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
        """Await a command without holding up the screen; show its proof, or why it failed.

        The answer appears on the workspace that is in view when it comes.
        """

        async def perform() -> None:
            try:
                self.host.say(await run())
            except DeskError as error:
                self.host.say(refusal_text(error), "error")
            except Exception as error:  # an engine fault must not take the screen with it
                self.host.say(f"unexpected {type(error).__name__}: {error}", "error")
            self.paint_tick()

        self.run_worker(perform(), group="commands", exit_on_error=False)

    def say(self, message: str, severity: str = "information", *, is_in_chat: bool = False) -> None:
        """Show a short message as plain text; one that has to be cut goes into the chat whole."""
        if not message:
            return
        if is_too_long(message) and not is_in_chat:
            self.host.note(message)
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
        """Give the focus back to the panes."""
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
