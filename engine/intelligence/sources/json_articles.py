"""Articles from JSON: the list a path points to, its fields under the names in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.errors import Unavailable
from engine.intelligence.sources.feed_process import MAX_ENTRIES, MAX_FIELD, RawArticle

TITLES = ("title", "headline", "name")
URLS = ("url", "link", "href", "source_url")
SUMMARIES = ("summary", "description", "body", "content", "text")
PUBLISHED = (
    "published",
    "published_at",
    "publishedAt",
    "date_published",
    "published_on",
    "pubDate",
    "date",
    "datetime",
    "time",
    "timestamp",
    "created_at",
)
LISTS = ("items", "articles", "data", "results", "news", "posts")
"""Where the list is looked for when no path is given and the document is an object."""


def read_json(body: bytes, items_path: str) -> tuple[RawArticle, ...]:
    """Return the articles of a JSON document.

    `items_path` holds names and list positions joined by dots. Raises `Unavailable` saying what is
    missing.
    """
    try:
        document: Any = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unavailable(f"not JSON: {str(error)[:100]}") from error
    items = _at(document, items_path) if items_path else _usual_list(document)
    if not isinstance(items, list):
        where = items_path or "the document, " + ", ".join(LISTS)
        raise Unavailable(f"items_path: there is no list at {where}")
    articles = tuple(_article(item) for item in items[:MAX_ENTRIES] if isinstance(item, dict))
    if items and not any(article.title for article in articles):
        raise Unavailable(f"items_path: the items have no title; looked for {', '.join(TITLES)}")
    return articles


def _at(document: Any, path: str) -> Any:
    value = document
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            return None
    return value


def _usual_list(document: Any) -> Any:
    if isinstance(document, dict):
        return next((document[name] for name in LISTS if isinstance(document.get(name), list)), None)
    return document


def _article(item: dict[str, Any]) -> RawArticle:
    return RawArticle(
        title=_text(item, TITLES),
        url=_text(item, URLS),
        summary=_text(item, SUMMARIES),
        published=_published(item),
    )


def _published(item: dict[str, Any]) -> str | int | float | None:
    times = (item.get(name) for name in PUBLISHED)
    return next((at for at in times if isinstance(at, str | int | float) and not isinstance(at, bool)), None)


def _text(item: dict[str, Any], names: Sequence[str]) -> str:
    return next(
        (item[name][:MAX_FIELD] for name in names if item.get(name) and isinstance(item[name], str)), ""
    )
