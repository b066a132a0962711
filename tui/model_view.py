"""What the models screen paints: one frozen picture of connections and the vault, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from engine.desk import Desk
from engine.model.language_model import ConnectionState, KeySource, Vendor
from engine.model.vault import SecretInfo, VaultState, VaultStatus
from tui import format as fmt
from tui.view import DeskView
from tui.widgets.live_table import Cell, Row

READY, PROBLEM, BUSY = "●", "✗", "◐"
NO_VAULT = VaultStatus(state=VaultState.ABSENT)
VAULT_WORDS: Mapping[VaultState, tuple[str, str]] = {
    VaultState.ABSENT: ("there is no vault yet · u chooses its passphrase", "warning"),
    VaultState.LOCKED: ("locked: no key in it can be used · u opens it", "warning"),
    VaultState.OPEN: ("open", "gain"),
}


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panes of the models screen show."""

    desk: DeskView = DeskView()
    vendors: tuple[Vendor, ...] = ()
    connections: tuple[ConnectionState, ...] = ()
    vault: VaultStatus = NO_VAULT

    def connection(self, connection_id: int | None) -> ConnectionState | None:
        """Return a connection by id, as it stands."""
        states = self.connections
        return next((item for item in states if item.connection.connection_id == connection_id), None)

    def vendor(self, name: str) -> Vendor | None:
        """Return a row of the table of vendors."""
        return next((item for item in self.vendors if item.name == name), None)

    def trader_names(self, state: ConnectionState) -> str:
        """Return who asks models here: `Rules, Momentum`."""
        return ", ".join(self.desk.trader_name(trader_id) for trader_id in state.traders)

    def owner(self, secret: SecretInfo) -> str:
        """Return whose a secret is: the connection's name, or the record it is kept under."""
        kind, _, number = secret.record.partition(":")
        state = self.connection(int(number)) if kind == "connection" and number.isdecimal() else None
        return state.connection.name if state else secret.record


class ModelReader:
    """Reads the desk's models and vault into a picture; equal pictures are the same object."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view = ModelView()

    def read(self, view: DeskView) -> ModelView:
        """Return the picture that goes with a picture of the desk."""
        models = self._desk.models
        picture = ModelView(
            desk=view,
            vendors=models.vendors(),
            connections=models.connections(),
            vault=self._desk.vault.status(),
        )
        if picture != self._view:
            self._view = picture
        return self._view


def origin_of(base_url: str) -> str:
    """Return the scheme, host and port a key is bound to; the text itself where it has none."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return base_url.strip()
    return f"{parts.scheme}://{parts.hostname or ''}:{port}"


def key_words(state: ConnectionState) -> tuple[str, str]:
    """Return where the key is, never what it is, and the role that goes with it."""
    source = state.connection.key_source
    if source is KeySource.NONE:
        return "none needed", "muted"
    place = "in the vault" if source is KeySource.VAULT else "environment"
    return (place, "text") if state.has_key else ("missing", "danger")


def spent_words(state: ConnectionState) -> str:
    """Return what today took of what it may take: `$1.24 of $5.00`."""
    cap = state.connection.daily_usd
    spent = fmt.model_cost(state.usd_today)
    return spent if cap is None else f"{spent} of {fmt.model_cost(cap)}"


def tokens_words(state: ConnectionState) -> str:
    """Return the tokens of today, of those allowed: `12,400 of 100,000`."""
    cap = state.connection.daily_tokens
    return f"{state.tokens_today:,}" if cap is None else f"{state.tokens_today:,} of {cap:,}"


def connection_row(view: ModelView, state: ConnectionState) -> Row:
    """Return the cells of one connection."""
    connection = state.connection
    vendor = view.vendor(connection.vendor)
    if state.problem:
        words = (f"{PROBLEM} problem", "danger")
    elif state.calls_running:
        words = (f"{BUSY} asking", "accent")
    else:
        words = (f"{READY} ready", "gain")
    waiting = f"+{state.calls_waiting}" if state.calls_waiting else ""
    names = view.trader_names(state)
    return Row(
        str(connection.connection_id),
        (
            Cell(*words),
            Cell(connection.name),
            Cell(vendor.title if vendor else connection.vendor, "muted"),
            Cell(*key_words(state)),
            Cell(f"{state.calls_running}{waiting}/{connection.max_concurrent}", "muted"),
            Cell(f"{state.calls_today:,}"),
            Cell(tokens_words(state)),
            Cell(spent_words(state)),
            Cell(names or "nobody", "text" if names else "muted"),
            Cell(connection.base_url, "muted"),
        ),
    )


def secret_key(secret: SecretInfo) -> str:
    """Return the row key of a secret: its record and its field."""
    return f"{secret.record} {secret.field}"


def secret_row(view: ModelView, secret: SecretInfo) -> Row:
    """Return the cells of one secret: whose it is and since when, never what it is."""
    return Row(
        secret_key(secret),
        (
            Cell(view.owner(secret)),
            Cell(secret.field.replace("_", " "), "muted"),
            Cell(fmt.time_or_day(secret.saved_ms, secret.saved_ms + 86_400_000), "muted"),
            Cell(secret.bound_to or fmt.ABSENT, "muted"),
        ),
    )
