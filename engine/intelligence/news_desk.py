"""The articles the desk knows: each story once, the earliest version of it, up to a bound.

What is shown is a function of the set of articles taken in, not of the order they came in: of the
versions under one address the earliest counts, and of the articles under one title those that are
more than 48 hours after the last one that counts. The others are remembered, because an earlier
article that comes late may change which of them is the first.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.intelligence.identity import precedence, title_key
from engine.intelligence.reading.classification import Classification, classified
from engine.model.news import NewsItem

MAX_ARTICLES = 5000
SAME_TITLE_MS = 48 * 3_600_000


class NewsDesk:
    """Takes articles in and answers what is known; one thread writes, any thread reads."""

    def __init__(self, max_articles: int = MAX_ARTICLES) -> None:
        self._max_articles = max_articles
        self._articles: dict[str, NewsItem] = {}
        self._by_title: dict[str, set[str]] = {}
        self._repeats: set[str] = set()
        self._latest_first: tuple[NewsItem, ...] = ()

    def __len__(self) -> int:
        return len(self._latest_first)

    def add(self, items: Iterable[NewsItem]) -> tuple[NewsItem, ...]:
        """Take articles in, classified ones; return those that are new or changed among what counts.

        An article older than all of a full desk is refused.
        """
        unchanged = {item.news_id for item in self._latest_first}
        titles: set[str] = set()
        is_changed = False
        for item in items:
            known = self._articles.get(item.news_id)
            if known is not None and precedence(known) <= precedence(item):
                continue
            if known is not None:
                titles.add(self._forget(known))
            titles.add(self._remember(item))
            unchanged.discard(item.news_id)
            is_changed = True
        if not is_changed:
            return ()
        titles |= self._drop_oldest()
        for title in titles & self._by_title.keys():
            self._judge(title)
        self._arrange()
        return tuple(item for item in self._latest_first if item.news_id not in unchanged)

    def reclassify(self, news_id: str, classification: Classification) -> NewsItem | None:
        """Keep a better classification; return the article as it is now, None if it counts no more."""
        item = self._articles.get(news_id)
        if item is None or news_id in self._repeats:
            return None
        self._articles[news_id] = changed = classified(item, classification)
        # What an article is about does not move it.
        self._latest_first = tuple(changed if each is item else each for each in self._latest_first)
        return changed

    def latest(
        self, symbol: str | None = None, *, limit: int, since_ms: int = 0, known_by_ms: int | None = None
    ) -> tuple[NewsItem, ...]:
        """Return articles, newest first: of one symbol, published since, received by, if given."""
        found: list[NewsItem] = []
        for item in self._latest_first:
            if item.published_ms < since_ms or len(found) >= limit:
                break
            is_known = known_by_ms is None or item.received_ms <= known_by_ms
            if is_known and (symbol is None or symbol in item.symbols):
                found.append(item)
        return tuple(found)

    def _remember(self, item: NewsItem) -> str:
        """Take an article in; return the title under which it is to be judged."""
        self._articles[item.news_id] = item
        key = title_key(item.title)
        if key:
            self._by_title.setdefault(key, set()).add(item.news_id)
        return key

    def _forget(self, item: NewsItem) -> str:
        """Drop an article; return the title under which the others are to be judged anew."""
        del self._articles[item.news_id]
        self._repeats.discard(item.news_id)
        key = title_key(item.title)
        if key:
            self._by_title[key].discard(item.news_id)
            if not self._by_title[key]:
                del self._by_title[key]
        return key

    def _judge(self, key: str) -> None:
        """Decide which of the articles under one title count."""
        counted_ms: int | None = None
        for item in sorted((self._articles[each] for each in self._by_title[key]), key=precedence):
            if counted_ms is not None and item.published_ms - counted_ms <= SAME_TITLE_MS:
                self._repeats.add(item.news_id)
            else:
                self._repeats.discard(item.news_id)
                counted_ms = item.published_ms

    def _drop_oldest(self) -> set[str]:
        excess = len(self._articles) - self._max_articles
        if excess <= 0:
            return set()
        return {self._forget(item) for item in sorted(self._articles.values(), key=precedence)[:excess]}

    def _arrange(self) -> None:
        counted = (item for item in self._articles.values() if item.news_id not in self._repeats)
        self._latest_first = tuple(sorted(counted, key=precedence, reverse=True))
