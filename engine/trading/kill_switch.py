"""The kill switch: one durable flag that stops every entry on the desk."""

from __future__ import annotations

from collections.abc import Mapping

from engine.store.changes import Setting
from engine.trading.ledger import ChangeWriter

_KEY = "kill_switch"


class KillSwitch:
    """Engaged or not; the flag is durable before `engage` returns and survives a restart.

    Only a person releases it.
    """

    def __init__(self, store: ChangeWriter, settings: Mapping[str, str]) -> None:
        self._store = store
        self.engaged = settings.get(_KEY) == "engaged"

    async def engage(self) -> None:
        """Refuse entries from this instant and return once that is durable."""
        self.engaged = True
        await self._store.journal(Setting(key=_KEY, value="engaged"))

    async def release(self) -> None:
        """Allow entries once that is durable."""
        await self._store.journal(Setting(key=_KEY, value="released"))
        self.engaged = False
