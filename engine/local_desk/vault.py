"""The vault's side of the desk: what takes long runs on a thread, and every change is published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.model.event import Topic
from engine.model.vault import VaultStatus
from engine.secrecy.secret import Secret
from engine.streams import Bus
from engine.vault.vault import Vault


class LocalVault:
    """See `engine.desk.models.VaultDesk`."""

    def __init__(self, *, vault: Vault, bus: Bus) -> None:
        self._vault = vault
        self._bus = bus

    def status(self) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return self._vault.status()

    async def create(self, passphrase: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._changed(lambda: self._vault.create(passphrase))

    async def unlock(self, passphrase: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._changed(lambda: self._vault.unlock(passphrase))

    async def lock(self) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        self._vault.lock()
        return self._publish()

    async def change_passphrase(self, old: Secret, new: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._changed(lambda: self._vault.change_passphrase(old, new))

    async def remove_secret(self, record: str, field: str) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._changed(lambda: self._vault.remove(record, field))

    async def _changed(self, change: Callable[[], None]) -> VaultStatus:
        """Make a change on a thread; a wrong passphrase changes the status too."""
        try:
            await asyncio.to_thread(change)
        finally:
            status = self._publish()
        return status

    def _publish(self) -> VaultStatus:
        status = self._vault.status()
        self._bus.publish_level(Topic.VAULT, "vault", status)
        return status
