"""The panes of the models screen: the connections with what today took, and the vault with its keys."""

from __future__ import annotations

from textual.app import ComposeResult

from engine.model.vault import SecretInfo, VaultState
from tui.action import Context
from tui.actions import bindings_for
from tui.model_view import VAULT_WORDS, ModelView, connection_row, secret_key, secret_row
from tui.panes.base import WorkspacePane
from tui.panes.table_pane import NumberedTablePane, TablePane
from tui.widgets.live_table import LiveTable
from tui.widgets.table_layout import Column
from tui.widgets.wrapped_text import WrappedText

CONNECTION_COLUMNS = (
    Column("state", "state", 10),
    Column("name", "connection", 12, weight=2),
    Column("vendor", "vendor", 12, weight=1, priority=3),
    Column("key", "key", 12, priority=1),
    Column("running", "calls", 6, align="right", priority=2),
    Column("today", "today", 6, align="right"),
    Column("tokens", "tokens", 18, align="right", priority=2),
    Column("usd", "spent", 16, align="right"),
    Column("traders", "asked by", 12, weight=2, priority=4, cut="words"),
    Column("url", "base URL", 24, weight=3, priority=5),
)
SECRET_COLUMNS = (
    Column("owner", "of", 14, weight=2),
    Column("field", "what", 9),
    Column("saved", "since", 11, align="right", priority=1),
    Column("bound", "only for", 24, weight=3, priority=2),
)


class ModelPane(WorkspacePane):
    """A pane of the models screen."""

    def show(self, view: ModelView) -> None:
        """Show this picture; called only when it differs from the last one."""
        raise NotImplementedError


class ConnectionsPane(ModelPane, NumberedTablePane):
    """A row for each connection; below, what is wrong with the one under the cursor."""

    context = Context.CONNECTIONS
    BINDINGS = bindings_for(Context.CONNECTIONS)
    HELP = "N adds a connection, e gives it another key, y asks it for one word, u opens the vault."
    DEFAULT_CSS = """
    ConnectionsPane LiveTable { height: 1fr; }
    ConnectionsPane WrappedText { height: 2; }
    """
    columns = CONNECTION_COLUMNS
    empty_text = "no connection yet · N adds one; without, traders ask the built-in rules model"

    def compose(self) -> ComposeResult:
        """Build the table and the place for what is wrong."""
        yield from super().compose()
        yield WrappedText(id="connection-problem")

    def show(self, view: ModelView) -> None:
        """Show the connections."""
        self.table.show([connection_row(view, state) for state in view.connections])
        state = view.connection(self.cursor_id)
        self.query_one("#connection-problem", WrappedText).show(state.problem if state else "", "danger")
        self.set_subtitle(state.connection.base_url if state else "")


class VaultPane(ModelPane, TablePane):
    """How the vault stands, and a row for each key in it: whose and since when, never what."""

    context = Context.VAULT
    BINDINGS = bindings_for(Context.VAULT)
    HELP = "u opens the vault, l closes it, w changes its passphrase; a key in it is never shown."
    DEFAULT_CSS = """
    VaultPane LiveTable { height: 1fr; }
    VaultPane WrappedText { height: 2; }
    """
    columns = SECRET_COLUMNS
    empty_text = "no key in it yet"

    def __init__(self) -> None:
        super().__init__()
        self._secrets: tuple[SecretInfo, ...] = ()

    def compose(self) -> ComposeResult:
        """Build the state line and the table."""
        yield WrappedText(id="vault-state")
        yield from super().compose()

    @property
    def secret(self) -> SecretInfo | None:
        """The secret under the cursor."""
        return next((item for item in self._secrets if secret_key(item) == self.cursor_key), None)

    def show(self, view: ModelView) -> None:
        """Show how the vault stands and whose keys it keeps."""
        status = view.vault
        self._secrets = status.secrets
        words, role = VAULT_WORDS[status.state]
        if status.state is VaultState.OPEN and status.opened_by:
            words += f", by {status.opened_by}"
        if status.wait_seconds > 0:
            words += f" · wait {status.wait_seconds:.0f} s after the wrong passphrases"
        self.query_one("#vault-state", WrappedText).show(words, role)
        self.query_one(LiveTable).show([secret_row(view, secret) for secret in status.secrets])
        self.set_subtitle(status.kdf)
