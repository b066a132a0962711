from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.intelligence.picture.large_trades import LARGE_TRADE_NOTIONAL, LargeTrades, zones
from engine.market.periods import Period
from engine.model.order import Side
from engine.model.trade import Trade

PRICE = Decimal(100_000)


def trade(trade_id: int, ts_ms: int, quantity: str, side: Side = Side.BUY) -> Trade:
    return Trade("BTC", PRICE, Decimal(quantity), side, trade_id, ts_ms)


def large(*trades: Trade) -> list[tuple[int, Side, float]]:
    tape = LargeTrades()
    tape.take(trades)
    return [(each.ts_ms, each.taker_side, each.notional) for each in tape.since(0, 10**15)]


def test_a_trade_is_large_from_the_threshold_on() -> None:
    assert LARGE_TRADE_NOTIONAL == 100_000
    assert large(trade(1, 1, "0.999"), trade(2, 2, "1"), trade(3, 3, "5", Side.SELL)) == [
        (2, Side.BUY, 100_000.0),
        (3, Side.SELL, 500_000.0),
    ]


def test_what_one_taker_takes_at_one_stroke_is_one_trade() -> None:
    pieces = [trade(number, 5, "0.3") for number in range(4)]
    other_side = trade(9, 5, "0.5", Side.SELL)
    assert large(*pieces, other_side, trade(10, 6, "0.1")) == [(5, Side.BUY, 120_000.0)]


trades = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["0.2", "0.6", "1.5"]), st.sampled_from(list(Side))),
    max_size=30,
)


@given(trades, st.integers(1, 7), st.integers(0, 5))
def test_a_tape_handed_over_in_overlapping_pieces_counts_once(
    steps: list[tuple[int, str, Side]], piece: int, overlap: int
) -> None:
    ts_ms, tape = 1, []
    for number, (step, quantity, side) in enumerate(steps):
        ts_ms += step
        tape.append(trade(number, ts_ms, quantity, side))
    piecewise = LargeTrades()
    for start in range(0, len(tape), piece):
        piecewise.take(tape[max(0, start - overlap) : start + piece])
        piecewise.since(0, 10**15)
    assert [(e.ts_ms, e.taker_side, e.notional) for e in piecewise.since(0, 10**15)] == large(*tape)


def test_a_window_and_a_tape_that_has_not_begun() -> None:
    tape = LargeTrades()
    assert not tape.has_tape
    tape.take([trade(1, 10, "2"), trade(2, 20, "2"), trade(3, 30, "2")])
    assert tape.has_tape
    assert [each.ts_ms for each in tape.since(10, 20)] == [10, 20]


def test_zones_add_up_by_candle() -> None:
    minute = 60_000
    tape = LargeTrades()
    tape.take(
        [
            trade(1, 0, "2"),
            trade(2, minute - 1, "1"),
            trade(3, minute - 1, "3", Side.SELL),
            trade(4, 5 * minute, "1", Side.SELL),
        ]
    )
    first, second = zones(tape.since(0, 10**9), Period.M1)
    assert (first.open_ms, first.buy_notional, first.buys) == (0, 300_000.0, 2)
    assert (first.sell_notional, first.sells) == (300_000.0, 1)
    assert (second.open_ms, second.buy_notional, second.sells) == (5 * minute, 0.0, 1)
    assert zones((), Period.M1) == ()
