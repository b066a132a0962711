"""Market intelligence at work: sources are read when due, pictures are told as they change.

Everything it decides is in the pure parts it puts together; here are the timers and the tasks. What is
to be kept goes out by `on_item` and `on_source`, what readers should see by `publish`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import msgspec

from engine.clock import Clock, WallClock
from engine.errors import DeskError
from engine.intelligence.news_desk import NewsDesk
from engine.intelligence.picture.snapshots import TIMEFRAME, WINDOW, MarketReaders, Snapshots
from engine.intelligence.picture.update_feed import IntelligenceFeed
from engine.intelligence.reading.classification import Classification
from engine.intelligence.reading.lexicon import Lexicon
from engine.intelligence.reading.model_reader import ModelReader
from engine.intelligence.reading.second_reading import CALLS_PER_MINUTE, SecondReading
from engine.intelligence.sources.feed_reader import FeedReader
from engine.intelligence.sources.fetch import FetchFailed, PageFetcher, Validators
from engine.intelligence.sources.known_sources import check_source
from engine.intelligence.sources.polling import after_answer, after_failure
from engine.intelligence.sources.source_list import SourceList
from engine.intelligence.sources.source_reader import SourceReader
from engine.model.news import IntelligenceSnapshot, IntelligenceUpdate, NewsItem, NewsSource, SourceStatus
from engine.model.trade import Trade

LOOK_SECONDS = 1.0
"""How often it is looked whether a source is due."""

UPDATE_SECONDS = 3.0
"""How often a symbol's picture is looked at for changes."""

MAX_READS_AT_ONCE = 4
MAX_NEWS = 500


class Outlets(msgspec.Struct, frozen=True, eq=False):
    """Where what happens goes: articles and sources to be kept, by their id, and updates by symbol.

    `on_item` is called again with the same `news_id` when an article changes.
    """

    on_item: Callable[[NewsItem], None]
    on_source: Callable[[NewsSource], None]
    publish: Callable[[str, IntelligenceUpdate], None]


