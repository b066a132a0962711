"""Fills on candles alone: never better than the candle can prove."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.account import BacktestAccount
from engine.backtest.market.candle_market import CandleMarket
from engine.backtest.request_check import HIGHEST_SLIPPAGE
from engine.exchanges.instruments import INSTRUMENTS
from engine.model.decision import Decision
from engine.model.fill import Fill, Liquidity
from engine.model.order import Side
from tests.backtest.made_history import (
    START_MS,
    Bar,
    D,
    account_on,
    at,
    bars,
    flat,
    history,
    market_on,
    order,
    series,
)


def after(
    candles: Sequence[Bar],
    decision: Decision,
    *,
    minute: int = 0,
    slippage: str = "0",
    others: Sequence[Bar] | None = None,
) -> tuple[BacktestAccount, CandleMarket]:
    """Carry one decision out at a bar's open and let the whole history go by."""
    symbols = {"BTC": series(candles)} | ({} if others is None else {"ETH": series(others)})
    past = history(symbols)
    market = market_on(past, slippage)
    account = account_on(past, market)
    account.advance(at(minute))
    account.carry_out([decision], "0")
    account.advance(at(len(candles)) - 1)
    return account, market


def exits(account: BacktestAccount) -> list[tuple[Decimal, str]]:
    """Price and kind of each exit that came by itself."""
    return [(fill.price, fill.client_order_id.rsplit("-", 1)[-1]) for fill in account.fills[1:]]


def test_a_stop_wins_over_a_target_of_the_same_candle_for_a_long() -> None:
    account, _ = after([(100, 110, 90, 105), *flat(105, 2)], order("buy", quantity="1", stop=95, target=105))
    assert exits(account) == [(D(95), "sl")]


def test_a_stop_wins_over_a_target_of_the_same_candle_for_a_short() -> None:
    account, _ = after([(100, 110, 90, 95), *flat(95, 2)], order("sell", quantity="1", stop=105, target=95))
    assert exits(account) == [(D(105), "sl")]


@pytest.mark.parametrize(("low", "expected"), [(95.1, []), (95, [(D(95), "sl")]), (94.9, [(D(95), "sl")])])
def test_a_stop_fills_at_its_price_once_the_candle_reaches_it(
    low: float, expected: list[tuple[Decimal, str]]
) -> None:
    account, _ = after([(100, 101, low, 100), *flat(100, 2)], order("buy", quantity="1", stop=95))
    assert exits(account) == expected


@pytest.mark.parametrize(
    ("high", "expected"), [(104.9, []), (105, [(D(105), "tp")]), (109, [(D(105), "tp")])]
)
def test_a_target_fills_at_its_price_once_the_candle_reaches_it(
    high: float, expected: list[tuple[Decimal, str]]
) -> None:
    account, _ = after([(100, high, 99, 100), *flat(100, 2)], order("buy", quantity="1", target=105))
    assert exits(account) == expected


def test_the_rest_of_the_entry_bar_counts() -> None:
    account, _ = after([*flat(100, 3), (100, 100, 94, 100)], order("buy", quantity="1", stop=95), minute=3)
    assert exits(account) == [(D(95), "sl")]
    assert at(3) < account.fills[1].ts_ms < at(4)


def test_what_was_before_the_entry_does_not_count() -> None:
    account, _ = after(
        [(100, 120, 80, 100), *flat(100, 3)], order("buy", quantity="1", stop=95, target=105), minute=1
    )
    assert exits(account) == []


@pytest.mark.parametrize(
    ("decision", "gap"),
    [
        (order("buy", quantity="1", stop=95), 90),
        (order("buy", quantity="1", target=105), 110),
        (order("sell", quantity="1", stop=105), 110),
        (order("sell", quantity="1", target=95), 90),
    ],
)
def test_a_gap_beyond_the_trigger_fills_at_the_open(decision: Decision, gap: float) -> None:
    account, _ = after([*flat(100, 1), *flat(gap, 2)], decision)
    (exit_,) = account.fills[1:]
    assert (exit_.price, exit_.ts_ms) == (D(gap), at(1))


