"""First in, first out: what each entry came to, and that nothing is lost or counted twice."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.arena.book import ArenaBook
from engine.backtest.arena.lots import SymbolLots
from engine.model.order import Side
from tests.backtest.arena.made_facts import book_of, decision, fill, order

BUY, SELL = Side.BUY, Side.SELL


def _pnl(book: ArenaBook, decision_id: str) -> Decimal:
    return book.result_of(decision_id).realized_pnl


def test_a_closing_fill_closes_the_oldest_entry_first_at_its_own_price() -> None:
    book = book_of(
        *(decision(name) for name in ("first", "second", "out")),
        order("a", BUY, "first"),
        order("b", BUY, "second"),
        order("c", SELL, "out"),
        fill("1", "a", BUY, "1", "100", fee="1"),
        fill("2", "b", BUY, "1", "120", fee="1.2"),
        fill("3", "c", SELL, "1.5", "130", fee="1.8"),
    )
    assert _pnl(book, "first") == 30 - 1 - Decimal("1.2")
    assert _pnl(book, "second") == 5 - Decimal("0.6") - Decimal("0.6")
    assert book.result_of("first").is_settled
    assert not book.result_of("second").is_settled
    assert _pnl(book, "out") == _pnl(book, "first") + _pnl(book, "second")


def test_a_reversal_closes_the_one_side_and_opens_the_other() -> None:
    book = book_of(
        decision("in"),
        decision("turn"),
        order("a", BUY, "in"),
        order("b", SELL, "turn"),
        fill("1", "a", BUY, "1", "100"),
        fill("2", "b", SELL, "3", "90", fee="3"),
        fill("3", "by hand", BUY, "2", "80"),
    )
    assert _pnl(book, "in") == -10 - 1
    assert _pnl(book, "turn") == (20 - 2) + (-10 - 1)


def test_a_decision_s_own_stop_is_counted_once() -> None:
    book = book_of(
        decision("in"),
        order("a", BUY, "in"),
        order("a-sl", SELL, "in"),
        fill("1", "a", BUY, "2", "100"),
        fill("2", "a-sl", SELL, "2", "95", fee="0.5"),
    )
    assert _pnl(book, "in") == Decimal("-10.5")
    assert book.result_of("in").is_settled


def test_what_is_told_twice_counts_once_and_orders_may_come_late() -> None:
    opening, closing = fill("1", "a", BUY, "1", "100"), fill("2", "b", SELL, "1", "101")
    book = book_of(opening, closing, opening, closing, order("a", BUY, "in"), decision("in"))
    assert _pnl(book, "in") == 1


_fills = st.lists(
    st.tuples(
        st.sampled_from([BUY, SELL]),
        st.integers(1, 50).map(lambda lots: Decimal(lots) / 10),
        st.integers(50, 150).map(Decimal),
        st.integers(0, 30).map(lambda fee: Decimal(fee) / 100),
    ),
    min_size=1,
    max_size=30,
)


@given(_fills)
def test_all_entries_together_came_to_what_the_cash_did(
    fills: list[tuple[Side, Decimal, Decimal, Decimal]],
) -> None:
    """Once flat, profits after fees are exactly what was sold for less what was bought for."""
    held = sum((side.sign * quantity for side, quantity, _, _ in fills), Decimal(0))
    if held:
        fills = [*fills, (SELL if held > 0 else BUY, abs(held), Decimal(99), Decimal("0.07"))]
    lots = SymbolLots(1, "BTC")
    closings = [
        closing
        for number, (side, quantity, price, fee) in enumerate(fills)
        for closing in lots.take(
            fill(str(number), f"o{number}", side, str(quantity), str(price), fee=str(fee))
        )
    ]
    cash = sum((-side.sign * quantity * price - fee for side, quantity, price, fee in fills), Decimal(0))
    assert not any(lot.held for lot in lots.lots)
    tiny = Decimal("1e-18")
    assert abs(sum((lot.gross - lot.fees for lot in lots.lots), Decimal(0)) - cash) < tiny
    assert abs(sum((closing.pnl for closing in closings), Decimal(0)) - cash) < tiny
