"""Signals and pools are checked before they are kept, and nothing that is used can go."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool
from engine.trading.signal_book import SignalBook

OVERSOLD = SignalDefinition(signal_id=0, name="Oversold", condition="RSI14 crosses below 30 on 5m")
DIP = SignalPool(pool_id=0, name="Dip", signal_ids=(1,), symbols=("BTC",))


def read_condition(text: str) -> str:
    if "rsi" not in text.lower():
        raise InvalidInput.of("signal", text, "allowed is rsi14")
    return text.lower()


@pytest.fixture
def book() -> SignalBook:
    book = SignalBook((), (), ("BTC", "ETH"), read_condition)
    book.save_signal(OVERSOLD)
    book.save_pool(DIP)
    return book


def test_a_new_signal_and_pool_get_the_next_id_and_the_canonical_condition(book: SignalBook) -> None:
    assert book.signal(1).condition == "rsi14 crosses below 30 on 5m"
    assert book.save_signal(msgspec.structs.replace(OVERSOLD, name="Other")).signal_id == 2
    assert book.save_pool(msgspec.structs.replace(DIP, name="Other")).pool_id == 2
    assert [pool.name for pool in book.pools_with(1)] == ["Dip", "Other"]


def test_saving_a_known_one_changes_it_and_keeps_its_own_name_free(book: SignalBook) -> None:
    changed = book.save_pool(
        SignalPool(pool_id=1, name="DIP", signal_ids=(1,), logic=PoolLogic.OR, cooldown_seconds=60)
    )
    assert book.pools == (changed,)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"name": " "}, InvalidInput, "pool name"),
        ({"name": "x" * 101}, InvalidInput, "1 to 100"),
        ({"name": "dip"}, Conflict, "taken"),
        ({"name": "a", "signal_ids": ()}, InvalidInput, "signals"),
        ({"name": "a", "signal_ids": (1, 1)}, InvalidInput, "once"),
        ({"name": "a", "signal_ids": (9,)}, NotFound, "9"),
        ({"name": "a", "symbols": ("DOGE",)}, InvalidInput, r"symbols: DOGE .* BTC, ETH"),
        ({"name": "a", "cooldown_seconds": -1}, InvalidInput, "cooldown"),
        ({"name": "a", "pool_id": 7}, NotFound, "7"),
    ],
)
def test_a_bad_pool_is_refused_by_field_and_nothing_changes(
    book: SignalBook, change: dict[str, object], error: type[Exception], says: str
) -> None:
    before = book.pools
    with pytest.raises(error, match=says):
        book.save_pool(msgspec.structs.replace(DIP, **change))
    assert book.pools == before


def test_a_bad_signal_is_refused_and_nothing_changes(book: SignalBook) -> None:
    for bad, error in (
        (msgspec.structs.replace(OVERSOLD, name="oversold"), Conflict),
        (msgspec.structs.replace(OVERSOLD, name="b", condition="moon"), InvalidInput),
        (msgspec.structs.replace(OVERSOLD, signal_id=5, name="b"), NotFound),
    ):
        with pytest.raises(error):
            book.save_signal(bad)
    assert len(book.signals) == 1


def test_a_member_of_a_pool_cannot_be_deleted_and_a_deleted_one_is_gone(book: SignalBook) -> None:
    with pytest.raises(Conflict, match="Dip"):
        book.delete_signal(1)
    assert book.delete_pool(1).deleted
    assert book.delete_signal(1).deleted
    assert (book.signals, book.pools) == ((), ())
    with pytest.raises(NotFound):
        book.pool(1)
    assert book.save_signal(OVERSOLD).signal_id == 2, "an id is never given twice"


def test_readers_on_another_thread_see_whole_lists_while_signals_are_saved(book: SignalBook) -> None:
    begun, is_over = threading.Event(), threading.Event()

    def read_until_over() -> int:
        most = 0
        while not is_over.is_set():
            most = max(most, len(book.signals), len(book.pools))
            begun.set()
        return most

    switch_seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as readers:
            reading = readers.submit(read_until_over)
            try:
                assert begun.wait(10)
                for number in range(400):
                    book.save_signal(msgspec.structs.replace(OVERSOLD, name=f"Another {number}"))
            finally:
                is_over.set()
            assert reading.result() > 0
    finally:
        sys.setswitchinterval(switch_seconds)
