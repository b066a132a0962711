"""News over the market: what is shown, where it comes from, and that nothing is requested unasked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.errors import Unavailable
from engine.intelligence.sources.source_list import SourceList
from engine.model.news import NewsFormat, Sentiment, SourceStatus
from tests.tui.peek import notices, screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_intelligence import NEWS, NOW_MS
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.news_view import NEWS_IS_OFF, SENTIMENT_MARKS
from tui.screens.confirm import ConfirmScreen
from tui.screens.news import NewsScreen
from tui.screens.news_source import NewsSourceEditor
from tui.widgets.live_table import LiveTable

SMALL, MEDIUM = (80, 24), (120, 40)
LONG = "Purchases went on. " * 40 + "THE-END"


@pytest.fixture(autouse=True)
def minutes_after_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine's clock stand at the market's time, so that the pictures do not age."""
    monkeypatch.setattr("engine.clock.WallClock.now_ms", lambda _: NOW_MS)


def news(app: DeskApp) -> NewsScreen:
    assert isinstance(app.screen, NewsScreen)
    return app.screen


def statuses(desk: RecordedDesk) -> dict[str, SourceStatus]:
    return {status.source.name: status for status in desk.intelligence.sources()}


def cells(app: DeskApp, table: str, key: str) -> list[str]:
    rows = app.screen.query_one(f"#{table}", LiveTable).rows
    return next([cell.text for cell in row.cells] for row in rows if row.key == key)


def whole_article(app: DeskApp) -> str:
    return str(app.screen.query_one("#whole", Static).render())


