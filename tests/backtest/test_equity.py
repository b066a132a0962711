"""Equity at the close of every bar, worked out block by block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest import equity
from engine.backtest.account import AccountChange
from engine.backtest.equity import EquityTimeline, bar_closes, closing_marks
from engine.market.candles.series import CandleSeries
from tests.backtest.made_history import START_MS, D, at, flat, gappy, history, market_on, series

BARS = 24
SYMBOLS = ("BTC", "ETH")


@st.composite
def changes(draw: st.DrawFn) -> list[AccountChange]:
    """What an account was changed to, at its start and at any times up to after the last bar."""
    amounts = st.decimals(-50, 50, places=2)
    holding = st.tuples(st.sampled_from(SYMBOLS), amounts, st.decimals(1, 200, places=2))
    holdings = st.lists(holding, max_size=2, unique_by=lambda each: each[0]).map(tuple)
    minutes = draw(
        st.lists(st.integers(0, 2 * BARS + 4).map(lambda half: at(half // 2) + half % 2), max_size=8)
    )
    started = AccountChange(START_MS, D(1000), (), by_order=False)
    return [
        started,
        *(
            AccountChange(ts_ms, draw(st.decimals(-500, 2000, places=2)), draw(holdings), by_order=True)
            for ts_ms in sorted(minutes)
        ),
    ]


@settings(max_examples=80)
@given(changes(), gappy(BARS), gappy(BARS), st.integers(1, 30), st.integers(0, BARS - 2), st.integers(0, 3))
def test_over_all_bars_is_what_it_is_at_each(
    changed: list[AccountChange], btc: CandleSeries, eth: CandleSeries, block: int, first: int, cut: int
) -> None:
    market = market_on(history({"BTC": btc, "ETH": eth}))
    timeline = EquityTimeline(changed, SYMBOLS)
    close_ms = bar_closes(market, SYMBOLS, at(first), at(BARS - cut))
    times = close_ms[np.arange(len(close_ms))]
    marks = {symbol: closing_marks(market, symbol, close_ms) for symbol in SYMBOLS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equity, "BLOCK", block)
        worth, held = timeline.over(close_ms, marks)
    assert worth.tolist() == timeline.at(times, marks, before=True).tolist()
    for row, ts_ms in enumerate(times.tolist()):
        last = [change for change in changed if change.ts_ms < ts_ms] or changed[:1]
        assert held[row] == any(quantity != 0 for _, quantity, _ in last[-1].holdings)


@settings(max_examples=80)
@given(gappy(BARS), gappy(BARS), st.integers(0, BARS - 2), st.integers(0, 3))
def test_a_closing_mark_is_the_close_of_the_last_bar_that_has_closed(
    btc: CandleSeries, eth: CandleSeries, first: int, cut: int
) -> None:
    market = market_on(history({"BTC": btc, "ETH": eth}))
    close_ms = bar_closes(market, SYMBOLS, at(first), at(BARS - cut))
    times = close_ms[np.arange(len(close_ms))].tolist()
    opened = {*btc.open_ms.tolist(), *eth.open_ms.tolist()}
    assert times == [ms + market.bar_ms for ms in sorted(opened) if at(first) <= ms <= at(BARS - cut - 1)]
    for symbol in SYMBOLS:
        marks = closing_marks(market, symbol, close_ms)
        assert marks.tolist() == [float(market.mark_before(symbol, ts_ms)) for ts_ms in times]


def test_of_a_symbol_that_begins_later_or_ends_earlier_the_nearest_price_counts() -> None:
    past = history({"BTC": series(flat(100, 6)), "ETH": series([(5, 5, 5, 6), (6, 8, 6, 8)], [2, 3])})
    market = market_on(past)
    close_ms = bar_closes(market, SYMBOLS, START_MS, at(6))
    assert closing_marks(market, "ETH", close_ms).tolist() == [5, 5, 6, 8, 8, 8]


def test_what_was_bought_before_1970_is_held() -> None:
    holdings = (("BTC", D(2), D(90)),)
    timeline = EquityTimeline([AccountChange(-120_000, D(7), holdings, by_order=True)], SYMBOLS)
    market = market_on(history({"BTC": series(flat(100, 3)), "ETH": series(flat(1, 3))}))
    close_ms = bar_closes(market, SYMBOLS, START_MS, at(3))
    marks = {symbol: closing_marks(market, symbol, close_ms) for symbol in SYMBOLS}
    worth, held = timeline.over(close_ms, marks)
    assert (worth.tolist(), held.tolist()) == ([27, 27, 27], [True] * 3)
