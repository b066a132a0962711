"""The account jumps over everything in which nothing can happen, and that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.account import BacktestAccount
from engine.backtest.history import LoadedHistory
from engine.backtest.market.candle_market import CandleMarket
from engine.exchanges.wallet import SymbolState
from engine.market.periods import MINUTE_MS
from engine.model.decision import Decision
from engine.model.order import OrderStatus
from tests.backtest.made_history import (
    START_MS,
    D,
    account_on,
    at,
    flat,
    gappy,
    history,
    market_on,
    order,
    series,
    settlements,
    trader_on,
)

BARS = 24
NEVER_MS = 2**62


class EveryBarAccount(BacktestAccount):
    """Looks at every bar, whether or not something in it can touch the account."""

    def _next_touch_ms(self, symbol: str, state: SymbolState, until_ms: int) -> int:
        opens = self._market.bars(symbol).open_ms
        ends = opens + self._market.bar_ms - 1
        row = int((ends <= self.now_ms).sum())
        return int(opens[row]) if row < len(opens) and int(opens[row]) <= until_ms else NEVER_MS


class Asked(msgspec.Struct, frozen=True):
    """A decision and the minute it is carried out in, its prices relative to the open there."""

    minute: int
    operation: str
    symbol: str
    portion: str
    leverage: int
    limit_pct: int
    stop_pct: int | None
    target_pct: int | None
    rests: bool


def decision_of(asked: Asked, market: CandleMarket) -> Decision:
    price = float(market.quote_at(asked.symbol, at(asked.minute)).mark)
    sign = -1 if asked.operation == "sell" else 1

    def away(percent: int | None, way: int) -> float | None:
        return None if percent is None else round(price * (1 + way * sign * percent / 100), 1)

    return order(
        asked.operation,
        asked.symbol,
        portion=asked.portion,
        leverage=asked.leverage,
        limit=away(asked.limit_pct, 1) if asked.operation != "close" else None,
        stop=away(asked.stop_pct, -1) if asked.operation != "close" else None,
        target=away(asked.target_pct, 1) if asked.operation != "close" else None,
        rests=asked.rests and asked.operation != "close",
    )


def percents() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(1, 6)


@st.composite
def plans(draw: st.DrawFn, symbols: Sequence[str]) -> list[Asked]:
    asked = st.builds(
        Asked,
        minute=st.integers(0, BARS - 1),
        operation=st.sampled_from(["buy", "buy", "sell", "sell", "close"]),
        symbol=st.sampled_from(symbols),
        portion=st.sampled_from(["0.1", "0.3", "0.5", "1"]),
        leverage=st.sampled_from([1, 2, 10, 20, 50]),
        limit_pct=st.integers(-3, 3),
        stop_pct=percents(),
        target_pct=percents(),
        rests=st.booleans(),
    )
    return sorted(draw(st.lists(asked, min_size=1, max_size=8)), key=lambda each: each.minute)


@st.composite
def histories(draw: st.DrawFn, max_symbols: int = 3) -> LoadedHistory:
    symbols = ("BTC", "ETH", "SOL")[: draw(st.integers(1, max_symbols))]
    due = st.tuples(st.integers(0, BARS - 1).map(at), st.sampled_from([0, 0, 4, 25_000, 40_000, 59_999])).map(
        sum
    )
    rates = st.lists(
        st.tuples(due, st.sampled_from([0.01, -0.02, 0.0001])), max_size=4, unique_by=lambda x: x[0]
    )
    return history(
        {symbol: draw(gappy(BARS)) for symbol in symbols},
        funding={symbol: settlements(*draw(rates)) for symbol in symbols},
        fees=(D("0.0005"), D("0.0002")),
    )


def carried_out(account: BacktestAccount, market: CandleMarket, plan: Sequence[Asked]) -> BacktestAccount:
    for number, asked in enumerate(plan):
        account.advance(at(asked.minute))
        account.carry_out([decision_of(asked, market)], str(number))
    account.advance(at(BARS) - 1)
    return account


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_jumping_equals_looking_at_every_bar(data: st.DataObject) -> None:
    past = data.draw(histories())
    market = market_on(past, data.draw(st.sampled_from(["0", "0.001"])))
    plan = data.draw(plans(past.symbols))
    jumped = carried_out(account_on(past, market), market, plan)
    walker = EveryBarAccount(trader_on(past), past.instruments, market, past.funding, START_MS)
    walked = carried_out(walker, market, plan)
    assert jumped.wallet == walked.wallet
    assert jumped.fills == walked.fills
    assert jumped.funding == walked.funding
    assert jumped.changes == walked.changes
    assert jumped.orders == walked.orders
    assert jumped.open_orders == walked.open_orders
    assert jumped.positions == walked.positions


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_how_far_is_advanced_at_once_changes_nothing(data: st.DataObject) -> None:
    past = data.draw(histories())
    market = market_on(past)
    plan = data.draw(plans(past.symbols))
    stops = sorted(data.draw(st.lists(st.integers(START_MS, at(BARS) - 1), max_size=12)))
    once = carried_out(account_on(past, market), market, plan)
    often = account_on(past, market)
    for number, asked in enumerate(plan):
        for stop in stops:
            if often.now_ms < stop < at(asked.minute):
                often.advance(stop)
        often.advance(at(asked.minute))
        often.carry_out([decision_of(asked, market)], str(number))
    for stop in stops:
        if often.now_ms < stop:
            often.advance(stop)
    often.advance(at(BARS) - 1)
    assert once.wallet == often.wallet
    assert once.fills == often.fills
    assert once.changes == often.changes


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_time_never_goes_back_in_what_an_account_writes_down(data: st.DataObject) -> None:
    past = data.draw(histories())
    market = market_on(past)
    account = carried_out(account_on(past, market), market, data.draw(plans(past.symbols)))
    for times in (
        [change.ts_ms for change in account.changes],
        [fill.ts_ms for fill in account.fills],
        [paid.ts_ms for paid in account.funding],
    ):
        assert times == sorted(times)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_position_never_loses_more_than_its_margin_and_the_account_never_more_than_it_has(
    data: st.DataObject,
) -> None:
    past = data.draw(histories())
    market = market_on(past)
    account = carried_out(account_on(past, market), market, data.draw(plans(past.symbols)))
    marks = {symbol: market.mark_before(symbol, at(BARS)) for symbol in past.symbols}
    # Isolated margin: what was not set aside for a position is never touched by it.
    assert account.wallet.cash + sum(
        (p.quantity * (marks[p.symbol] - p.entry_price) for p in account.positions.values()), Decimal(0)
    ) >= Decimal(0)
    for position in account.positions.values():
        worth = position.isolated_margin + position.quantity * (marks[position.symbol] - position.entry_price)
        assert worth > 0


def test_a_liquidation_happens_inside_the_candle_at_its_price() -> None:
    past = history({"BTC": series([*flat(100, 2), (100, 100, 80, 99), *flat(99, 2)])})
    market = market_on(past)
    account = account_on(past, market)
    account.carry_out([order("buy", portion="0.5", leverage=10)], "0")
    liquidation = account.positions["BTC"].liquidation_price
    assert liquidation is not None
    account.advance(at(5) - 1)
    exit_ = account.fills[-1]
    assert exit_.price == liquidation
    assert at(2) < exit_.ts_ms < at(3)
    # The part of the cash that was not its margin is untouched.
    assert account.wallet.cash >= D(5_000)
    assert not account.positions


def test_a_gap_beyond_bankruptcy_costs_the_margin_and_no_more() -> None:
    past = history({"BTC": series([*flat(100, 2), *flat(50, 2)])})
    market = market_on(past)
    account = account_on(past, market)
    account.carry_out([order("buy", portion="0.5", leverage=10)], "0")
    margin = account.positions["BTC"].isolated_margin
    account.advance(at(4) - 1)
    assert not account.positions
    assert account.wallet.cash == D(10_000) - margin


def test_funding_is_paid_at_the_mark_that_was_last_seen_and_once() -> None:
    bars = [(100, 120, 90, 110), (130, 140, 120, 135), (135, 150, 130, 145)]
    past = history({"BTC": series(bars)}, funding={"BTC": settlements((at(1), 0.01))})
    account = account_on(past, market_on(past))
    account.carry_out([order("sell", quantity="1")], "0")
    account.advance(at(3) - 1)
    (paid,) = account.funding
    # The last mark before the settlement is the close of the bar before it.
    assert (paid.ts_ms, paid.amount) == (at(1), D("1.1"))


def test_funding_a_moment_after_a_bars_open_knows_the_open_and_not_the_close() -> None:
    bars = [(100, 100, 100, 100), (130, 500, 120, 400), (400, 400, 400, 400)]
    past = history({"BTC": series(bars)}, funding={"BTC": settlements((at(1) + 4, 0.01))})
    account = account_on(past, market_on(past))
    account.carry_out([order("sell", quantity="1")], "0")
    account.advance(at(3) - 1)
    assert [paid.amount for paid in account.funding] == [D("1.3")]


def test_funding_inside_a_bar_in_which_an_order_trades_is_settled_and_time_goes_on() -> None:
    bars = [*flat(100, 1), (100, 130, 80, 100), *flat(100, 2)]
    past = history({"BTC": series(bars)}, funding={"BTC": settlements((at(1) + 30_000, 0.01))})
    account = account_on(past, market_on(past))
    account.carry_out([order("buy", quantity="1", target=125)], "0")
    account.advance(at(4) - 1)
    assert [paid.amount for paid in account.funding] == [D("-1")]
    assert [fill.price for fill in account.fills] == [D(100), D(125)]


def test_a_position_opened_as_funding_falls_due_does_not_pay_it() -> None:
    past = history({"BTC": series(flat(100, 4))}, funding={"BTC": settlements((at(1), 0.01), (at(2), 0.01))})
    account = account_on(past, market_on(past))
    account.advance(at(1))
    account.carry_out([order("buy", quantity="1")], "0")
    account.advance(at(4) - 1)
    assert [paid.ts_ms for paid in account.funding] == [at(2)]


def test_an_order_that_cannot_be_carried_out_changes_nothing_and_says_why() -> None:
    past = history({"BTC": series(flat(100, 3))})
    account = account_on(past, market_on(past))
    before = account.wallet
    outcomes = account.carry_out([order("buy", quantity="1000")], "0")
    assert account.wallet == before
    assert outcomes[0].order is None
    assert "insufficient margin" in outcomes[0].refusal
    (flat_close,) = account.carry_out([order("close")], "1")
    assert flat_close.refusal == "BTC is flat already"
    assert account.wallet == before


def test_a_guard_that_the_market_does_not_meet_expires() -> None:
    past = history({"BTC": series(flat(100, 3))})
    account = account_on(past, market_on(past))
    (outcome,) = account.carry_out([order("buy", quantity="1", limit=99)], "0")
    assert outcome.order is not None
    assert outcome.order.status is OrderStatus.EXPIRED
    assert not account.fills


def test_a_symbol_without_a_candle_now_has_no_price_to_trade_at() -> None:
    past = history({"BTC": series(flat(100, 6)), "ETH": series(flat(50, 4), [0, 1, 4, 5])})
    account = account_on(past, market_on(past))
    account.advance(at(2))
    (outcome,) = account.carry_out([order("buy", "ETH", quantity="1")], "0")
    assert "ETH has no price" in outcome.refusal
    account.advance(at(4))
    (outcome,) = account.carry_out([order("buy", "ETH", quantity="1")], "1")
    assert outcome.order is not None
    assert outcome.order.status is OrderStatus.FILLED


def test_the_days_profit_begins_with_the_equity_at_the_last_mark_before_midnight() -> None:
    past = history({"BTC": series([(100, 101, 99, 100.5), *flat(102, 3)])})
    account = account_on(past, market_on(past))
    account.carry_out([order("buy", quantity="10")], "0")
    account.advance(at(2))
    found = account.day_account({"BTC": D(102)}, at(2))
    assert found.equity == D(10_020)
    assert found.day_pnl == D(20)
    assert account.now_ms == START_MS + 2 * MINUTE_MS
