"""Fetching from a real server on loopback that does everything wrong."""

from __future__ import annotations

import gzip
import zlib
from ipaddress import ip_address

import pytest

from engine.clock import VirtualClock
from engine.intelligence.sources.addresses import Address, Reach, reach_of, resolve_host
from engine.intelligence.sources.bounded_body import MAX_BODY_BYTES
from engine.intelligence.sources.fetch import (
    FetchFailed,
    FetchLimits,
    Page,
    PageFetcher,
    Validators,
    parse_retry_after,
)
from tests.intelligence import feed_server as wire
from tests.intelligence.articles import NOW_MS
from tests.intelligence.feed_server import FeedServer, Script

HASTY = FetchLimits(connect_seconds=1, total_seconds=0.2)
PUBLIC_HERE = ip_address("127.0.0.2")


def treat_one_loopback_address_as_public(address: Address) -> Reach:
    return Reach.PUBLIC if address == PUBLIC_HERE else reach_of(address)


async def resolve_news_example(host: str, port: int) -> tuple[Address, ...]:
    if host == "news.example":
        return (PUBLIC_HERE,)
    return await resolve_host(host, port)


def fetcher(limits: FetchLimits | None = None) -> PageFetcher:
    return PageFetcher(
        VirtualClock(NOW_MS),
        limits=limits,
        resolve=resolve_news_example,
        reach=treat_one_loopback_address_as_public,
    )


async def page_of(*scripts: Script, validators: Validators | None = None) -> tuple[Page, FeedServer]:
    async with FeedServer(*scripts) as server:
        return await fetcher().fetch(server.url, validators), server


async def failure_of(*scripts: Script, limits: FetchLimits | None = None) -> FetchFailed:
    async with FeedServer(*scripts) as server:
        with pytest.raises(FetchFailed) as caught:
            await fetcher(limits).fetch(server.url)
        return caught.value


async def test_a_plain_page() -> None:
    page, server = await page_of(wire.answers(b"<rss/>", content_type="text/xml; charset=latin-1"))
    assert (page.body, page.charset, page.url) == (b"<rss/>", "latin-1", server.url)
    request = server.requests[0]
    assert request.header("Host") == f"127.0.0.1:{server.port}"
    assert request.header("Accept-Encoding") == "gzip"
    assert request.header("Cookie") is None


async def test_gzip_is_unpacked() -> None:
    page, _ = await page_of(wire.packed(b"<rss/>" * 1000))
    assert page.body == b"<rss/>" * 1000


async def test_an_unchanged_page_is_not_sent_again() -> None:
    first, _ = await page_of(wire.answers(b"x", 'ETag: "v1"', "Last-Modified: Tue, 01 Jul 2025 10:00:00 GMT"))
    again, server = await page_of(wire.answers(status="304 Not Modified"), validators=first.validators)
    assert again.body is None
    assert again.validators == first.validators
    assert server.requests[0].header("If-None-Match") == '"v1"'
    assert server.requests[0].header("If-Modified-Since") == "Tue, 01 Jul 2025 10:00:00 GMT"


async def test_304_without_having_asked_is_an_error() -> None:
    assert "304" in (await failure_of(wire.answers(status="304 Not Modified"))).message


async def test_an_endless_etag_is_not_kept() -> None:
    page, _ = await page_of(wire.answers(b"x", f"ETag: {'e' * 5000}"))
    assert page.validators == Validators()


async def test_three_redirects_are_followed_and_no_more() -> None:
    follow = [
        wire.redirects(f"/{number}", status) for number, status in enumerate(("301 x", "307 x", "308 x"))
    ]
    page, server = await page_of(*follow, wire.answers(b"here"))
    assert page.body == b"here"
    assert page.url.endswith("/2")
    assert [request.path for request in server.requests] == ["/feed", "/0", "/1", "/2"]
    assert "redirects" in (await failure_of(wire.redirects_to_itself)).message


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://user:word@127.0.0.1/",
        "gopher://x",
        "http://",
        "data:,x",
    ],
)
async def test_redirects_to_what_is_no_page_are_refused(location: str) -> None:
    message = (await failure_of(wire.redirects(location))).message
    assert "redirect" in message or "broke" in message
    assert "word" not in message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_a_redirect_from_a_public_host_into_a_private_network_is_refused(host: str) -> None:
    async with (
        FeedServer(wire.answers(b"secret")) as private,
        FeedServer(wire.redirects(f"http://{host}:{private.port}/"), host="127.0.0.2") as public,
    ):
        with pytest.raises(FetchFailed, match="private network"):
            await fetcher().fetch(f"http://news.example:{public.port}/")
        assert private.requests == []


