from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intelligence.identity import canonical_url, news_id, title_key

PAGE = "https://a.example/news/1?id=7&page=2"


@pytest.mark.parametrize(
    "same",
    [
        "http://www.A.example:80/news/1/?page=2&id=7",
        "https://a.example/news/1?id=7&utm_source=rss&page=2&fbclid=abc&UTM_CAMPAIGN=x#comments",
        "https://a.example:443/news/1?id=7&page=2&ref=home",
    ],
)
def test_one_page_under_many_addresses(same: str) -> None:
    assert canonical_url(same) == canonical_url(PAGE)
    assert news_id("One", same, "x") == news_id("Two", PAGE, "y")


@pytest.mark.parametrize(
    "other",
    ["https://a.example/news/2?id=7&page=2", "https://a.example/news/1?id=8&page=2", "https://b.example/"],
)
def test_other_pages_stay_others(other: str) -> None:
    assert canonical_url(other) != canonical_url(PAGE)


@given(st.text())
def test_the_canonical_address_of_one_is_itself(url: str) -> None:
    once = canonical_url("https://a.example/" + url)
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    "same",
    [
        "BITCOIN HITS $100,000 as ETF demand soars!",
        "Bitcoin hits 100K as ETF demand soars | CoinDesk",
        "Bitcoin hit $100,000 amid ETF demand soars - Reuters",
        "“Bitcoin” hits the 100000, as ETF demand soars",
    ],
)
def test_near_identical_titles(same: str) -> None:
    assert title_key(same) == title_key("Bitcoin hits $100,000 as ETF demand soars")


@pytest.mark.parametrize(
    "other",
    [
        "Bitcoin hits $110,000 as ETF demand soars",
        "Bitcoin ETF demand soars as price hits $100,000",
        "Ether hits $100,000 as ETF demand soars",
        "Bitcoin hits $100,000 as ETF demand soars - again",
    ],
)
def test_titles_that_say_something_else(other: str) -> None:
    assert title_key(other) != title_key("Bitcoin hits $100,000 as ETF demand soars")


def test_a_short_title_identifies_nothing() -> None:
    assert title_key("Morning brief") == ""
    assert title_key("Crypto Daily | The Wire") == ""


@given(st.text(max_size=300))
def test_any_title_has_a_key(title: str) -> None:
    assert isinstance(title_key(title), str)


def test_an_article_without_an_address_is_known_by_source_and_title() -> None:
    assert news_id("Wire", "", "Morning brief") == news_id("Wire", "", "Morning brief")
    assert news_id("Wire", "", "Morning brief") != news_id("Post", "", "Morning brief")
