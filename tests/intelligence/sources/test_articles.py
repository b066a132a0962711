"""What enters the desk: times, texts and addresses as strangers write them."""

from __future__ import annotations

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intelligence.sources.articles import MAX_SUMMARY, MAX_TITLE, news_items
from engine.intelligence.sources.feed_process import RawArticle
from engine.intelligence.sources.html_text import html_to_line
from engine.intelligence.sources.published import published_ms
from engine.model.news import NewsItem
from tests.intelligence.articles import NOW_MS

TEN_O_CLOCK = 1_751_364_000_000


def entered(**fields: object) -> NewsItem:
    raw = msgspec.structs.replace(RawArticle(title="T"), **fields)
    (item,) = news_items([raw], source="Wire", page_url="https://news.example/rss", received_ms=NOW_MS)
    return item


@pytest.mark.parametrize(
    "written",
    [
        "2025-07-01T10:00:00Z",
        "2025-07-01T12:00:00+02:00",
        "2025-07-01 10:00:00",
        "20250701T100000",
        "Tue, 01 Jul 2025 10:00:00 GMT",
        "Tue, 01 Jul 2025 06:00:00 EDT",
        "01 Jul 2025 10:00:00 +0000",
        1_751_364_000,
        1_751_364_000_000,
        1_751_364_000.0,
        "1751364000",
        "1751364000000",
    ],
)
def test_one_time_in_every_way_it_is_written(written: str | float) -> None:
    assert published_ms(written) == TEN_O_CLOCK


@pytest.mark.parametrize(
    "written", ["", "yesterday", "0", -1, 5, float("nan"), float("inf"), "9" * 400, None, 1e300]
)
def test_a_time_nobody_understands_is_none(written: str | float | None) -> None:
    assert published_ms(written) is None


@given(st.text() | st.floats() | st.integers())
def test_no_time_breaks_it(written: str | float) -> None:
    at = published_ms(written)
    assert at is None or 946_684_800_000 <= at < 4_102_444_800_000


def test_an_article_from_the_future_or_without_a_time_is_of_now() -> None:
    assert entered(published=NOW_MS + 60_000).published_ms == NOW_MS
    assert entered(published=None).published_ms == NOW_MS
    assert entered(published=TEN_O_CLOCK).published_ms == TEN_O_CLOCK


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<p>Bitcoin <b>rises</b></p><p>again</p>", "Bitcoin rises again"),
        ("R&amp;D &lt;b&gt;bold&lt;/b&gt; &#8364;5", "R&D bold €5"),
        ("a<script>alert('x')</script>b<style>p{}</style>c<!-- no -->d", "abcd"),
        ("a<!-- never closed", "a"),
        ("a<script>never closed", "a"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ('<img src=x onerror="a()">text<br/>more', "text more"),
        ("[bold red]markup[/]", "[bold red]markup[/]"),
        ("a\x1b[31mb\x1b]0;title\x07c\u202ed\u200be\U000e0041f", "abcdef"),
        ("&#27;[31mred&#x202e;x", "[31mredx"),
    ],
)
def test_html_becomes_what_a_reader_would_see(html: str, seen: str) -> None:
    assert html_to_line(html, 100) == seen


@given(st.text(alphabet=st.sampled_from("<>!-/&;#x27ab sript\x1b\u202e[\n")) | st.text(), st.integers(2, 50))
def test_nothing_unsafe_comes_out_of_html(text: str, limit: int) -> None:
    line = html_to_line(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} for each in line)


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<script>", "</", "&lt;", "&#", "<b>", "<!", "\x1b]"])
def test_long_rubbish_takes_no_longer_than_text(piece: str) -> None:
    assert len(html_to_line(piece * 500_000, 100)) <= 100


def test_huge_fields_are_cut() -> None:
    item = entered(title="t" * 20_000, summary="s " * 10_000)
    assert len(item.title) == MAX_TITLE
    assert len(item.summary) == MAX_SUMMARY


@pytest.mark.parametrize("title", ["", "  ", "<b></b>", "\u200b\u202e"])
def test_an_article_without_a_title_is_none(title: str) -> None:
    assert news_items([RawArticle(title=title)], source="W", page_url="https://a", received_ms=1) == ()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("/a b?x=1", "https://news.example/a%20b?x=1"),
        ("https://a.example/ü", "https://a.example/%C3%BC"),
        ("javascript:alert(1)", ""),
        ("http://user:word@a.example/", ""),
        ("http://[bad/", ""),
        ("http://a.example/\x1b[31m\u202e", "http://a.example/%1B[31m%E2%80%AE"),
        ("https://a.example/" + "x" * 3000, ""),
        ("https://bücher.example/", ""),
    ],
)
def test_addresses_are_whole_and_plain_or_nothing(written: str, kept: str) -> None:
    assert entered(url=written).url == kept
