"""The recorded desk's news side: two articles and one source."""

from __future__ import annotations

from engine.errors import NotFound
from engine.model.news import (
    IntelligenceSnapshot,
    NewsItem,
    NewsSource,
    Sentiment,
    SourceStatus,
)

NOW_MS = 1_772_373_807_000
SOURCE = NewsSource(source_id=1, name="Example wire", url="https://news.example/feed.xml")
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
    """The intelligence desk over fixed articles."""

    def news(self, symbol: str | None = None, limit: int = 50) -> tuple[NewsItem, ...]:
        return tuple(item for item in NEWS if symbol is None or symbol in item.symbols)[:limit]

    def snapshot(self, symbol: str, timeframe: str = "15m", window: str = "4h") -> IntelligenceSnapshot:
        raise NotFound(f"symbol: {symbol} has no picture", field="symbol", value=symbol)

    def sources(self) -> tuple[SourceStatus, ...]:
        return (SourceStatus(source=SOURCE, last_read_ms=NOW_MS - 60_000, items=2),)

    async def save_source(self, source: NewsSource) -> NewsSource:
        return source

    async def delete_source(self, source_id: int) -> None:
        return None

    async def test_source(self, source: NewsSource) -> tuple[NewsItem, ...]:
        return NEWS
