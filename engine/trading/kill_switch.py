"""The kill switch: one durable flag that stops every entry on the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from engine.store.changes import Setting
from engine.trading.journal import ChangeWriter

_KEY = "kill_switch"


class KillSwitch:
    """Engaged or not; survives a restart, and only a person releases it.

    It acts from the instant it is engaged, whatever the disk does; an `engage` that comes while a
    `release` waits for the disk wins.
    """

    def __init__(self, store: ChangeWriter, settings: Mapping[str, str]) -> None:
        self._store = store
        self._times_engaged = 0
        self.engaged = settings.get(_KEY) == "engaged"

    def engage(self) -> asyncio.Future[None]:
        """Refuse entries from this instant; the future is done when that is durable too."""
        self.engaged = True
        self._times_engaged += 1
        return asyncio.wrap_future(self._store.write(Setting(key=_KEY, value="engaged")))

    async def release(self) -> None:
        """Allow entries once that is durable, unless it is engaged again meanwhile."""
        times_engaged = self._times_engaged
        await self._store.journal(Setting(key=_KEY, value="released"))
        if self._times_engaged == times_engaged:
            self.engaged = False
