"""Reading a source: fetch its page, make out the articles, make them safe, classify them by lexicon."""

from __future__ import annotations

import msgspec

from engine.clock import Clock
from engine.errors import Unavailable
from engine.intelligence.reading.classification import classified
from engine.intelligence.reading.lexicon import Lexicon
from engine.intelligence.sources.articles import news_items
from engine.intelligence.sources.feed_process import FeedDocument, RawArticle
from engine.intelligence.sources.feed_reader import FeedReader
from engine.intelligence.sources.fetch import FetchFailed, Page, PageFetcher, Validators
from engine.intelligence.sources.json_articles import read_json
from engine.model.news import NewsFormat, NewsItem, NewsSource


class SourceAnswer(msgspec.Struct, frozen=True):
    """What a source answered; `items` is None when nothing had changed."""

    items: tuple[NewsItem, ...] | None
    validators: Validators


class SourceReader:
    """Reads sources; remembers nothing of them."""

    def __init__(self, fetcher: PageFetcher, feeds: FeedReader, lexicon: Lexicon, clock: Clock) -> None:
        self._fetcher = fetcher
        self._feeds = feeds
        self._lexicon = lexicon
        self._clock = clock

    async def read(self, source: NewsSource, validators: Validators) -> SourceAnswer:
        """Return a source's articles; raise `Unavailable` naming the source and what is wrong.

        The error is a `FetchFailed` where the server asks to wait.
        """
        try:
            page = await self._fetcher.fetch(source.url, validators)
            if page.body is None:
                return SourceAnswer(None, page.validators)
            raw = await self._articles(source, page, page.body)
        except Unavailable as error:
            retry_after = error.retry_after if isinstance(error, FetchFailed) else None
            raise FetchFailed(f"{source.name}: {error.message}", retry_after) from error
        items = news_items(raw, source=source.name, page_url=page.url, received_ms=self._clock.now_ms())
        return SourceAnswer(
            tuple(classified(item, self._lexicon.classify(item)) for item in items), page.validators
        )

    async def _articles(self, source: NewsSource, page: Page, body: bytes) -> tuple[RawArticle, ...]:
        if source.format is NewsFormat.JSON:
            return read_json(body, source.items_path)
        return await self._feeds.read(FeedDocument(body, page.url, page.charset))
