"""The desk's traders as people keep them: made, changed, put away, moved as files."""

from __future__ import annotations

from typing import Protocol

from engine.model.account import RiskLimits, TraderConfig, TraderSummary
from engine.model.trader_file import ImportPreview, TraderFile


class TraderDesk(Protocol):
    """The life cycle of a trader; starting, pausing and triggering are the desk's own commands."""

    def configs(
        self, *, include_hidden: bool = True, include_deleted: bool = False
    ) -> tuple[TraderConfig, ...]:
        """Return the configuration of every trader, in the order of their ids."""
        ...

    async def create(self, config: TraderConfig) -> TraderConfig:
        """Make a trader, paused until somebody starts it; raises `InvalidInput`, `Conflict`, `NotFound`."""
        ...

    async def edit(self, config: TraderConfig) -> TraderConfig:
        """Change a trader from its next decision on; kind, mode and capital stay as they were.

        A symbol that is dropped must be flat. Raises `InvalidInput`, `Conflict`, `NotFound`.
        """
        ...

    async def set_limits(self, trader_id: int, limits: RiskLimits) -> TraderConfig:
        """Change the limits at once, for open decisions too; raises `InvalidInput`, `NotFound`."""
        ...

    async def set_trading(self, trader_id: int, *, enabled: bool) -> TraderConfig:
        """Block or allow new orders that add risk; positions stay, and can be closed."""
        ...

    async def set_hidden(self, trader_id: int, *, hidden: bool) -> TraderConfig:
        """Take a trader off the desk's lists, or put it back; it trades on."""
        ...

    async def delete(self, trader_id: int) -> TraderConfig:
        """Stop a trader for good and keep its history; raises `Conflict` while it holds a position."""
        ...

    async def export(self, trader_id: int) -> TraderFile:
        """Return everything a trader was and did."""
        ...

    async def preview_import(self, file: TraderFile) -> ImportPreview:
        """Return what importing would do, and change nothing."""
        ...

    async def import_trader(self, file: TraderFile, name: str = "") -> TraderSummary:
        """Add a trader with the history of a file, paused; raises `InvalidInput` naming the first problem."""
        ...
