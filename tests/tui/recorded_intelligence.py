"""The recorded desk's news side: two articles, and the sources the desk brings along and one more.

Changes of sources are judged by the engine itself; nothing is ever requested.
"""

from __future__ import annotations

import msgspec

from engine.errors import DeskError, NotFound
from engine.intelligence.sources.source_list import SourceList
from engine.model.news import (
    IntelligenceSnapshot,
    NewsItem,
    NewsSource,
    Sentiment,
    SourceStatus,
)

NOW_MS = 1_772_373_807_000
SOURCE = NewsSource(source_id=100, name="Example wire", url="https://news.example/feed.xml")
NEWS = (
    NewsItem(
        news_id="n-2",
        source="Example wire",
        url="https://news.example/2",
        title="Funds add to bitcoin for the third week",
        summary="Net purchases reached their highest since January.",
        published_ms=NOW_MS - 900_000,
        received_ms=NOW_MS - 880_000,
        symbols=("BTC",),
        sentiment=Sentiment.BULLISH,
        relevance=0.8,
        classified_by="lexicon",
    ),
    NewsItem(
        news_id="n-1",
        source="Example wire",
        url="https://news.example/1",
        title="Network upgrade delayed by two weeks",
        summary="Developers want more time for tests.",
        published_ms=NOW_MS - 7_200_000,
        received_ms=NOW_MS - 7_180_000,
        symbols=("ETH",),
        sentiment=Sentiment.BEARISH,
        relevance=0.6,
        classified_by="lexicon",
    ),
)


class RecordedIntelligence:
    """The intelligence desk over fixed articles; the public attributes are what a test may change."""

    def __init__(self) -> None:
        self.items: tuple[NewsItem, ...] = NEWS
        self.source_list = SourceList((SOURCE,))
        self.tested: list[NewsSource] = []
        self.failure: DeskError | None = None
        self.error = ""

    def news(self, symbol: str | None = None, limit: int = 50) -> tuple[NewsItem, ...]:
        return tuple(item for item in self.items if symbol is None or symbol in item.symbols)[:limit]

    def snapshot(self, symbol: str, timeframe: str = "15m", window: str = "4h") -> IntelligenceSnapshot:
        raise NotFound(f"symbol: {symbol} has no picture", field="symbol", value=symbol)

    def sources(self) -> tuple[SourceStatus, ...]:
        return tuple(
            msgspec.structs.replace(status, last_read_ms=NOW_MS - 60_000, items=2, error=self.error)
            if status.source.enabled and status.source.url == SOURCE.url
            else status
            for status in self.source_list.statuses()
        )

    async def save_source(self, source: NewsSource) -> NewsSource:
        return self.source_list.save(source)

    async def delete_source(self, source_id: int) -> None:
        self.source_list.delete(source_id)

    async def test_source(self, source: NewsSource) -> tuple[NewsItem, ...]:
        self.tested.append(source)
        if self.failure is not None:
            raise self.failure
        return NEWS
