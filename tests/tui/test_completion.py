"""What tab offers on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.command_words import Vocabulary
from tui.completion import complete

VOCABULARY = Vocabulary(
    ("BTC", "ETH", "SOL"),
    ("Reversion", "Big Rules", "Manual"),
    ("night", "day"),
    ("CoinDesk", "The Block"),
    ("gap", "stretch20"),
)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("b", "buy"),
        ("buy 0.5 ", "btc"),
        ("buy 0.5 e", "eth"),
        ("buy 500 u", "usd"),
        ("buy 0.5 btc ", "@"),
        ("buy 0.5 btc @ 67000 p", "post"),
        ("close ", "btc"),
        ("close btc ", "25%"),
        ("cancel ", "all"),
        ("cancel all ", "everyone"),
        ("flatten ", "everyone"),
        ("res", "resume"),
        ("buy 1 btc t", "take"),
        ("pause b", "Big Rules"),
        ("trigger big r", "Big Rules"),
        ("trigger big rules s", "SOL"),
        ("theme d", "day"),
        ("al", "alert"),
        ("alert e", "eth"),
        ("alert btc ", ">"),
        ("alert btc c", "crosses"),
        ("unalert a", "all"),
        ("ne", "news"),
        ("news o", "on"),
        ("news on t", "The Block"),
        ("news off The B", "The Block"),
        ("unf", "unfactor"),
        ("unfactor s", "stretch20"),
        ("factor g", "gap"),
    ],
)
def test_completion_offers_what_may_come_next(text: str, first: str) -> None:
    assert complete(text, len(text), VOCABULARY).candidates[0] == first


def test_completion_does_not_offer_what_is_taken() -> None:
    offered = complete("buy 1 btc @ 5 post ", 19, VOCABULARY).candidates
    assert not {"@", "stop", "post", "ioc"} & set(offered)
    assert "sl" in offered
    assert "stop" not in complete("buy 1 btc touch 5 ", 18, VOCABULARY).candidates


@given(st.text(max_size=60), st.integers(0, 60))
def test_completion_never_fails(text: str, cursor: int) -> None:
    completion = complete(text, min(cursor, len(text)), VOCABULARY)
    assert 0 <= completion.start <= len(text)
