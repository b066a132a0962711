"""The models screen: where models are asked, what that took today, and the vault with their keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType

from engine.errors import NotFound
from engine.model.language_model import ConnectionState
from engine.model.vault import VaultState
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.model_view import ModelReader, ModelView
from tui.panes.model_panes import ConnectionsPane, ModelPane, VaultPane
from tui.screens.list_layouts import arrange_models
from tui.screens.turns_layout import TurnsLayout
from tui.screens.workspace import WorkspaceScreen
from tui.screens.workspace_actions import WorkspaceActions
from tui.view import DeskView
from tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from tui.proposals import Proposal

NO_CONNECTION = "no connection under the cursor"


class ModelsScreen(WorkspaceScreen):
    """Connections over the vault."""

    workspace = Context.MODEL_DESK
    first_pane = Context.CONNECTIONS
    panes = (ConnectionsPane, VaultPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.MODEL_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.models = ModelView()
        super().__init__(bridge, frames_per_second)
        self._reader = ModelReader(bridge.desk)
        self._shown: dict[str, ModelView] = {}

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the models screen."""
        return TurnsLayout(Context.CONNECTIONS, arrange_models)

    def make_actions(self) -> WorkspaceActions:
        """Return what runs its actions."""
        return ModelActions(self)

    @property
    def listed_connection(self) -> ConnectionState | None:
        """The connection under the cursor."""
        return self.models.connection(self.query_one(ConnectionsPane).cursor_id)

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane the picture, if it has changed."""
        self.models = self._reader.read(view)
        shown = self.grid.shown_ids()
        for pane in self.query(ModelPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.models:
                self._shown[pane.id or ""] = self.models
                pane.show(self.models)

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show at once what is said about the new row."""
        self._shown.clear()
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#connections LiveTable")
    async def connection_chosen(self) -> None:
        """Change the chosen connection."""
        await self.action_perform("connection.edit")


class ModelActions(WorkspaceActions):
    """Runs actions and commands for the models screen."""

    def __init__(self, screen: ModelsScreen) -> None:
        super().__init__(screen)
        self._models = screen
        self.handlers |= {
            "connection.new": lambda: self._open_form(None),
            "connection.edit": lambda: self._with_connection(self._open_form),
            "connection.test": lambda: self._with_connection(self._test),
            "connection.delete": lambda: self._with_connection(self._delete),
            "secret.remove": self._remove_secret,
            "vault.unlock": self._unlock,
            "vault.lock": self._lock,
            "vault.change": self._change_passphrase,
        }

    async def _with_connection(self, act: Callable[[ConnectionState], Awaitable[None]]) -> None:
        state = self._models.listed_connection
        if state is None:
            self._models.say(NO_CONNECTION, "warning")
        else:
            await act(state)

    async def _open_form(self, state: ConnectionState | None) -> None:
        from tui.screens.connection_form import ConnectionForm

        screen = self._models
        await screen.app.push_screen(ConnectionForm(screen.bridge, screen.models, state), self._say_proof)

    async def _test(self, state: ConnectionState) -> None:
        from tui.screens.connection_form import ConnectionTestForm

        screen = self._models
        asked = [item.model for item in screen.view.traders if item.trader_id in state.traders and item.model]
        vendor = screen.models.vendor(state.connection.vendor)
        model = next(iter((*asked, *(vendor.models if vendor else ()))), "")
        await screen.app.push_screen(ConnectionTestForm(screen.bridge, state, model), self._say_proof)

    async def _delete(self, state: ConnectionState) -> None:
        screen, connection_id = self._models, state.connection.connection_id

        def make() -> Proposal:
            from tui.proposals import Proposal

            now = screen.models.connection(connection_id)
            if now is None:
                raise NotFound(f"connection: there is no connection {connection_id} any more")
            name, names = now.connection.name, screen.models.trader_names(now)

            async def run() -> str:
                await screen.bridge.desk.models.delete_connection(connection_id)
                return f"connection {name} is deleted, and its key with it"

            return Proposal(
                title="Delete connection",
                sentence=f"Delete the connection {name} and its key.",
                verb="Delete",
                run=run,
                warning=f"Asked by {names}: give them another connection first." if names else "",
            )

        await screen.ask(make)

    async def _remove_secret(self) -> None:
        screen = self._models
        secret = screen.query_one(VaultPane).secret
        if secret is None:
            screen.say("no key under the cursor", "warning")
            return

        def make() -> Proposal:
            from tui.proposals import Proposal

            async def run() -> str:
                await screen.bridge.desk.vault.remove_secret(secret.record, secret.field)
                return f"the {secret.field.replace('_', ' ')} of {owner} is removed"

            owner = screen.models.owner(secret)
            return Proposal(
                title="Remove key",
                sentence=f"Remove the {secret.field.replace('_', ' ')} of {owner} from the vault.",
                verb="Remove",
                run=run,
                warning="It is kept nowhere else: it has to be given again before it can be used.",
            )

        await screen.ask(make)

    async def _unlock(self) -> None:
        state = self._models.models.vault.state
        if state is VaultState.OPEN:
            self._models.say("the vault is open already")
        else:
            await self._open_passphrase_form(state)

    async def _change_passphrase(self) -> None:
        state = self._models.models.vault.state
        await self._open_passphrase_form(state, is_change=state is not VaultState.ABSENT)

    async def _open_passphrase_form(self, state: VaultState, *, is_change: bool = False) -> None:
        from tui.screens.passphrase_form import PassphraseForm

        screen = self._models
        form = PassphraseForm(screen.bridge, state, is_change=is_change)
        await screen.app.push_screen(form, self._say_proof)

    def _lock(self) -> None:
        screen = self._models
        if screen.models.vault.state is not VaultState.OPEN:
            screen.say("the vault is not open")
            return

        async def run() -> str:
            await screen.bridge.desk.vault.lock()
            return "the vault is locked; whoever needs a key is refused until it is open"

        screen.send(run)
