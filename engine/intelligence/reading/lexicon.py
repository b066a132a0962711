"""Classification by word lists: pure, immediate, and always there.

*Symbols*: names in any case, tickers in capitals or behind a `$`, both as whole words, the longest name
first. *Sentiment*: the weights of the words found, those of the title doubled; a negation up to three
words before turns a weight round. *Relevance*: 0.5 for a symbol in the title or 0.25 in the summary,
0.2 for a second mention or more, 0.1 for each market word up to two, and up to 0.1 for a strong tone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from engine.intelligence.reading.classification import Classification
from engine.intelligence.reading.coin_names import NAMES, QUOTE_ENDINGS, WORD_TICKERS
from engine.intelligence.reading.sentiment_words import MARKET_WORDS, NEGATIONS, WEIGHTS
from engine.model.news import NewsItem, Sentiment

CLASSIFIED_BY = "lexicon"
TITLE_WEIGHT = 2
DECISIVE_SCORE = 2
"""From which score on an article is bullish, or bearish below its negative."""

_REACH_OF_NEGATION = 3
_LONGEST_PHRASE = max(len(phrase) for phrase in WEIGHTS)
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"[’']")
# Letters of one alphabet must not run on; CJK text has no spaces, so a ticker may touch it. A dot and
# a small letter after a name make it a domain.
_LETTER = r"A-Za-z0-9_\u00c0-\u052f"
_START = rf"(?<![{_LETTER}$])"
_END = rf"(?![{_LETTER}]|\.[a-z])"


class Lexicon:
    """Classifies articles for a desk that trades `symbols`."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._symbols = tuple(symbols)
        known = dict.fromkeys([*NAMES, *self._symbols])
        self._of_ticker = {symbol.upper(): symbol for symbol in known}
        self._of_name = {name: symbol for symbol in known for name in NAMES.get(symbol, ())}
        names = "|".join(map(re.escape, sorted(self._of_name, key=len, reverse=True)))
        tickers = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        plain = "|".join(map(re.escape, sorted(known.keys() - WORD_TICKERS, key=len, reverse=True)))
        endings = "|".join(QUOTE_ENDINGS)
        self._mention = re.compile(
            rf"{_START}(?P<name>(?i:{names}))(?i:s)?{_END}"
            rf"|{_START}\$(?P<cashtag>(?i:{tickers})){_END}"
            rf"|{_START}(?P<pair>{tickers})[/-]?(?:{endings}){_END}"
            rf"|{_START}(?P<ticker>{plain}){_END}"
        )

    def classify(self, item: NewsItem) -> Classification:
        """Return what the words of an article's title and summary say; never raises."""
        title, summary = (unicodedata.normalize("NFKC", text) for text in (item.title, item.summary))
        in_title, in_summary = self._mentions(title), self._mentions(summary)
        mentioned = {*in_title, *in_summary}
        title_words, summary_words = _words(title), _words(summary)
        score = TITLE_WEIGHT * _score(title_words) + _score(summary_words)
        market_words = len(MARKET_WORDS.intersection([*title_words, *summary_words]))
        return Classification(
            symbols=tuple(symbol for symbol in self._symbols if symbol in mentioned),
            sentiment=_sentiment(score),
            relevance=_relevance(in_title, in_summary, market_words, score),
            classified_by=CLASSIFIED_BY,
        )

    def _mentions(self, text: str) -> list[str]:
        found = []
        for match in self._mention.finditer(text):
            if match["name"]:
                found.append(self._of_name[match["name"].lower()])
            else:
                ticker = match["cashtag"] or match["pair"] or match["ticker"]
                found.append(self._of_ticker[ticker.upper()])
        return [symbol for symbol in found if symbol in self._symbols]


def _sentiment(score: int) -> Sentiment:
    if score >= DECISIVE_SCORE:
        return Sentiment.BULLISH
    return Sentiment.BEARISH if score <= -DECISIVE_SCORE else Sentiment.NEUTRAL


def _relevance(in_title: list[str], in_summary: list[str], market_words: int, score: int) -> float:
    relevance = 0.0
    if in_title or in_summary:
        relevance += 0.5 if in_title else 0.25
        relevance += 0.2 if len(in_title) + len(in_summary) > 1 else 0.0
    relevance += 0.1 * min(market_words, 2)
    relevance += 0.1 * min(abs(score), 6) / 6
    return round(relevance, 3)


def _words(text: str) -> list[str]:
    return _WORD.findall(_APOSTROPHES.sub("", text).casefold())


def _score(words: list[str]) -> int:
    """Return the sum of the weights, longest phrases first, each word used once."""
    score = 0
    position = 0
    while position < len(words):
        for length in range(_LONGEST_PHRASE, 0, -1):
            weight = WEIGHTS.get(tuple(words[position : position + length]))
            if weight is not None:
                before = words[max(0, position - _REACH_OF_NEGATION) : position]
                score += -weight if NEGATIONS.intersection(before) else weight
                position += length
                break
        else:
            position += 1
    return score
