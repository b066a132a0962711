"""What commands that ask models share: the vault opened, and connections and traders found by name."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui.passphrase_entry import ask_secret

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.model.account import TraderConfig
    from engine.model.language_model import ModelConnection

RULES = "rules"
"""The name of the built-in rules model, which is connection 0."""


def add_passphrase_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the vault's passphrase is read from."""
    parser.add_argument(
        "--passphrase-fd", metavar="N", type=int, help="descriptor to read the vault's passphrase from"
    )


async def open_vault(desk: Desk, connection_id: int, passphrase_fd: int | None) -> None:
    """Open the vault if the key of a connection is in it, asking for the passphrase if need be.

    Raises `WrongPassphrase`, and `InvalidInput` where there is no terminal to type it on.
    """
    from engine.model.language_model import KeySource
    from engine.model.vault import VaultState

    if desk.vault.status().state is not VaultState.LOCKED:
        return
    needs = any(
        state.connection.connection_id == connection_id and state.connection.key_source is KeySource.VAULT
        for state in desk.models.connections()
    )
    if needs:
        await desk.vault.unlock(ask_secret("passphrase of the vault", "--passphrase-fd", passphrase_fd))


def connection_named(desk: Desk, name: str) -> ModelConnection:
    """Return a connection by its name or number; raises `NotFound` naming those there are."""
    from engine.errors import NotFound

    connections = [state.connection for state in desk.models.connections()]
    for connection in connections:
        if name in (connection.name, str(connection.connection_id)):
            return connection
    names = ", ".join(connection.name for connection in connections) or "none"
    raise NotFound(f"connection: there is no {name}; there are {names}", field="connection")


def connection_id_named(desk: Desk, name: str) -> int:
    """Return the id of a connection, 0 for the built-in rules model."""
    return 0 if name in (RULES, "0") else connection_named(desk, name).connection_id


def trader_named(desk: Desk, name: str) -> TraderConfig:
    """Return a trader by its name or number; raises `NotFound` naming those there are."""
    from engine.errors import NotFound

    traders = desk.roster.configs()
    for trader in traders:
        if name in (trader.name, str(trader.trader_id)):
            return trader
    names = ", ".join(trader.name for trader in traders) or "none"
    raise NotFound(f"--trader: there is no {name}; there are {names}", field="--trader")
