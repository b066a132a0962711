from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intelligence.reading.lexicon import CLASSIFIED_BY, Lexicon
from engine.model.news import Sentiment
from tests.intelligence.articles import article

LEXICON = Lexicon(["BTC", "ETH", "SOL", "OP", "LINK"])


def symbols(title: str, summary: str = "") -> tuple[str, ...]:
    return LEXICON.classify(article(title, summary=summary)).symbols


def sentiment(title: str, summary: str = "") -> Sentiment:
    return LEXICON.classify(article(title, summary=summary)).sentiment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bitcoin slips", ("BTC",)),
        ("$btc and $ETH", ("BTC", "ETH")),
        ("ETH, SOL rally", ("ETH", "SOL")),
        ("Ether gains", ("ETH",)),
        ("ETHEREUM'S upgrade", ("ETH",)),
        ("Solana-based token", ("SOL",)),
        ("BTCUSDT and ETH/USD, SOL-PERP", ("BTC", "ETH", "SOL")),
        ("bitcoins moved", ("BTC",)),
        ("比特币BTC上涨", ("BTC",)),
        ("ＢＴＣ in wide letters", ("BTC",)),
        ("Pay in $LINK, $op", ("OP", "LINK")),
        ("Chainlink oracle", ("LINK",)),
        ("Buy Bitcoin.Then Ether", ("BTC", "ETH")),
    ],
)
def test_symbols_by_name_and_ticker(text: str, found: tuple[str, ...]) -> None:
    assert set(symbols(text)) == set(found)
    assert set(symbols("x", text)) == set(found)


@pytest.mark.parametrize(
    "text",
    [
        "Coming together whether or not",
        "A solution in the console",
        "sol y sombra",
        "the best eth of all",
        "btc",
        "ETHOS and SOLVENT and METHOD",
        "Bitcoin Cash and Ethereum Classic and Bitcoin SV",
        "OP-ED: THE MISSING LINK",
        "Ether.fi and sol.xyz",
        "US$SOLD",
        "Résol and ÉSOL",
        "_BTC_",
        "",
    ],
)
def test_no_false_hits(text: str) -> None:
    assert symbols(text) == ()


@pytest.mark.parametrize(
    ("title", "tone"),
    [
        ("Bitcoin surges to all-time high", Sentiment.BULLISH),
        ("SEC approves spot ETF", Sentiment.BULLISH),
        ("Exchange hacked, funds stolen", Sentiment.BEARISH),
        ("Ether plunges as outflows grow", Sentiment.BEARISH),
        ("SEC does not approve ETF", Sentiment.BEARISH),
        ("Exchange was not hacked", Sentiment.BULLISH),
        ("SEC won't sue", Sentiment.BULLISH),
        ("SEC won’t sue", Sentiment.BULLISH),
        ("Foundation publishes report", Sentiment.NEUTRAL),
        ("Bitcoin falls, then rises", Sentiment.NEUTRAL),
        ("Fed rate cut expected", Sentiment.BULLISH),
        ("Fed rate hike expected", Sentiment.BEARISH),
        ("", Sentiment.NEUTRAL),
    ],
)
def test_tone(title: str, tone: Sentiment) -> None:
    assert sentiment(title) is tone


def test_the_title_outweighs_the_summary() -> None:
    assert sentiment("Bitcoin surges", "Some fear a drop") is Sentiment.BULLISH


def test_relevance_grows_with_what_is_said_about_a_symbol() -> None:
    texts = [
        ("Local weather report", ""),
        ("Crypto exchange opens", ""),
        ("Quarterly report", "It mentions Bitcoin"),
        ("Bitcoin report", ""),
        ("Bitcoin ETF inflows surge", "Bitcoin crypto exchange"),
    ]
    grades = [LEXICON.classify(article(title, summary=summary)).relevance for title, summary in texts]
    assert grades == sorted(set(grades))
    assert grades[0] == 0


@given(st.text(max_size=300), st.text(max_size=1000))
def test_any_article_is_classified(title: str, summary: str) -> None:
    found = LEXICON.classify(article(title, summary=summary))
    assert set(found.symbols) <= {"BTC", "ETH", "SOL", "OP", "LINK"}
    assert 0 <= found.relevance <= 1
    assert found.classified_by == CLASSIFIED_BY
    assert found == LEXICON.classify(article(title, summary=summary))


def test_a_desk_without_symbols_or_with_unknown_ones() -> None:
    assert Lexicon([]).classify(article("Bitcoin")).symbols == ()
    assert Lexicon(["kPEPE", "A.B"]).classify(article("$kPEPE and A.B")).symbols == ("kPEPE", "A.B")
