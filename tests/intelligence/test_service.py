"""The service at work: real sockets and processes, time that only moves when told to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable

import pytest

from engine.clock import VirtualClock
from engine.desk.intelligence import IntelligenceDesk
from engine.errors import Conflict, InvalidInput, NotFound, Unavailable
from engine.intelligence.reading.model_reader import ModelReader
from engine.intelligence.service import IntelligenceService, Outlets
from engine.model.news import IntelligenceChange, IntelligenceUpdate, NewsFormat, NewsItem, NewsSource
from tests.intelligence import feed_server as wire
from tests.intelligence.articles import NOW_MS, article, rss, rss_item, source
from tests.intelligence.feed_server import FeedServer
from tests.intelligence.market_readers import SmallMarket
from tests.models.scripted_model import ScriptedModel

TWO_ITEMS = rss(
    rss_item("Bitcoin surges to record high", "https://a.example/1"),
    rss_item("Ether plunges after the hack", "https://a.example/2"),
)


class Running:
    """A service with everything it told."""

    def __init__(
        self,
        *,
        calls_per_minute: int = 6,
        sources: tuple[NewsSource, ...] = (),
        items: tuple[NewsItem, ...] = (),
        watched: tuple[str, ...] = ("BTC", "ETH"),
    ) -> None:
        self.market = SmallMarket()
        self.clock = VirtualClock(NOW_MS)
        self.items: list[NewsItem] = []
        self.sources: list[NewsSource] = []
        self.updates: list[tuple[str, IntelligenceUpdate]] = []
        self.service = IntelligenceService(
            ("BTC", "ETH"),
            self.market.readers(),
            Outlets(self.items.append, self.sources.append, lambda *told: self.updates.append(told)),
            market_clock=self.clock,
            wall_clock=self.clock,
            calls_per_minute=calls_per_minute,
            sources=sources,
            items=items,
            watched=lambda: watched,
        )

    def error(self) -> str:
        return self.service.sources()[-1].error

    async def until(self, holds: Callable[[], object]) -> None:
        """Let the sockets and processes work while the clock stands."""
        for _ in range(2000):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came to hold")

    async def read(self) -> None:
        """Move on to the next look at the sources, and let every read come to its end."""
        await self.clock.advance(1)
        await self.until(lambda: not self.service.reading)


def has_requests(server: FeedServer, count: int) -> bool:
    return len(server.requests) == count


@contextlib.asynccontextmanager
async def running(service: Running) -> AsyncIterator[Running]:
    task = asyncio.create_task(service.service.run())
    try:
        yield service
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_it_is_what_the_desk_asks_for() -> None:
    desk: IntelligenceDesk = Running().service
    assert desk.news() == ()


async def test_a_desk_asks_nobody_unasked() -> None:
    async with running(Running()) as desk:
        await desk.clock.advance(3600)
        assert desk.service.reading == ()
        assert all(status.last_read_ms is None for status in desk.service.sources())


async def test_a_source_is_read_classified_and_told() -> None:
    async with FeedServer(wire.answers(TWO_ITEMS)) as server, running(Running()) as desk:
        kept = await desk.service.save_source(source(server.url, interval_seconds=60))
        assert desk.sources == [kept]
        await desk.read()
        assert desk.service.news() == tuple(desk.items)
        (bitcoin,) = desk.service.news("BTC")
        assert (bitcoin.sentiment, bitcoin.classified_by, bitcoin.source) == ("bullish", "lexicon", "Wire")
        (ether,) = desk.service.news("ETH")
        assert ether.sentiment == "bearish"
        status = desk.service.sources()[-1]
        assert (status.items, status.error, status.last_read_ms) == (2, "", desk.clock.now_ms())
        await desk.clock.advance(3)
        assert desk.updates[-1][1].changes == (IntelligenceChange.NEWS,)


async def test_reading_again_tells_nothing_twice_and_asks_only_for_changes() -> None:
    scripts = [wire.answers(TWO_ITEMS, 'ETag: "v1"'), wire.answers(status="304 Not Modified")]
    async with FeedServer(*scripts, wire.answers(TWO_ITEMS)) as server, running(Running()) as desk:
        await desk.service.save_source(source(server.url, interval_seconds=60))
        await desk.read()
        for reads in (2, 3):
            await desk.clock.advance(40)
            assert len(server.requests) == reads - 1
            await desk.clock.advance(40)
            await desk.until(functools.partial(has_requests, server, reads))
            await desk.read()
        assert server.requests[1].header("If-None-Match") == '"v1"'
        assert len(desk.items) == 2
        assert desk.service.sources()[-1].items == 2


async def test_a_source_that_fails_says_why_and_is_asked_ever_more_seldom() -> None:
    busy = wire.answers(b"", "Retry-After: 600", status="429 Too Many Requests")
    async with FeedServer(busy, wire.answers(TWO_ITEMS)) as server, running(Running()) as desk:
        await desk.service.save_source(source(server.url, interval_seconds=60))
        await desk.read()
        assert desk.error() == "Wire: answered 429 instead of 200"
        await desk.clock.advance(590)
        assert len(server.requests) == 1
        await desk.clock.advance(150)
        await desk.until(lambda: desk.items)
        assert desk.error() == ""


async def test_a_broken_source_does_not_hold_up_the_others() -> None:
    async with (
        FeedServer(wire.says_nothing) as silent,
        FeedServer(wire.answers(b"<html>")) as wrong,
        FeedServer(wire.answers(TWO_ITEMS)) as good,
        running(Running()) as desk,
    ):
        for name, server in (("Silent", silent), ("Wrong", wrong), ("Good", good)):
            await desk.service.save_source(source(server.url, name=name))
        await desk.clock.advance(1)
        await desk.until(lambda: len(desk.items) == 2)
        await desk.until(lambda: desk.service.sources()[-2].error)
        assert "Wrong: not RSS or Atom" in desk.service.sources()[-2].error
        assert len(silent.requests) == 1


async def test_json_by_path() -> None:
    document = {"data": {"list": [{"title": "Solid Bitcoin demand", "link": "/x", "date": "2025-07-01"}]}}
    script = wire.answers(json.dumps(document).encode(), content_type="application/json")
    async with FeedServer(script) as server:
        mine = source(server.url, format=NewsFormat.JSON, items_path="data.list")
        (item,) = await Running().service.test_source(mine)
    assert item.url == server.url.replace("/feed", "/x")
    assert item.symbols == ("BTC",)


async def test_testing_a_source_keeps_nothing() -> None:
    async with FeedServer(wire.answers(TWO_ITEMS), wire.answers(status="500 Oh")) as server:
        desk = Running()
        assert len(await desk.service.test_source(source(server.url))) == 2
        assert (desk.items, desk.sources, desk.service.news()) == ([], [], ())
        with pytest.raises(Unavailable, match="Wire: answered 500"):
            await desk.service.test_source(source(server.url))
        with pytest.raises(InvalidInput):
            await desk.service.test_source(source("ftp://x"))


async def test_a_deleted_source_is_read_no_more_and_its_articles_stay() -> None:
    async with FeedServer(wire.answers(TWO_ITEMS), wire.says_nothing) as server, running(Running()) as desk:
        kept = await desk.service.save_source(source(server.url, interval_seconds=30))
        await desk.read()
        await desk.clock.advance(60)
        await desk.until(lambda: len(server.requests) == 2)
        await desk.service.delete_source(kept.source_id)
        assert desk.service.reading == ()
        assert desk.sources[-1].deleted
        await desk.clock.advance(600)
        assert len(server.requests) == 2
        assert len(desk.service.news()) == 2
        with pytest.raises(NotFound):
            await desk.service.delete_source(kept.source_id)
        again = await desk.service.save_source(source(server.url))
        with pytest.raises(Conflict):
            await desk.service.save_source(source(server.url))
        assert again.source_id > kept.source_id


async def test_a_restart_goes_on_where_it_was() -> None:
    async with FeedServer(wire.answers(TWO_ITEMS)) as server:
        async with running(Running()) as first:
            await first.service.save_source(source(server.url))
            await first.read()
        kept = Running(sources=tuple(first.sources), items=tuple(first.items))
        async with running(kept) as second:
            assert second.service.news() == first.service.news()
            await second.read()
            assert second.items == []
            assert len(server.requests) == 2


async def test_every_watched_symbol_gets_a_stream_of_its_own() -> None:
    async with running(Running()) as desk:
        await desk.clock.advance(2)
        assert [symbol for symbol, _ in desk.updates] == ["BTC", "ETH"]
        assert {update.changes for _, update in desk.updates} == {(IntelligenceChange.SNAPSHOT,)}
        desk.market.cvd = 9.0
        await desk.clock.advance(3)
        assert [update.changes for _, update in desk.updates[2:]] == [(IntelligenceChange.FLOW,)] * 2
        await desk.clock.advance(15)
        assert [update.changes for _, update in desk.updates[4:]] == [(IntelligenceChange.HEARTBEAT,)] * 2


async def test_a_symbol_without_a_picture_holds_up_no_other() -> None:
    async with running(Running(watched=("XYZ", "BTC"))) as desk:
        await desk.clock.advance(1)
        assert [symbol for symbol, _ in desk.updates] == ["BTC"]


def judged(*sentiments: str) -> str:
    entries = [
        {"id": number, "symbols": ["BTC"], "sentiment": sentiment, "relevance": 1}
        for number, sentiment in enumerate(sentiments)
    ]
    return json.dumps({"articles": entries})


@contextlib.asynccontextmanager
async def with_model(desk: Running, *replies: str) -> AsyncIterator[ScriptedModel]:
    model = ScriptedModel(*replies)
    desk.service.use_model(ModelReader(model, "reader-1", ("BTC", "ETH")))
    yield model


async def test_a_model_reads_after_the_lexicon() -> None:
    desk = Running()
    async with (
        FeedServer(wire.answers(TWO_ITEMS)) as server,
        with_model(desk, judged("bearish", "neutral")),
        running(desk),
    ):
        await desk.service.save_source(source(server.url))
        await desk.read()
        await desk.until(lambda: len(desk.items) == 4)
    assert [item.classified_by for item in desk.items] == ["lexicon"] * 2 + ["reader-1"] * 2
    assert [item.sentiment for item in desk.items[2:]] == ["bearish", "neutral"]
    assert {item.news_id for item in desk.items[:2]} == {item.news_id for item in desk.items[2:]}
    assert all(item.classified_by == "reader-1" for item in desk.service.news())
    assert desk.service.model_error == ""


async def test_an_unusable_reply_leaves_the_lexicons_word() -> None:
    desk = Running()
    reply = judged("bearish", "moon")
    async with FeedServer(wire.answers(TWO_ITEMS)) as server, with_model(desk, reply), running(desk):
        await desk.service.save_source(source(server.url))
        await desk.read()
        await desk.until(lambda: desk.service.model_error)
    assert [item.classified_by for item in desk.service.news()] == ["lexicon"] * 2


async def test_batches_of_ten_and_so_many_calls_a_minute() -> None:
    desk = Running(calls_per_minute=2)
    many = rss(*[rss_item(f"Story number {n} about Bitcoin", f"https://a.example/{n}") for n in range(25)])
    ten = judged(*["bullish"] * 10)
    async with (
        FeedServer(wire.answers(many)) as server,
        with_model(desk, ten, ten, judged(*["bearish"] * 5)) as model,
        running(desk),
    ):
        await desk.service.save_source(source(server.url, interval_seconds=3600))
        await desk.read()
        await desk.until(lambda: len(desk.items) == 45)
        await desk.clock.advance(55)
        assert len(model.requests) == 2
        await desk.clock.advance(10)
        await desk.until(lambda: len(desk.items) == 50)
        assert len(model.requests) == 3


async def test_an_article_kept_before_the_model_came_is_not_asked_about() -> None:
    desk = Running(items=(article(symbols=("BTC",)),))
    async with with_model(desk, judged("bearish")) as model, running(desk):
        await desk.clock.advance(60)
        assert model.requests == []
        assert len(desk.service.news("BTC")) == 1