async def open_news(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("m", "N", *keys)
    await settled(pilot)


async def choose_source(pilot: Pilot[None], source_id: int) -> None:
    table = pilot.app.screen.query_one("#sources", LiveTable)
    table.focus()
    table.move_cursor_to(str(source_id))
    await pilot.pause()


async def test_articles_stand_newest_first_with_their_sentiment_as_a_glyph(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        table = news(app).query_one("#articles", LiveTable)
        assert [row.key for row in table.rows] == ["n-2", "n-1"]
        assert cells(app, "articles", "n-2") == ["15m", "BTC", "▲", "80%", NEWS[0].title, "Example wire"]
        assert cells(app, "articles", "n-1")[2] == "▼"
        marks = [SENTIMENT_MARKS[each] for each in Sentiment]
        assert len({mark.text for mark in marks}) == len({mark.role for mark in marks}) == 3


async def test_the_whole_summary_can_be_read(app: DeskApp, desk: RecordedDesk) -> None:
    desk.intelligence.items = (msgspec.structs.replace(NEWS[0], summary=LONG), NEWS[1])
    async with app.run_test(size=SMALL) as pilot:
        await open_news(pilot)
        assert LONG in whole_article(app)
        await pilot.press("tab", "end")
        await settled(pilot)
        assert "THE-END" in "\n".join(screen_lines(app))
        await pilot.press("shift+tab", "j")
        await pilot.pause()
        assert NEWS[1].summary in whole_article(app)


async def test_articles_are_narrowed_to_the_selected_symbol(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot, "a")
        assert [row.key for row in news(app).query_one("#articles", LiveTable).rows] == ["n-2"]
        assert "about BTC" in "\n".join(screen_lines(app))
        await pilot.press("a")
        await pilot.pause()
        assert len(news(app).query_one("#articles", LiveTable).rows) == 2


async def test_without_a_source_the_screen_says_how_news_begins(app: DeskApp, desk: RecordedDesk) -> None:
    desk.intelligence.items = ()
    desk.intelligence.source_list = SourceList()
    async with app.run_test(size=SMALL) as pilot:
        await open_news(pilot)
        assert whole_article(app) == NEWS_IS_OFF
        assert "news is off" in "\n".join(screen_lines(app))
        assert app.focused is news(app).query_one("#sources")
        await pilot.press("v")
        await settled(pilot)
        assert statuses(desk)["CoinDesk"].source.enabled
        assert text_of(app, "#said") == "CoinDesk is on: it is read now and every 5m"
        assert "no articles yet" in whole_article(app)
        assert desk.intelligence.tested == []
        await pilot.press("v")
        await settled(pilot)
        assert not statuses(desk)["CoinDesk"].source.enabled


async def test_a_test_shows_what_came_and_keeps_nothing(app: DeskApp, desk: RecordedDesk) -> None:
    desk.intelligence.items = ()
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        await choose_source(pilot, 3)
        await pilot.press("y")
        await settled(pilot)
        assert [source.name for source in desk.intelligence.tested] == ["Decrypt"]
        assert text_of(app, "#said") == "Decrypt answers: 2 articles, not kept"
        assert len(news(app).query_one("#articles", LiveTable).rows) == 2
        assert not statuses(desk)["Decrypt"].source.enabled
        await pilot.press("escape")
        await pilot.pause()
        assert len(news(app).query_one("#articles", LiveTable).rows) == 0


async def test_a_test_that_fails_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    desk.intelligence.failure = Unavailable("the host does not answer")
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        await choose_source(pilot, 3)
        await pilot.press("y")
        await settled(pilot)
        assert text_of(app, "#said") == "Decrypt: the host does not answer"


async def test_what_is_wrong_with_a_source_is_said_in_words(app: DeskApp, desk: RecordedDesk) -> None:
    desk.intelligence.error = "the answer is no feed: it begins with <html>"
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        assert cells(app, "sources", "100")[5] == desk.intelligence.error
        await choose_source(pilot, 100)
        assert desk.intelligence.error in text_of(app, "#said")


async def test_a_source_of_ones_own_is_added_off(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot, "N")
        assert isinstance(app.screen, NewsSourceEditor)
        await pilot.press(*"Mine", "tab", *"https://mine.example/a.json", "tab", "right", "tab")
        await pilot.press(*"data.items", "tab", "up", "enter")
        await settled(pilot)
        source = statuses(desk)["Mine"].source
        assert (source.url, source.format) == ("https://mine.example/a.json", NewsFormat.JSON)
        assert (source.items_path, source.interval_seconds, source.enabled) == ("data.items", 360, False)
        assert text_of(app, "#said") == "Mine is kept and off: v turns it on, y tests it"


@pytest.mark.parametrize(
    ("field", "value", "label", "says"),
    [
        ("url", "ftp://x.example", "url", "address: ftp://x.example is not allowed"),
        ("url", "https://cointelegraph.com/rss", "url", "is already read as Cointelegraph"),
        ("interval", "5", "interval", "interval: 5 is not allowed; allowed are 30 to 86,400 seconds"),
        ("interval", "1.5", "interval", "give whole seconds"),
        ("path", "a b", "path", "items path: a b is not allowed"),
        ("name", "", "name", "name: an empty name is not allowed"),
    ],
)
async def test_a_refused_source_says_so_at_its_field(
    app: DeskApp, desk: RecordedDesk, field: str, value: str, label: str, says: str
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        await choose_source(pilot, 100)
        await pilot.press("e")
        await pilot.pause()
        app.screen.query_one(f"#{field}", Input).value = value
        await pilot.press("enter")
        await settled(pilot)
        assert says in text_of(app, "#verdict")
        assert app.screen.query_one(f"#label-{label}").has_class("-wrong")
        assert statuses(desk)["Example wire"].source.url == "https://news.example/feed.xml"


async def test_deleting_a_source_asks_first(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        await choose_source(pilot, 100)
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert "Example wire" in statuses(desk)
        await pilot.press("D", "y")
        await settled(pilot)
        assert "Example wire" not in statuses(desk)
        assert text_of(app, "#said") == "Example wire is deleted; its articles stay"
        assert len(news(app).query_one("#articles", LiveTable).rows) == 2


async def test_a_replay_says_that_its_traders_see_no_news_of_today(
    app: DeskApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_news(pilot)
        assert not news(app).query_one("#replay").display
        monkeypatch.setattr("engine.clock.WallClock.now_ms", lambda _: NOW_MS + 86_400_000)
        news(app).refresh_news()
        await pilot.pause()
        assert text_of(app, "#replay").startswith("replay: traders at 2026-03-01 14:03")
        assert "no article that came later" in "\n".join(screen_lines(app))


async def test_the_commands_open_news_and_switch_sources(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("colon", *"news on the block", "enter")
        await settled(pilot)
        assert statuses(desk)["The Block"].source.enabled
        assert notices(app) == ["The Block is on: it is read now and every 5m"]
        await pilot.press("colon", *"news off the block", "enter")
        await settled(pilot)
        assert not statuses(desk)["The Block"].source.enabled
        await pilot.press("colon", *"news", "enter")
        await settled(pilot)
        assert isinstance(app.screen, NewsScreen)


@pytest.mark.parametrize(
    "text", ["[bold red]x[/] [@click=app.quit]quit[/] [/nope]", "$error [$error]] \\[b]"]
)
async def test_foreign_text_is_never_markup(app: DeskApp, desk: RecordedDesk, text: str) -> None:
    desk.intelligence.items = (msgspec.structs.replace(NEWS[0], title=text, summary=text, source=text),)
    desk.intelligence.error = text
    async with app.run_test(size=MEDIUM) as pilot:
        await open_news(pilot)
        await choose_source(pilot, 100)
        assert "\n".join(screen_lines(app)).count(text) >= 3


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_news_in_two_sizes(
    snap_compare: Any, desk: RecordedDesk, app: DeskApp, size: tuple[int, int]
) -> None:
    quiet = msgspec.structs.replace(
        NEWS[0],
        news_id="n-0",
        title="Rates stay where they are, says the central bank after two days of talks",
        symbols=(),
        sentiment=Sentiment.NEUTRAL,
        relevance=0.3,
        published_ms=NOW_MS - 90_000_000,
    )
    desk.intelligence.items = (msgspec.structs.replace(NEWS[0], summary=LONG), NEWS[1], quiet)
    assert snap_compare(app, terminal_size=size, run_before=open_news)


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_news_that_is_off(snap_compare: Any, desk: RecordedDesk, app: DeskApp, size: tuple[int, int]) -> None:
    desk.intelligence.items = ()
    desk.intelligence.source_list = SourceList()
    assert snap_compare(app, terminal_size=size, run_before=open_news)


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
def test_the_source_editor(snap_compare: Any, app: DeskApp, size: tuple[int, int]) -> None:
    async def refuse(pilot: Pilot[None]) -> None:
        await open_news(pilot, "N", *"Mine", "enter")

    assert snap_compare(app, terminal_size=size, run_before=refuse)
