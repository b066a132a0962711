"""The traders' side of a desk that lives on another thread."""

from __future__ import annotations

from engine.desk_thread.sides import EngineThread
from engine.model.account import RiskLimits, TraderConfig, TraderSummary
from engine.model.trader_file import ImportPreview, TraderFile


class ThreadedTraders:
    """See `engine.desk.traders.TraderDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def configs(
        self, *, include_hidden: bool = True, include_deleted: bool = False
    ) -> tuple[TraderConfig, ...]:
        """See `engine.desk.traders.TraderDesk`."""
        desk = self._thread.desk
        if desk is None:
            return ()
        return desk.roster.configs(include_hidden=include_hidden, include_deleted=include_deleted)

    async def create(self, config: TraderConfig) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.create(config))

    async def edit(self, config: TraderConfig) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.edit(config))

    async def set_limits(self, trader_id: int, limits: RiskLimits) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.set_limits(trader_id, limits))

    async def set_trading(self, trader_id: int, *, enabled: bool) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.set_trading(trader_id, enabled=enabled))

    async def set_hidden(self, trader_id: int, *, hidden: bool) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.set_hidden(trader_id, hidden=hidden))

    async def delete(self, trader_id: int) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.delete(trader_id))

    async def export(self, trader_id: int) -> TraderFile:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.export(trader_id))

    async def preview_import(self, file: TraderFile) -> ImportPreview:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.preview_import(file))

    async def import_trader(self, file: TraderFile, name: str = "") -> TraderSummary:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._thread.call(lambda desk: desk.roster.import_trader(file, name))
