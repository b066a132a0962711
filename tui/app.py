"""The terminal application: themes, the workspaces, and a start that paints first.

The first frame is on the terminal before the engine is asked to start; until it is ready the panes
say so. Nothing heavy is imported here: dialogs, help, palette and every workspace but the desk come
when they are first opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from engine.desk import Desk
from engine.errors import DeskError
from engine.settings import Settings
from tui.action import Context
from tui.bridge import DeskBridge
from tui.key_order import KeyOrder
from tui.screens.desk import DeskScreen
from tui.screens.workspace import WorkspaceScreen
from tui.theming import register_themes, role_variable_defaults

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver

CALM_FPS = 4.0


def screen_class(workspace: Context) -> type[WorkspaceScreen]:
    """Return the screen of a workspace; all but the desk's are imported here."""
    if workspace is Context.MARKET:
        from tui.screens.market import MarketScreen

        return MarketScreen
    if workspace is Context.SIGNAL_DESK:
        from tui.screens.signals import SignalsScreen

        return SignalsScreen
    if workspace is Context.PROGRAM_DESK:
        from tui.screens.programs import ProgramsScreen

        return ProgramsScreen
    if workspace is Context.BACKTEST_DESK:
        from tui.screens.backtests import BacktestsScreen

        return BacktestsScreen
    if workspace is Context.PROMPT_DESK:
        from tui.screens.prompts import PromptsScreen

        return PromptsScreen
    if workspace is Context.MODEL_DESK:
        from tui.screens.models import ModelsScreen

        return ModelsScreen
    if workspace is Context.ASSISTANT_DESK:
        from tui.screens.assistants import AssistantsScreen

        return AssistantsScreen
    if workspace is Context.ARENA_DESK:
        from tui.screens.arena import ArenaScreen

        return ArenaScreen
    return DeskScreen


def _palette_provider() -> type[Provider]:
    from tui.screens.palette import DeskProvider

    return DeskProvider


