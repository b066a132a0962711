"""The models side of a desk that lives on another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.desk_thread.sides import EngineThread

if TYPE_CHECKING:
    from engine.model.language_model import (
        ConnectionState,
        ConnectionTest,
        ModelCall,
        ModelConnection,
        Spending,
        Vendor,
    )
    from engine.secrecy.secret import Secret


class ThreadedModels:
    """The desk's models side, see `engine.desk.models.ModelDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def vendors(self) -> tuple[Vendor, ...]:
        """See `engine.desk.models.ModelDesk`."""
        desk = self._thread.desk
        return desk.models.vendors() if desk else ()

    def connections(self) -> tuple[ConnectionState, ...]:
        """See `engine.desk.models.ModelDesk`."""
        desk = self._thread.desk
        return desk.models.connections() if desk else ()

    async def save_connection(
        self, connection: ModelConnection, key: Secret | None = None
    ) -> ConnectionState:
        """See `engine.desk.models.ModelDesk`."""
        return await self._thread.call(lambda desk: desk.models.save_connection(connection, key))

    async def delete_connection(self, connection_id: int) -> None:
        """See `engine.desk.models.ModelDesk`."""
        await self._thread.call(lambda desk: desk.models.delete_connection(connection_id))

    async def test_connection(
        self, connection: ModelConnection, model: str, key: Secret | None = None
    ) -> ConnectionTest:
        """See `engine.desk.models.ModelDesk`."""
        return await self._thread.call(lambda desk: desk.models.test_connection(connection, model, key))

    async def spending(self, days: int = 30) -> tuple[Spending, ...]:
        """See `engine.desk.models.ModelDesk`."""
        return await self._thread.call(lambda desk: desk.models.spending(days))

    async def calls(self, subject: str) -> tuple[ModelCall, ...]:
        """See `engine.desk.models.ModelDesk`."""
        return await self._thread.call(lambda desk: desk.models.calls(subject))
