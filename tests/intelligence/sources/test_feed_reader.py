"""RSS and Atom of every age, broken and hostile ones, read by the process that reads them."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.errors import Unavailable
from engine.intelligence.sources.feed_process import MAX_ENTRIES, FeedDocument, RawArticle, read_document
from engine.intelligence.sources.feed_reader import FeedReader
from tests.intelligence.articles import rss, rss_item

TEN_O_CLOCK = 1_751_364_000_000
URL = "https://news.example/rss"


def read(body: bytes, charset: str = "") -> list[RawArticle]:
    reading = read_document(FeedDocument(body, URL, charset))
    assert not reading.error
    return reading.articles


def refusal(body: bytes) -> str:
    reading = read_document(FeedDocument(body, URL, ""))
    assert reading.articles == []
    return reading.error


RSS_091 = b"""<?xml version="1.0"?><rss version="0.91"><channel><title>Old</title>
<item><title>Bitcoin rises</title><link>https://a.example/1</link><description>Up.</description></item>
</channel></rss>"""
RSS_10 = b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"/>
<item rdf:about="https://a.example/1"><title>Bitcoin rises</title><link>https://a.example/1</link>
<description>Up.</description><dc:date>2025-07-01T12:00:00+02:00</dc:date></item></rdf:RDF>"""
RSS_20 = rss(
    rss_item("Bitcoin rises", "https://a.example/1").replace("<link>", "<description>Up.</description><link>")
)
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>New</title>
<entry><title type="html">Bitcoin rises</title><link rel="alternate" href="https://a.example/1"/>
<updated>2025-07-01T10:00:00Z</updated><content type="html">Up.</content></entry></feed>"""


@pytest.mark.parametrize("body", [RSS_091, RSS_10, RSS_20, ATOM])
def test_every_dialect(body: bytes) -> None:
    (article,) = read(body)
    assert (article.title, article.url, article.summary) == ("Bitcoin rises", "https://a.example/1", "Up.")
    assert article.published == (None if body is RSS_091 else TEN_O_CLOCK)


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("utf-8", "utf-8", ""),
        ("windows-1251", "windows-1251", ""),
        ("windows-1251", "", "windows-1251"),
        ("utf-16", "utf-16", ""),
        ("utf-16", "utf-16", "utf-8"),
        ("koi8-r", "koi8-r", "no-such-encoding"),
        ("utf-8-sig", "", ""),
    ],
)
def test_encodings(encoding: str, declared: str, charset: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    body = rss(rss_item("Биткойн растёт"), head=head).decode().encode(encoding)
    assert [article.title for article in read(body, charset)] == ["Биткойн растёт"]


def test_a_feed_that_breaks_off_keeps_what_came_before() -> None:
    whole = rss(rss_item("One"), rss_item("Two"), rss_item("Three"))
    assert [article.title for article in read(whole[:-60])][:2] == ["One", "Two"]


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>404</body></html>", b"{}", b"\x00" * 100, b"<rss><item", b"\xff\xfe\xff"]
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    assert "not RSS or Atom" in refusal(body)


def test_a_feed_without_articles_is_no_error() -> None:
    assert read(rss()) == []


def test_entities_are_not_expanded() -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a0 'lol'>"
    bomb += "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"
    titles = [article.title for article in read(rss(rss_item("x&a8;y"), head=bomb))]
    assert all(len(title) < 100 for title in titles)


def test_no_file_is_read(tmp_path: object) -> None:
    secret = f"{tmp_path}/secret"
    with open(secret, "w") as file:
        file.write("canary")
    head = f'<!DOCTYPE rss [<!ENTITY a SYSTEM "file://{secret}">]>'
    assert "canary" not in str(read(rss(rss_item("x&a;y"), head=head)))
    assert "canary" not in refusal(secret.encode())


def test_what_is_too_much_is_cut() -> None:
    articles = read(rss(*[rss_item("t" * 30_000)] * 3, *[rss_item("t")] * 1000))
    assert len(articles) == MAX_ENTRIES
    assert len(articles[0].title) == 20_000


async def test_the_process_reads_what_the_function_reads() -> None:
    assert await FeedReader().read(FeedDocument(RSS_20, URL, "")) == tuple(read(RSS_20))


async def test_the_process_says_what_is_wrong() -> None:
    with pytest.raises(Unavailable, match="not RSS or Atom"):
        await FeedReader().read(FeedDocument(b"<html>", URL, ""))


async def test_a_feed_that_keeps_the_library_busy_is_given_up_and_the_loop_goes_on() -> None:
    endless = rss(f"<item><author>{'a.' * 500_000}@</author></item>")
    worst = 0.0

    async def heartbeat() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            worst = max(worst, time.perf_counter() - before)

    beating = asyncio.create_task(heartbeat())
    with pytest.raises(Unavailable, match=r"within 0\.5 s"):
        await FeedReader(seconds=0.5).read(FeedDocument(endless, URL, ""))
    beating.cancel()
    assert worst < 0.4


async def test_a_read_that_is_cancelled_leaves_no_process() -> None:
    endless = FeedDocument(rss(f"<item><author>{'a.' * 500_000}@</author></item>"), URL, "")
    reader = FeedReader()
    reading = asyncio.create_task(reader.read(endless))
    await asyncio.sleep(0.2)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(await reader.read(FeedDocument(RSS_20, URL, ""))) == 1
