"""News as rows and sentences: pure functions of articles, sources and the time.

Ages run by the machine's clock, not by the market's: news is of today even where the market replays
another day.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.event import MarketStatus
from engine.model.news import NewsFormat, NewsItem, NewsSource, Sentiment, SourceStatus
from tui import format as fmt
from tui.panes.span_line import Span
from tui.signal_view import duration
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

NEWS_IS_OFF = "news is off: choose a source and press v to turn it on; nothing is requested before"
REPLAY_LAG_MS = 10 * 60_000
"""A market further behind the machine's clock than this is replaying the past."""

ARTICLE_COLUMNS = (
    Column("age", "age", 4, align="right"),
    Column("symbols", "about", 8, cut="words"),
    Column("sentiment", "", 1),
    Column("relevance", "rel", 4, align="right", priority=1),
    Column("title", "title", 20, weight=3, cut="words"),
    Column("source", "source", 14, weight=1, priority=2),
)
SOURCE_COLUMNS = (
    Column("state", "", 5),
    Column("name", "source", 16, weight=1),
    Column("read", "read", 5, align="right"),
    Column("items", "articles", 8, align="right"),
    Column("interval", "every", 6, align="right", priority=1),
    Column("state-words", "", 18, weight=2, cut="words"),
)
SENTIMENT_MARKS = {
    Sentiment.BULLISH: Cell(fmt.GAIN_GLYPH, "gain"),
    Sentiment.BEARISH: Cell(fmt.LOSS_GLYPH, "loss"),
    Sentiment.NEUTRAL: Cell(fmt.FLAT_GLYPH, "muted"),
}
FORMAT_WORDS = {NewsFormat.FEED: "RSS or Atom feed", NewsFormat.JSON: "JSON"}


def article_rows(items: Sequence[NewsItem], now_ms: int) -> list[Row]:
    """Return a row for each article, newest first as they come."""
    return [
        Row(
            item.news_id,
            (
                Cell(fmt.age(now_ms - item.published_ms), "muted"),
                Cell(" ".join(item.symbols) or fmt.ABSENT, "accent" if item.symbols else "muted"),
                SENTIMENT_MARKS[item.sentiment],
                Cell(fmt.percent(item.relevance, 0, signed=False), "muted"),
                Cell(item.title),
                Cell(item.source, "muted"),
            ),
        )
        for item in items
    ]


def source_rows(statuses: Sequence[SourceStatus], now_ms: int) -> list[Row]:
    """Return a row for each source: on or off, how reading it goes, what is wrong in words."""
    return [
        Row(
            str(status.source.source_id),
            (
                Cell("● on", "gain") if status.source.enabled else Cell("○ off", "muted"),
                Cell(status.source.name, "text" if status.source.enabled else "muted"),
                Cell(_age(status.last_read_ms, now_ms), "muted"),
                Cell(f"{status.items:,}" if status.last_read_ms is not None else fmt.ABSENT, "muted"),
                Cell(duration(status.source.interval_seconds), "muted"),
                Cell(state_words(status), "danger" if status.error else "muted"),
            ),
        )
        for status in statuses
    ]


def _age(ts_ms: int | None, now_ms: int) -> str:
    return fmt.ABSENT if ts_ms is None else fmt.age(now_ms - ts_ms)


def state_words(status: SourceStatus) -> str:
    """Return how a source does in words."""
    if status.error:
        return status.error
    if not status.source.enabled:
        return "nothing is requested from it"
    return "well" if status.last_read_ms is not None else "not read yet"


def source_sentence(status: SourceStatus) -> str:
    """Return all there is to say of a source: its address, how it writes, what is wrong."""
    source = status.source
    path = f" at {source.items_path}" if source.items_path else ""
    return f"{source.name}: {FORMAT_WORDS[source.format]}{path}, {source.url} · {state_words(status)}"


def article_facts(item: NewsItem) -> str:
    """Return who wrote an article when, where it stands and who judged it."""
    facts = [item.source, f"{fmt.market_date_time(item.published_ms)} UTC"]
    if item.classified_by:
        about = " ".join(item.symbols) or "no symbol"
        facts.append(f"{item.sentiment} for {about}, says {item.classified_by}")
    return " · ".join((*facts, item.url) if item.url else facts)


def heading_spans(
    items: Sequence[NewsItem], statuses: Sequence[SourceStatus], symbol: str
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return what stands above the articles: whose they are, and how many sources are read."""
    is_on = sum(status.source.enabled for status in statuses)
    count = f"{len(items)} article{'' if len(items) == 1 else 's'}"
    about = f"about {symbol}" if symbol else "about anything"
    left = (Span(about, "accent"), Span(f"  {count}", "muted", priority=1))
    if not is_on:
        return left, (Span("news is off", "warning"),)
    return left, (Span(f"{is_on} of {len(statuses)} sources on", "muted"),)


def why_no_articles(statuses: Sequence[SourceStatus], symbol: str) -> str:
    """Return why there is no article to read."""
    reading = [status for status in statuses if status.source.enabled]
    if not reading:
        return NEWS_IS_OFF
    if symbol:
        return f"no article is about {symbol}: a shows those about anything"
    broken = [status.source.name for status in reading if status.error]
    if broken:
        return f"no articles yet: {', '.join(broken)} cannot be read, see below"
    return "no articles yet: what the sources bring appears here"


def replay_note(market: MarketStatus, now_ms: int) -> str:
    """Return what a market of another day means for news; empty where the market is of now."""
    if now_ms - market.now_ms < REPLAY_LAG_MS:
        return ""
    stands_at = fmt.market_date_time(market.now_ms)
    return f"replay: traders at {stands_at} see no article that came later"


def answer_words(source: NewsSource, items: Sequence[NewsItem]) -> str:
    """Return what a test of a source brought, as a sentence."""
    if not items:
        return f"{source.name} answers, but no article is in it"
    return f"{source.name} answers: {len(items)} article{'' if len(items) == 1 else 's'}, not kept"
