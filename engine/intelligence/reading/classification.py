"""What an article is about and how good or bad it is, whoever said so."""

from __future__ import annotations

import msgspec

from engine.model.news import NewsItem, Sentiment


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """Symbols in the desk's order, sentiment, relevance from 0 to 1, and who read the article."""

    symbols: tuple[str, ...]
    sentiment: Sentiment
    relevance: float
    classified_by: str


def classified(item: NewsItem, classification: Classification) -> NewsItem:
    """Return the article with this classification."""
    return msgspec.structs.replace(
        item,
        symbols=classification.symbols,
        sentiment=classification.sentiment,
        relevance=classification.relevance,
        classified_by=classification.classified_by,
    )
