"""Where an article enters the desk: whatever a source wrote becomes a `NewsItem` that is safe to show."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urljoin, urlsplit

from engine.intelligence.identity import news_id
from engine.intelligence.sources.feed_process import RawArticle
from engine.intelligence.sources.html_text import html_to_line
from engine.intelligence.sources.published import published_ms
from engine.model.news import NewsItem

MAX_TITLE = 300
MAX_SUMMARY = 1000
MAX_URL = 2000


def news_items(
    raw: Iterable[RawArticle], *, source: str, page_url: str, received_ms: int
) -> tuple[NewsItem, ...]:
    """Return the articles that have a title, not yet classified.

    One without a time, or with one still to come, counts as published when it was received.
    """
    items = []
    for article in raw:
        title = html_to_line(article.title, MAX_TITLE)
        if not title:
            continue
        url = _clean_url(article.url, page_url)
        published = published_ms(article.published)
        items.append(
            NewsItem(
                news_id=news_id(source, url, title),
                source=source,
                url=url,
                title=title,
                summary=html_to_line(article.summary, MAX_SUMMARY),
                published_ms=received_ms if published is None else min(published, received_ms),
                received_ms=received_ms,
            )
        )
    return tuple(items)


def _clean_url(url: str, page_url: str) -> str:
    """Return a whole http address of printable ASCII, or nothing."""
    if len(url) > MAX_URL:
        return ""
    try:
        parts = urlsplit(urljoin(page_url, url.strip()))
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return ""
        if not parts.netloc.isascii():
            return ""
        cleaned = quote(parts.geturl(), safe="%/:=&?~#+!$,;'@()*[]")
    except ValueError:
        return ""
    return cleaned if len(cleaned) <= MAX_URL else ""
