"""The desk's market intelligence: news sources, articles and the picture they belong to.

The stream of updates is `Desk.stream({Topic.INTELLIGENCE})`: one `IntelligenceUpdate` per symbol,
latest wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.model.news import IntelligenceSnapshot, NewsItem, NewsSource, SourceStatus


class IntelligenceDesk(Protocol):
    """What a screen, a script or a server can ask about news."""

    def news(self, symbol: str | None = None, limit: int = 50) -> tuple[NewsItem, ...]:
        """Return the latest articles, newest first, of one symbol if given."""
        ...

    def snapshot(self, symbol: str, timeframe: str = "15m", window: str = "4h") -> IntelligenceSnapshot:
        """Return flow, regime and news of a symbol now."""
        ...

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return every news source and how it does."""
        ...

    async def save_source(self, source: NewsSource) -> NewsSource:
        """Keep a new or changed source; raises `InvalidInput` or `Conflict` (address taken)."""
        ...

    async def delete_source(self, source_id: int) -> None:
        """Stop reading a source; its articles stay."""
        ...

    async def test_source(self, source: NewsSource) -> tuple[NewsItem, ...]:
        """Read a source once without keeping anything; raises `Unavailable` saying what is wrong."""
        ...