class IntelligenceService:
    """The desk's market intelligence; implements `engine.desk.intelligence.IntelligenceDesk`.

    `symbols` are what the desk trades; `market_clock` is the market's time, which a snapshot is of,
    `wall_clock` the machine's, by which sources are read. `watched` says for which symbols updates
    are wanted, all of them if it is left out. `sources` and `items` are what was kept before.

    Queries may be called from any thread, everything else belongs to the loop that `run` is on.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        readers: MarketReaders,
        outlets: Outlets,
        *,
        market_clock: Clock,
        wall_clock: Clock | None = None,
        watched: Callable[[], Iterable[str]] | None = None,
        sources: Iterable[NewsSource] = (),
        items: Iterable[NewsItem] = (),
        fetcher: PageFetcher | None = None,
        feeds: FeedReader | None = None,
        calls_per_minute: int = CALLS_PER_MINUTE,
    ) -> None:
        wall_clock = wall_clock or WallClock()
        self._outlets = outlets
        self._market_clock = market_clock
        self._wall_clock = wall_clock
        self._watched = watched or (lambda: symbols)
        self._sources = SourceList(sources)
        self._news = NewsDesk()
        self._news.add(items)
        self._snapshots = Snapshots(readers, self._news)
        self._reader = SourceReader(
            fetcher or PageFetcher(wall_clock), feeds or FeedReader(), Lexicon(symbols), wall_clock
        )
        self._second_reading = SecondReading(wall_clock, self._reclassify, calls_per_minute)
        self._reads: dict[int, asyncio.Task[None]] = {}
        self._feeds: dict[str, IntelligenceFeed] = {}

    @property
    def model_error(self) -> str:
        """Why the model's last reading brought nothing; empty when it did, or when there is no model."""
        return self._second_reading.last_error

    @property
    def reading(self) -> tuple[int, ...]:
        """The ids of the sources that are being read now."""
        return tuple(source_id for source_id, read in self._reads.items() if not read.done())

    def news(self, symbol: str | None = None, limit: int = 50) -> tuple[NewsItem, ...]:
        """Return the latest articles, newest first, of one symbol if given; at most 500."""
        return self._news.latest(symbol, limit=min(limit, MAX_NEWS))

    def snapshot(self, symbol: str, timeframe: str = TIMEFRAME, window: str = WINDOW) -> IntelligenceSnapshot:
        """Return flow, regime and news of a symbol now; see `Snapshots.snapshot`."""
        return self._snapshots.snapshot(symbol, self._market_clock.now_ms(), timeframe, window)

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return every news source and how it does."""
        return self._sources.statuses()

    async def save_source(self, source: NewsSource) -> NewsSource:
        """Keep a new or changed source; raises `InvalidInput`, `NotFound` or `Conflict` (address taken)."""
        kept = self._sources.save(source)
        await self._stop_reading(kept.source_id)
        self._outlets.on_source(kept)
        return kept

    async def delete_source(self, source_id: int) -> None:
        """Stop reading a source; its articles stay. Raises `NotFound`."""
        deleted = self._sources.delete(source_id)
        await self._stop_reading(source_id)
        self._outlets.on_source(deleted)

    async def test_source(self, source: NewsSource) -> tuple[NewsItem, ...]:
        """Read a source once without keeping anything.

        Raises `InvalidInput` for a source that cannot be, `Unavailable` saying what is wrong.
        """
        answer = await self._reader.read(check_source(source), Validators())
        return answer.items or ()

    def use_model(self, reader: ModelReader | None) -> None:
        """Have new articles read by a model too, or by the lexicon alone."""
        self._second_reading.use(reader)

    def take_trades(self, symbol: str, trades: Iterable[Trade]) -> None:
        """Hand over trades as they happen, so that no large one is missed between two looks."""
        self._snapshots.take_trades(symbol, trades)

    async def run(self) -> None:
        """Read sources and tell updates until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._poll_sources())
                tasks.create_task(self._tell_updates())
                tasks.create_task(self._second_reading.run())
        finally:
            for source_id in tuple(self._reads):
                await self._stop_reading(source_id)

    async def _poll_sources(self) -> None:
        while True:
            for source in self._sources.due(self._wall_clock.monotonic()):
                if source.source_id not in self._reads and len(self._reads) < MAX_READS_AT_ONCE:
                    read = asyncio.create_task(self._read(source))
                    self._reads[source.source_id] = read
            await self._wall_clock.sleep(LOOK_SECONDS)
            for source_id, read in tuple(self._reads.items()):
                if read.done():
                    del self._reads[source_id]
                    read.result()

    async def _read(self, source: NewsSource) -> None:
        state = self._sources.poll(source.source_id)
        try:
            answer = await self._reader.read(source, state.validators)
        except FetchFailed as error:
            now = self._wall_clock.monotonic()
            failed = after_failure(state, source, now=now, error=error.message, retry_after=error.retry_after)
            self._sources.set_poll(source.source_id, failed)
            return
        count = None if answer.items is None else len(answer.items)
        answered = after_answer(
            state,
            source,
            now=self._wall_clock.monotonic(),
            now_ms=self._wall_clock.now_ms(),
            items=count,
            validators=answer.validators,
        )
        self._sources.set_poll(source.source_id, answered)
        self._receive(answer.items or ())

    def _receive(self, items: Iterable[NewsItem]) -> None:
        new = self._news.add(items)
        for item in new:
            self._outlets.on_item(item)
        self._second_reading.ask_for(new)

    def _reclassify(self, news_id: str, classification: Classification) -> None:
        item = self._news.reclassify(news_id, classification)
        if item is not None:
            self._outlets.on_item(item)

    async def _stop_reading(self, source_id: int) -> None:
        read = self._reads.pop(source_id, None)
        if read is not None:
            read.cancel()
            await asyncio.gather(read, return_exceptions=True)

    async def _tell_updates(self) -> None:
        while True:
            now_ms = round(self._wall_clock.monotonic() * 1000)
            for symbol in self._watched():
                self._tell(symbol, now_ms)
            await self._wall_clock.sleep(UPDATE_SECONDS)

    def _tell(self, symbol: str, now_ms: int) -> None:
        try:
            snapshot = self.snapshot(symbol)
        except DeskError:
            # A symbol whose feed has not begun has no picture yet; it is looked at again.
            return
        update = self._feeds.setdefault(symbol, IntelligenceFeed()).next(snapshot, now_ms)
        if update is not None:
            self._outlets.publish(symbol, update)