@pytest.mark.parametrize(("low", "fills"), [(95.1, False), (95, False), (94.9999999999, True), (94, True)])
def test_a_resting_limit_fills_only_when_the_price_goes_through_it(low: float, fills: bool) -> None:
    account, _ = after(
        [(100, 100, low, 100), *flat(100, 1)], order("buy", quantity="1", limit=95, rests=True)
    )
    assert [fill.price for fill in account.fills] == ([D(95)] if fills else [])
    assert all(fill.liquidity is Liquidity.MAKER for fill in account.fills)


def test_the_target_of_a_resting_entry_is_not_reached_by_the_move_before_it() -> None:
    resting = order("buy", quantity="1", limit=95, target=105, rests=True)
    account, _ = after([(100, 110, 90, 96), *flat(96, 1)], resting)
    assert [fill.price for fill in account.fills] == [D(95)]


def test_the_stop_of_a_resting_entry_trades_in_the_bar_that_fills_it() -> None:
    resting = order("buy", quantity="1", limit=95, stop=92, rests=True)
    account, _ = after([(100, 100, 90, 99), *flat(99, 1)], resting)
    assert [fill.price for fill in account.fills] == [D(95), D(92)]


@pytest.mark.parametrize("operation", ["buy", "sell"])
def test_slippage_makes_every_taker_fill_worse_by_its_share(operation: str) -> None:
    sign = 1 if operation == "buy" else -1
    stop = 100 - 5 * sign
    account, _ = after(
        [*flat(100, 1), (100, 110, 90, 100), *flat(100, 1)],
        order(operation, quantity="1", stop=stop),
        slippage="0.001",
    )
    entry, exit_ = account.fills
    assert entry.price == D(100) * (1 + sign * D("0.001"))
    assert exit_.price == D(stop) * (1 - sign * D("0.001"))


def test_at_the_most_slippage_that_is_taken_a_stop_still_trades() -> None:
    account, _ = after(
        [*flat(100, 1), (100, 100, 90, 100), *flat(100, 1)],
        order("buy", quantity="1", stop=95),
        slippage=str(HIGHEST_SLIPPAGE),
    )
    assert [fill.price for fill in account.fills] == [D(104), D("91.2")]


def test_a_stop_never_sees_the_prices_of_another_symbol() -> None:
    """Error 3 of the contract's section 7.3."""
    account, _ = after(
        flat(100, 4),
        order("buy", "BTC", quantity="1", stop=95, target=105),
        others=[(100, 200, 1, 100)] * 4,
    )
    assert exits(account) == []


def test_two_symbols_move_side_by_side_inside_a_bar() -> None:
    past = history(
        {
            "BTC": series([*flat(100, 1), (100, 110, 100, 100), *flat(100, 1)]),
            "ETH": series([*flat(50, 1), (50, 50, 40, 50), *flat(50, 1)]),
        }
    )
    account = account_on(past, market_on(past))
    account.carry_out([order("buy", "BTC", quantity="1", target=105)], "0")
    account.carry_out([order("buy", "ETH", quantity="1", stop=45)], "0")
    account.advance(at(3) - 1)
    assert [fill.symbol for fill in account.fills[2:]] == ["ETH", "BTC"]


def test_with_a_venue_prices_are_on_its_ticks() -> None:
    past = history({"BTC": series([(100.04, 100.26, 99.84, 100.16)] * 2)}, instruments=INSTRUMENTS)
    market = market_on(past)
    assert market.quote_at("BTC", at(0)).mark == D("100.0")
    assert market.mark_before("BTC", at(1)) == D("100.2")
    assert market.bars("BTC").high[0] == 100.3
    assert market.bars("BTC").low[0] == 99.8
    slipped = market_on(past, "0.0001").quote_at("BTC", at(0))
    assert (slipped.bid, slipped.ask) == (D("99.9"), D("100.1"))


