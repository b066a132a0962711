from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intelligence import news_desk
from engine.intelligence.identity import precedence
from engine.intelligence.news_desk import NewsDesk
from engine.intelligence.reading.classification import Classification
from engine.model.news import NewsItem, Sentiment
from tests.intelligence.articles import HOUR_MS, NOW_MS, article

TITLES = ("Bitcoin rises above all averages", "Ether falls below all averages", "Morning brief")

articles = st.builds(
    article,
    st.sampled_from(TITLES),
    url=st.sampled_from(["", *(f"https://{host}.example/{n}" for host in "ab" for n in range(4))]),
    published_ms=st.integers(0, 12).map(lambda step: NOW_MS - step * 12 * HOUR_MS),
    received_ms=st.integers(0, 2).map(lambda hours: NOW_MS + hours * HOUR_MS),
    source=st.sampled_from(["Wire", "Post"]),
)


def shown(desk: NewsDesk) -> tuple[NewsItem, ...]:
    return desk.latest(limit=10_000)


@given(st.lists(articles, max_size=25), st.randoms(use_true_random=False), st.integers(1, 5))
def test_what_counts_does_not_depend_on_the_order(
    items: list[NewsItem], order: random.Random, batch: int
) -> None:
    at_once, bit_by_bit = NewsDesk(), NewsDesk()
    at_once.add(items)
    shuffled = items[:]
    order.shuffle(shuffled)
    for start in range(0, len(shuffled), batch):
        bit_by_bit.add(shuffled[start : start + batch])
    assert shown(at_once) == shown(bit_by_bit)


@given(st.lists(articles, max_size=25))
def test_taking_articles_in_again_changes_nothing(items: list[NewsItem]) -> None:
    desk = NewsDesk()
    desk.add(items)
    before = shown(desk)
    assert desk.add(items) == ()
    assert desk.add(before) == ()
    assert shown(desk) == before
    of_what_counts = NewsDesk()
    of_what_counts.add(before)
    assert shown(of_what_counts) == before


@given(st.lists(articles, max_size=25), st.integers(1, 5))
def test_what_is_told_adds_up_to_what_counts(items: list[NewsItem], batch: int) -> None:
    desk = NewsDesk()
    told: dict[str, NewsItem] = {}
    for start in range(0, len(items), batch):
        told |= {item.news_id: item for item in desk.add(items[start : start + batch])}
    assert all(told[item.news_id] == item for item in shown(desk))


def test_the_earliest_of_one_story_counts() -> None:
    desk = NewsDesk()
    late = article(url="https://a.example/1", published_ms=NOW_MS)
    early = article(url="https://b.example/1", published_ms=NOW_MS - HOUR_MS)
    assert desk.add([late]) == (late,)
    assert desk.add([early]) == (early,)
    assert shown(desk) == (early,)


def test_the_same_title_after_two_days_is_another_story() -> None:
    desk = NewsDesk()
    first = article(url="https://a.example/1", published_ms=NOW_MS - 48 * HOUR_MS - 1)
    second = article(url="https://a.example/2", published_ms=NOW_MS)
    desk.add([second, first])
    assert shown(desk) == (second, first)


def test_a_short_title_comes_back_every_day() -> None:
    desk = NewsDesk()
    desk.add(article("Morning brief", url=f"https://a.example/{day}") for day in range(3))
    assert len(shown(desk)) == 3


def test_a_full_desk_keeps_the_newest_and_refuses_older_ones() -> None:
    desk = NewsDesk(max_articles=10)
    items = [
        article(f"Story number {n} of the day", url=f"https://a.example/{n}", published_ms=NOW_MS + n)
        for n in range(30)
    ]
    desk.add(items)
    assert shown(desk) == tuple(items[:-11:-1])
    assert desk.add(items[:5]) == ()
    assert len(desk) == 10


def test_questions_by_symbol_and_time() -> None:
    desk = NewsDesk()
    old = article("Old", url="https://a/1", symbols=("BTC",), published_ms=NOW_MS - 5 * HOUR_MS)
    new = article("New", url="https://a/2", symbols=("BTC", "ETH"), received_ms=NOW_MS + 9)
    none = article("None", url="https://a/3", published_ms=NOW_MS - 1)
    desk.add([old, new, none])
    assert desk.latest(limit=2) == (new, none)
    assert desk.latest("BTC", limit=9) == (new, old)
    assert desk.latest("ETH", limit=9) == (new,)
    assert desk.latest("BTC", limit=9, since_ms=NOW_MS - HOUR_MS) == (new,)
    assert desk.latest("BTC", limit=9, known_by_ms=NOW_MS) == (old,)
    assert desk.latest(limit=0) == ()


def test_a_better_classification_is_kept() -> None:
    desk = NewsDesk()
    item = article()
    desk.add([item])
    read = Classification(symbols=("BTC",), sentiment=Sentiment.BULLISH, relevance=0.9, classified_by="model")
    better = desk.reclassify(item.news_id, read)
    assert better is not None
    assert (better.symbols, better.classified_by) == (("BTC",), "model")
    assert desk.latest("BTC", limit=5) == (better,)
    assert desk.add([item]) == ()
    assert shown(desk) == (better,)
    assert desk.reclassify("gone", read) is None


def test_a_flood_of_one_title_is_judged_once_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counting(item: NewsItem) -> tuple[object, ...]:
        nonlocal compared
        compared += 1
        return precedence(item)

    monkeypatch.setattr(news_desk, "precedence", counting)
    flood = [article(TITLES[0], url=f"https://a.example/{n}", published_ms=NOW_MS + n) for n in range(1_000)]
    desk = NewsDesk()
    for start in range(0, len(flood), 200):
        desk.add(flood[start : start + 200])
    assert shown(desk) == (flood[0],)
    assert compared < 10 * len(flood)


def test_a_better_classification_changes_the_article_in_its_place() -> None:
    desk = NewsDesk()
    desk.add(article(title, url=f"https://a.example/{n}") for n, title in enumerate(TITLES))
    before = shown(desk)
    better = Classification(
        symbols=("BTC",), sentiment=Sentiment.BULLISH, relevance=0.9, classified_by="model"
    )
    changed = desk.reclassify(before[1].news_id, better)
    assert changed is not None
    assert changed.classified_by == "model"
    assert shown(desk) == (before[0], changed, *before[2:])
