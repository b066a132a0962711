"""The desk's language models and its vault: connections, keys, tests, and what was spent."""

from __future__ import annotations

from typing import Protocol

from engine.model.language_model import (
    ConnectionState,
    ConnectionTest,
    ModelCall,
    ModelConnection,
    Spending,
    Vendor,
)
from engine.model.vault import VaultStatus
from engine.secrecy.secret import Secret


class ModelDesk(Protocol):
    """Where models are asked. A key goes in and never comes out.

    `Topic.MODELS` carries each `ConnectionState` as it changes, under the key
    `("connection", connection_id)`.
    """

    def vendors(self) -> tuple[Vendor, ...]:
        """Return the table of vendors."""
        ...

    def connections(self) -> tuple[ConnectionState, ...]:
        """Return every connection that is not deleted, in the order of their ids."""
        ...

    async def save_connection(
        self, connection: ModelConnection, key: Secret | None = None
    ) -> ConnectionState:
        """Keep a new or changed connection, and its key in the vault if one is given.

        A base URL on another scheme, host or port drops the key there was: it must be given again. Raises
        `InvalidInput` naming the field, `Conflict` for a name that is taken, `NotFound`, `VaultLocked`.
        """
        ...

    async def delete_connection(self, connection_id: int) -> None:
        """Delete a connection and its key; raises `Conflict` naming the traders that use it."""
        ...

    async def test_connection(
        self, connection: ModelConnection, model: str, key: Secret | None = None
    ) -> ConnectionTest:
        """Ask a model for one word and say in words how it went; raises nothing for what the server does.

        A saved connection's key is used where none is given and the base URL is still its own.
        """
        ...

    async def spending(self, days: int = 30) -> tuple[Spending, ...]:
        """Return what each UTC day took, by trader and connection, newest first."""
        ...

    async def calls(self, subject: str) -> tuple[ModelCall, ...]:
        """Return the calls made for a decision, conversation or run, oldest first; at most 200."""
        ...


class VaultDesk(Protocol):
    """Opens and closes the vault; `Topic.VAULT` carries its `VaultStatus` under the key `"vault"`."""

    def status(self) -> VaultStatus:
        """Return how the vault stands."""
        ...

    async def create(self, passphrase: Secret) -> VaultStatus:
        """Make the vault; raises `Conflict` if there is one, `InvalidInput` for a short passphrase."""
        ...

    async def unlock(self, passphrase: Secret) -> VaultStatus:
        """Open the vault; raises `WrongPassphrase` with the seconds to wait, or `NotFound`."""
        ...

    async def lock(self) -> VaultStatus:
        """Forget the key that opens the vault; whoever needs a secret is refused from then on."""
        ...

    async def change_passphrase(self, old: Secret, new: Secret) -> VaultStatus:
        """Seal the vault under another passphrase; the secrets stay as they are."""
        ...

    async def remove_secret(self, record: str, field: str) -> VaultStatus:
        """Remove one secret; raises `NotFound`."""
        ...
