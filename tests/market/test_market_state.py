"""What the desk knows of the market: the latest, and nothing that is known to be wrong."""

from __future__ import annotations

import pytest

from engine.clock import VirtualClock
from engine.errors import Unavailable
from engine.exchanges.instruments import INSTRUMENTS
from engine.market.market_state import MarketState
from engine.market.raw_frames import RawTape
from engine.samples import RAW_SAMPLE


def an_empty_market() -> MarketState:
    return MarketState(INSTRUMENTS, (), VirtualClock())


def test_restored_it_knows_quotes_marks_and_books_before_anything_is_played() -> None:
    tape, market = RawTape(RAW_SAMPLE), an_empty_market()
    with pytest.raises(Unavailable, match="ETH has no quote yet"):
        market.quote("ETH")
    book, quote = tape.market_at(tape.start_ms + 200_000)
    market.restore((book, quote))
    assert market.quote("ETH") == quote
    assert market.book("ETH") == book
    assert market.marks() == {"ETH": market.quote("ETH").mark}


def test_a_book_that_is_lost_is_forgotten() -> None:
    tape, market = RawTape(RAW_SAMPLE), an_empty_market()
    market.restore(tape.market_at(tape.start_ms + 200_000))
    market.on_book_lost("ETH")
    market.on_book_lost("ETH")
    assert market.book("ETH") is None
    assert market.quote_or_none("ETH") is not None
