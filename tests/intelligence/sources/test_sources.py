from __future__ import annotations

import pytest

from engine.clock import VirtualClock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.intelligence.sources.fetch import Validators
from engine.intelligence.sources.known_sources import DEFAULT_SOURCES, check_source
from engine.intelligence.sources.polling import MAX_PAUSE_SECONDS, PollState, after_answer, after_failure
from engine.intelligence.sources.source_list import SourceList
from engine.model.news import NewsFormat, NewsSource
from tests.intelligence.articles import NOW_MS, source

URL = "https://news.example/rss"


def test_the_shipped_sources_are_in_order_and_off() -> None:
    assert [check_source(each) for each in DEFAULT_SOURCES] == list(DEFAULT_SOURCES)
    assert not any(each.enabled for each in DEFAULT_SOURCES)
    assert len({each.source_id for each in DEFAULT_SOURCES}) == len(DEFAULT_SOURCES)
    assert SourceList().due(1e9) == ()
    assert len(SourceList().statuses()) == len(DEFAULT_SOURCES)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example/rss",
        "ftp://news.example/rss",
        "file:///etc/passwd",
        "http://",
        "http:///rss",
        "http://user:word@news.example/",
        "http://token@news.example/",
        "http://news.example:99999/",
        "http://news.example:0/",
        "http://[::1/",
        "http://a b.example/",
        "http://news.example/\x1b[31m",
        "http://news.example\\@10.0.0.1/",
        "http://bücher.example/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "https://news.example/" + "x" * 2000,
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"^url: ") as caught:
        check_source(source(url))
    assert "word" not in caught.value.message
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    "url", [URL, "http://192.168.1.5:8080/feed?x=1", "http://nas/rss", "https://[fd00::1]/"]
)
def test_addresses_that_are_allowed(url: str) -> None:
    assert check_source(source(f" {url} ")).url == url


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " \u200b\x1b[31m "}),
        ("name", {"name": "x" * 61}),
        ("interval_seconds", {"interval_seconds": 29}),
        ("interval_seconds", {"interval_seconds": 86_401}),
        ("items_path", {"items_path": "data.items"}),
        ("items_path", {"items_path": "data..items", "format": NewsFormat.JSON}),
        ("items_path", {"items_path": "a[0]", "format": NewsFormat.JSON}),
        ("items_path", {"items_path": "x." * 20 + "x", "format": NewsFormat.JSON}),
    ],
)
def test_other_fields(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_source(source(URL, **changes))
    assert caught.value.details["field"] == field


def test_a_new_source_gets_a_number_and_is_due() -> None:
    sources = SourceList()
    first = sources.save(source(URL))
    second = sources.save(source("https://other.example/rss", name="Other"))
    assert (first.source_id, second.source_id) == (100, 101)
    assert sources.due(0.0) == (first, second)
    assert [status.source for status in sources.statuses()][-2:] == [first, second]


def test_an_address_is_read_once() -> None:
    sources = SourceList()
    mine = sources.save(source(URL))
    with pytest.raises(Conflict, match="already read as Wire"):
        sources.save(source("http://www.news.example/rss/?utm_source=x"))
    with pytest.raises(Conflict, match="CoinDesk"):
        sources.save(source(DEFAULT_SOURCES[0].url))
    assert sources.save(source(URL, source_id=mine.source_id, interval_seconds=60)).interval_seconds == 60


def test_a_deleted_source_is_gone_and_its_address_free() -> None:
    sources = SourceList()
    mine = sources.save(source(URL))
    gone = sources.delete(mine.source_id)
    assert gone.deleted
    assert sources.due(1e9) == ()
    assert sources.save(source(URL)).source_id == mine.source_id + 1
    for missing in (mine.source_id, 999):
        with pytest.raises(NotFound):
            sources.delete(missing)
        with pytest.raises(NotFound):
            sources.save(source(URL, source_id=missing))


def test_what_was_kept_comes_back_over_what_is_shipped() -> None:
    on = check_source(source(DEFAULT_SOURCES[0].url, source_id=1, name="My CoinDesk"))
    off = source(DEFAULT_SOURCES[1].url, source_id=2, deleted=True, enabled=False)
    mine = source(URL, source_id=140)
    sources = SourceList([on, off, mine])
    assert sources.due(0.0) == (on, mine)
    assert 2 not in [status.source.source_id for status in sources.statuses()]
    assert sources.save(source("https://x.example/")).source_id == 141


def failed(times: int, retry_after: float | None = None, interval: int = 300) -> float:
    state, mine = PollState(), NewsSource(source_id=1, name="W", url=URL, interval_seconds=interval)
    for _ in range(times):
        state = after_failure(state, mine, now=0.0, error="gone", retry_after=retry_after)
    assert (state.failures, state.error) == (times, "gone")
    return state.due


def test_pauses_double_and_end_at_six_hours() -> None:
    for times, pause in ((1, 300), (2, 600), (3, 1200), (7, 19_200), (8, MAX_PAUSE_SECONDS), (500, 21_600)):
        assert pause <= failed(times) <= pause * 1.2
    assert failed(50, interval=86_400) >= 86_400


def test_what_a_server_asks_to_wait_is_obeyed_within_reason() -> None:
    assert 4000 <= failed(1, 4000.0) <= 4800
    assert 300 <= failed(1, 5.0) <= 360
    assert failed(1, 1e9) <= 86_400 * 1.2


def test_pauses_are_spread_the_same_way_every_time() -> None:
    assert failed(1) == failed(1)
    mine = [NewsSource(source_id=number, name="W", url=URL) for number in range(20)]
    dues = {after_failure(PollState(), each, now=0.0, error="").due for each in mine}
    assert len(dues) == 20


def test_an_answer_ends_the_failures_and_unchanged_keeps_the_count() -> None:
    clock, mine = VirtualClock(NOW_MS), NewsSource(source_id=1, name="W", url=URL, interval_seconds=60)
    kept = Validators("e", "m")
    state = after_failure(PollState(), mine, now=0.0, error="gone")
    state = after_answer(state, mine, now=10.0, now_ms=clock.now_ms(), items=7, validators=kept)
    assert (state.failures, state.error, state.items, state.last_read_ms) == (0, "", 7, NOW_MS)
    assert 70 <= state.due <= 82
    again = after_answer(state, mine, now=70.0, now_ms=NOW_MS + 1, items=None, validators=kept)
    assert (again.items, again.validators, again.last_read_ms) == (7, kept, NOW_MS + 1)