async def test_a_public_host_is_asked_by_its_name() -> None:
    async with FeedServer(wire.answers(b"news"), host="127.0.0.2") as public:
        page = await fetcher().fetch(f"http://news.example:{public.port}/rss")
        assert page.body == b"news"
        assert public.requests[0].header("Host") == f"news.example:{public.port}"


async def test_a_public_name_that_points_into_a_private_network_is_refused() -> None:
    async def resolve(host: str, port: int) -> tuple[Address, ...]:
        return (ip_address("127.0.0.1"),)

    async with FeedServer(wire.answers(b"secret")) as private:
        with pytest.raises(FetchFailed, match="private network"):
            await PageFetcher(VirtualClock(), resolve=resolve).fetch(f"http://evil.example:{private.port}/")
        assert private.requests == []


async def test_a_self_hosted_feed_may_redirect_within_its_own_host_only() -> None:
    async with FeedServer(wire.redirects("/moved"), wire.answers(b"home")) as own:
        assert (await fetcher().fetch(own.url)).body == b"home"
    async with (
        FeedServer(wire.answers(b"secret"), host="127.0.0.3") as other,
        FeedServer(wire.redirects(other.url)) as own,
    ):
        with pytest.raises(FetchFailed, match="private network"):
            await fetcher().fetch(own.url)
        assert other.requests == []


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (wire.says_nothing, "within 0.2 s"),
        (wire.drips, "within 0.2 s"),
        (wire.breaks_off, "broke"),
        (wire.speaks_no_http, "broke"),
        (wire.answers(b"", status="404 Not Found"), "answered 404"),
        (wire.answers(b"x", "Content-Encoding: br"), "packed"),
        (wire.answers(b"no gzip", "Content-Encoding: gzip"), "gzip"),
        (wire.answers(gzip.compress(b"x" * 999)[:-20], "Content-Encoding: gzip"), "gzip"),
    ],
)
async def test_what_servers_do_wrong(script: Script, what: str) -> None:
    assert what in (await failure_of(script, limits=HASTY)).message


@pytest.mark.parametrize(
    "script",
    [
        wire.floods,
        wire.answers(b"x" * (MAX_BODY_BYTES + 1)),
        wire.packed(b"x" * (MAX_BODY_BYTES + 1)),
        wire.answers(zlib.compress(b"\0" * 200_000_000, 9), "Content-Encoding: deflate"),
    ],
)
async def test_an_oversize_answer_is_cut_off(script: Script) -> None:
    assert "longer than 2097152 bytes" in (await failure_of(script)).message


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    page, _ = await page_of(wire.packed(b"x" * MAX_BODY_BYTES))
    assert len(page.body or b"") == MAX_BODY_BYTES


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_what_a_server_asks_to_wait_is_heard(status: str) -> None:
    assert (await failure_of(wire.answers(b"", "Retry-After: 120", status=status))).retry_after == 120
    later = "Retry-After: Tue, 01 Jul 2025 12:10:00 GMT"
    assert (await failure_of(wire.answers(b"", later, status=status))).retry_after == 600


@pytest.mark.parametrize("header", ["", "soon", "-5", "1" * 50, "Tue, 99 Jul 2025 12:10:00 GMT", "١٢"])
def test_a_retry_after_that_says_nothing(header: str) -> None:
    assert parse_retry_after(header, NOW_MS) is None


async def test_nobody_listens_and_nobody_is_there() -> None:
    async with FeedServer(wire.says_nothing) as server:
        url = server.url
    with pytest.raises(FetchFailed, match="cannot connect"):
        await fetcher().fetch(url)

    async def resolve(host: str, port: int) -> tuple[Address, ...]:
        raise OSError(-2, "no such name")

    with pytest.raises(FetchFailed, match="no address"):
        await PageFetcher(VirtualClock(), resolve=resolve).fetch("http://nowhere.example/")
