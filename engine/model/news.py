"""News: articles with what they are about, and the market picture they belong to."""

from __future__ import annotations

import enum

import msgspec

from engine.model.flow import FlowReading
from engine.model.regime import RegimeReading


class NewsFormat(enum.StrEnum):
    """How a source writes."""

    FEED = "feed"
    """RSS or Atom."""
    JSON = "json"


class NewsSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where news comes from; `source_id` 0 asks for a new one.

    `items_path` says where in a JSON answer the list of articles is, such as `data.items`.
    """

    source_id: int
    name: str
    url: str
    format: NewsFormat = NewsFormat.FEED
    items_path: str = ""
    interval_seconds: int = 300
    enabled: bool = True
    deleted: bool = False


class Sentiment(enum.StrEnum):
    """Whether an article is good or bad for the price of what it is about."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"


class NewsItem(msgspec.Struct, frozen=True, kw_only=True):
    """One article; every text is safe to show.

    `relevance` is 0 to 1. `classified_by` is `lexicon` or the name of the model that read it.
    """

    news_id: str
    source: str
    url: str
    title: str
    summary: str
    published_ms: int
    received_ms: int
    symbols: tuple[str, ...] = ()
    sentiment: Sentiment = Sentiment.NEUTRAL
    relevance: float = 0.0
    classified_by: str = ""


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a source does: when it last answered, with how many articles, and what is wrong with it."""

    source: NewsSource
    last_read_ms: int | None
    items: int
    error: str = ""


class LargeTradeZone(msgspec.Struct, frozen=True):
    """Large taker trades of one interval, in the quote currency."""

    open_ms: int
    buy_notional: float
    sell_notional: float
    buys: int
    sells: int


class FlowSummary(msgspec.Struct, frozen=True):
    """What takers did over the window; None where the feed does not tell."""

    buy_notional: float | None
    sell_notional: float | None
    net_inflow: float | None
    buy_ratio: float | None
    large_buy_notional: float | None
    large_sell_notional: float | None
    large_buys: int
    large_sells: int
    open_interest_change_percent: float | None
    funding_rate_percent: float | None


class IntelligenceSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of a symbol at one moment: flow, regime and news."""

    symbol: str
    timeframe: str
    window: str
    generated_ms: int
    flow: FlowReading
    summary: FlowSummary
    regime: RegimeReading
    zones: tuple[LargeTradeZone, ...]
    news: tuple[NewsItem, ...]


class IntelligenceChange(enum.StrEnum):
    """What an update brings."""

    SNAPSHOT = "snapshot"
    NEWS = "news"
    FLOW = "flow"
    SUMMARY = "summary"
    REGIME = "regime"
    HEARTBEAT = "heartbeat"


class IntelligenceUpdate(msgspec.Struct, frozen=True):
    """One event of the market-intelligence stream: what changed, and the whole picture."""

    changes: tuple[IntelligenceChange, ...]
    snapshot: IntelligenceSnapshot
