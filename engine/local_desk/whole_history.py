"""Reading the whole of what the store hands out page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.store.store import PAGE_LIMIT


class Pages[T](Protocol):
    """A query of the store that is read page by page, backwards in time."""

    async def __call__(
        self, trader_id: int | None = None, *, before_ms: int | None = None, limit: int = PAGE_LIMIT
    ) -> tuple[T, ...]:
        """Return the last values before a time, oldest first; empty once there are no more."""
        ...


async def whole_history[T](
    read: Pages[T], time_of: Callable[[T], int], trader_id: int | None = None
) -> tuple[T, ...]:
    """Return everything that a query finds of a trader, or of all of them, oldest first.

    `time_of` is the time (UTC ms) that the query pages by. Raises what `read` raises.
    """
    pages: list[tuple[T, ...]] = []
    before_ms: int | None = None
    while page := await read(trader_id, before_ms=before_ms, limit=PAGE_LIMIT):
        pages.append(page)
        before_ms = time_of(page[0])
    return tuple(value for page in reversed(pages) for value in page)