@settings(max_examples=60)
@given(st.data())
def test_the_quotes_of_many_times_are_those_of_each(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(["none", "venue"]))
    slippage = data.draw(st.sampled_from(["0", "0.0005", "0.001", "0.0003"]))
    past = history(
        {"BTC": series(data.draw(bars(12)), [0, 1, 2, 3, 6, 7, 8, 9, 10, 15, 16, 17])},
        instruments=INSTRUMENTS if step == "venue" else None,
    )
    market = market_on(past, slippage)
    times = np.array(sorted(data.draw(st.lists(st.integers(START_MS, at(20)), min_size=1))), dtype=np.int64)
    columns = market.quotes_at("BTC", times)
    for row, ts_ms in enumerate(times.tolist()):
        quote = market.quote_at("BTC", ts_ms)
        assert columns.mark[row] == float(quote.mark)
        assert columns.bid[row] == float(quote.bid)
        assert columns.ask[row] == float(quote.ask)


@settings(max_examples=60)
@given(st.data())
def test_no_price_is_known_before_it_was_shown(data: st.DataObject) -> None:
    """The mark before a time, and the quote at it, are those of a history that ends there."""
    rows = series(data.draw(bars(10)))
    ts_ms = data.draw(st.integers(START_MS + 1, at(10) - 1))
    known = int((rows.open_ms <= ts_ms).sum())
    cut = rows.slice(0, known)
    forming = known - 1
    for column in ("high", "low", "close"):
        values = getattr(cut, column).copy()
        if ts_ms < at(known):
            values[forming] = rows.open[forming]
        setattr_free = {column: values}
        cut = type(cut)(
            **{name: setattr_free.get(name, getattr(cut, name)) for name in cut.__struct_fields__}
        )
    whole = market_on(history({"BTC": rows}))
    told = market_on(history({"BTC": cut}))
    assert whole.quote_at("BTC", ts_ms) == told.quote_at("BTC", ts_ms)
    assert whole.mark_before("BTC", ts_ms) == told.mark_before("BTC", ts_ms)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nobody_trades_at_a_price_the_bar_did_not_have(data: st.DataObject) -> None:
    candles = data.draw(bars(10))
    stop, target = data.draw(st.integers(1, 60)) / 10, data.draw(st.integers(1, 60)) / 10
    opened = candles[2][0]
    operation = data.draw(st.sampled_from(["buy", "sell"]))
    sign = 1 if operation == "buy" else -1
    stop, target = round(opened - sign * stop, 1), round(opened + sign * target, 1)
    decision = order(operation, quantity="1", stop=stop, target=target)
    account, _ = after(candles, decision, minute=2)
    for fill in account.fills:
        row = (fill.ts_ms - START_MS) // 60_000
        _, high, low, _ = candles[row]
        assert low <= float(fill.price) <= high
    assert is_the_worst_that_could_be(candles, account.fills, stop, target)


def is_the_worst_that_could_be(
    candles: Sequence[Bar], fills: Sequence[Fill], stop: float, target: float
) -> bool:
    """A slow model of the rule: bar by bar, a stop before a target, gaps at the open."""
    long = fills[0].side is Side.BUY
    expected: float | None = None
    for row, (open_, high, low, _) in enumerate(candles[2:]):
        stopped = (low <= stop) if long else (high >= stop)
        reached = (high >= target) if long else (low <= target)
        gap_stop = row and ((open_ <= stop) if long else (open_ >= stop))
        gap_target = row and ((open_ >= target) if long else (open_ <= target))
        if gap_stop or gap_target:
            expected = open_
        elif stopped:
            expected = stop
        elif reached:
            expected = target
        if expected is not None:
            break
    found = [float(fill.price) for fill in fills[1:]]
    return found == ([] if expected is None else [pytest.approx(expected)])
