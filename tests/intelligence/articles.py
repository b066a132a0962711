"""Articles and sources for tests."""

from __future__ import annotations

import msgspec

from engine.model.news import NewsFormat, NewsItem, NewsSource

HOUR_MS = 3_600_000
NOW_MS = 1_751_371_200_000  # 2025-07-01 12:00 UTC


def article(
    title: str = "Bitcoin rises above all averages",
    *,
    url: str = "",
    summary: str = "",
    published_ms: int = NOW_MS,
    received_ms: int = NOW_MS,
    source: str = "Wire",
    symbols: tuple[str, ...] = (),
) -> NewsItem:
    from engine.intelligence.identity import news_id

    return NewsItem(
        news_id=news_id(source, url, title),
        source=source,
        url=url,
        title=title,
        summary=summary,
        published_ms=published_ms,
        received_ms=received_ms,
        symbols=symbols,
    )


def source(url: str, **changes: object) -> NewsSource:
    plain = NewsSource(source_id=0, name="Wire", url=url, format=NewsFormat.FEED)
    return msgspec.structs.replace(plain, **changes)


def rss(*items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>Wire</title>{"".join(items)}</channel></rss>'.encode()


def rss_item(title: str, link: str = "", published: str = "Tue, 01 Jul 2025 10:00:00 GMT") -> str:
    return f"<item><title>{title}</title><link>{link}</link><pubDate>{published}</pubDate></item>"