class DeskApp(App[None], inherit_bindings=False):
    """The desk in a terminal.

    `start_desk` is awaited once, after the first frame is painted, `workspace_built` called whenever a
    workspace has been opened for the first time. If it raises a `DeskError`, the
    app ends with return code 1 and `startup_error` says why.
    """

    TITLE = "nightdesk"
    CSS = """
    CommandPalette > Vertical { max-width: 84; background: $surface; }
    CommandPalette SearchIcon { display: none; }
    """
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette_provider}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "say_how_to_quit", show=False)]

    def __init__(
        self,
        desk: Desk,
        settings: Settings,
        start_desk: Callable[[], Awaitable[None]] | None = None,
        workspace_built: Callable[[], None] = lambda: None,
        *,
        theme_name: str | None = None,
        frames_per_second: float = CALM_FPS,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.settings = settings
        self.startup_error: DeskError | None = None
        self._start_desk = start_desk
        self._workspace_built = workspace_built
        self._keys = KeyOrder(self, super().on_event)
        self._bridge = DeskBridge(desk)
        self._frames_per_second = frames_per_second
        self._workspaces: dict[Context, WorkspaceScreen] = {}
        self._wanted_theme = theme_name or settings.theme
        self._warned_of = ""
        self._theme_problems: tuple[str, ...] = ()
        self.theme_names: tuple[str, ...] = ()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every colour role a value, whatever the theme."""
        return role_variable_defaults()

    def get_default_screen(self) -> DeskScreen:
        """The desk is the one screen that is always there."""
        desk = DeskScreen(self._bridge, self._frames_per_second)
        self._workspaces[Context.DESK] = desk
        return desk

    def on_load(self) -> None:
        """Bring in the themes before the first frame."""
        self._theme_problems = register_themes(self, self._wanted_theme)
        self.theme_names = tuple(name for name in self.available_themes if name not in BUILTIN_THEMES)

    async def on_mount(self) -> None:
        """Start the engine as soon as the first frame is painted."""
        await self._check_size(self.size)
        self.call_after_refresh(self._first_frame_painted)

    def _first_frame_painted(self) -> None:
        for problem in self._theme_problems:
            self.say(problem, "warning")
        if self._start_desk is not None:
            self.run_worker(self._start(self._start_desk), group="start", exit_on_error=False)

    async def _start(self, start_desk: Callable[[], Awaitable[None]]) -> None:
        try:
            await start_desk()
        except DeskError as error:
            self.startup_error = error
            self.exit(return_code=1)

    async def on_event(self, event: events.Event) -> None:
        """Let keys act in the order they came, each after what the one before it set off."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    async def on_resize(self, event: events.Resize) -> None:
        """Cover a desk that would not show what it is about to send."""
        await self._check_size(event.size)

    async def _check_size(self, size: Size) -> None:
        from tui.screens.too_small import TooSmallScreen, is_too_small

        is_covered = isinstance(self.screen, TooSmallScreen)
        if is_too_small(size) and not is_covered:
            await self.push_screen(TooSmallScreen())
        elif is_covered and not is_too_small(size):
            await self.pop_screen()

    def on_unmount(self) -> None:
        """Stop listening to the desk."""
        self._keys.close()
        self._bridge.close()

    def _fatal_error(self) -> None:
        """End with the traceback alone: Textual's own prints every local variable, keys among them."""
        import traceback

        from rich.text import Text

        from engine.secrecy.redaction import redact

        self.panic(Text(redact(traceback.format_exc())))

    def request_quit(self) -> None:
        """End the app; whoever runs it then shuts the desk down."""
        self.exit()

    def leave(self) -> None:
        """End the app for a person: with something unsaved, only the second time."""
        unsaved = " · ".join(filter(None, (screen.unsaved for screen in self._workspaces.values())))
        if unsaved and unsaved != self._warned_of:
            self._warned_of = unsaved
            self.say(f"{unsaved}; q again ends the desk without it", "warning")
            return
        self.request_quit()

    def action_say_how_to_quit(self) -> None:
        """Answer ctrl+c, which people press to leave: a desk is not left by accident."""
        self.say("press q to end the desk")

    @property
    def shown_workspace(self) -> WorkspaceScreen | None:
        """The workspace in view, be it behind a dialog."""
        screens = (screen for screen in reversed(self.screen_stack) if isinstance(screen, WorkspaceScreen))
        return next(screens, None)

    def is_shown(self, screen: Screen[None]) -> bool:
        """Tell whether a workspace is the one in view."""
        return self.shown_workspace is screen

    async def open_workspace(self, workspace: Context, pane: Context | None = None) -> None:
        """Show another workspace, with the focus on a pane if one is given."""
        await self._bring_up(workspace)
        shown = self.shown_workspace
        if pane is not None and shown is not None:
            shown.go_to(pane)

    async def _bring_up(self, workspace: Context) -> None:
        """Show a workspace over the desk, which stays below; it is built when first opened."""
        shown = self.screen
        if not isinstance(shown, WorkspaceScreen) or shown.workspace is workspace:
            return
        if workspace is Context.DESK:
            self.pop_screen()
            return
        if workspace not in self._workspaces:
            made = screen_class(workspace)(self._bridge, self._frames_per_second)
            self._workspaces[workspace] = made
            self.install_screen(made, workspace.value)
            self.call_after_refresh(self._workspace_built)
        if shown.workspace is not Context.DESK:
            self.pop_screen()
        await self.push_screen(workspace.value)

    def say(self, message: str, severity: str = "information") -> None:
        """Show a short message on the workspace in view; its text is never read as markup."""
        shown = self.shown_workspace
        if shown is not None:
            shown.say(message, severity)

    def note(self, message: str) -> None:
        """Keep a message that was too long for a notice in the desk's chat."""
        desk = self._workspaces.get(Context.DESK)
        if isinstance(desk, DeskScreen):
            desk.note(message)

    def switch_theme(self, name: str) -> None:
        """Use another theme from now on."""
        if name in self.theme_names:
            self.theme = name

    def next_theme(self) -> None:
        """Use the next theme of the list."""
        if self.theme_names:
            place = self.theme_names.index(self.theme) if self.theme in self.theme_names else -1
            self.switch_theme(self.theme_names[(place + 1) % len(self.theme_names)])
            self.say(f"theme {self.theme}")
