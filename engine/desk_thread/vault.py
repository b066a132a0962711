"""The vault's side of a desk that lives on another thread."""

from __future__ import annotations

from engine.desk_thread.sides import EngineThread
from engine.model.vault import VaultState, VaultStatus
from engine.secrecy.secret import Secret


class ThreadedVault:
    """The desk's vault, see `engine.desk.models.VaultDesk`; absent before the desk has opened."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def status(self) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        desk = self._thread.desk
        return desk.vault.status() if desk else VaultStatus(state=VaultState.ABSENT)

    async def create(self, passphrase: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._thread.call(lambda desk: desk.vault.create(passphrase))

    async def unlock(self, passphrase: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._thread.call(lambda desk: desk.vault.unlock(passphrase))

    async def lock(self) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._thread.call(lambda desk: desk.vault.lock())

    async def change_passphrase(self, old: Secret, new: Secret) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._thread.call(lambda desk: desk.vault.change_passphrase(old, new))

    async def remove_secret(self, record: str, field: str) -> VaultStatus:
        """See `engine.desk.models.VaultDesk`."""
        return await self._thread.call(lambda desk: desk.vault.remove_secret(record, field))
