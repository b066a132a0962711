"""Trades add up: every cent of the account is in exactly one of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.account import BacktestAccount
from engine.backtest.history import LoadedHistory
from engine.backtest.market.candle_market import CandleMarket
from engine.backtest.trades import TriggerTold, round_trips
from engine.model.backtest import BacktestTrade, ExitReason
from engine.model.decision import Decision
from engine.model.position import Position
from engine.model.quote import Quote
from tests.backtest.made_history import (
    START_MS,
    D,
    account_on,
    at,
    bars,
    flat,
    history,
    market_on,
    order,
    series,
    settlements,
    trader_on,
)
from tests.backtest.test_account import BARS, EveryBarAccount, carried_out, histories, plans

FEES = (D("0.001"), D("0.0005"))


def told(trigger: int) -> TriggerTold:
    return TriggerTold(f"reason {trigger}", "pool", ("signal",))


def traded(account: BacktestAccount, market: CandleMarket, end_ms: int) -> tuple[BacktestTrade, ...]:
    return round_trips(account, market, told, range(1_000_000), end_ms)


def run_of(
    past: LoadedHistory, *decided: tuple[int, Decision], minutes: int
) -> tuple[BacktestAccount, tuple[BacktestTrade, ...]]:
    """Carry decisions out at their minutes and return the trades."""
    market = market_on(past)
    account = account_on(past, market)
    for number, (minute, decision) in enumerate(decided):
        account.advance(at(minute))
        (outcome,) = account.carry_out([decision], str(number))
        assert outcome.order is not None, outcome.refusal
    account.advance(at(minutes) - 1)
    return account, traded(account, market, at(minutes))


def made(account: BacktestAccount, market: CandleMarket, end_ms: int) -> Decimal:
    """What the account has made, from its books."""
    open_profit = sum(
        (
            p.quantity * (market.mark_before(p.symbol, end_ms) - p.entry_price)
            for p in account.positions.values()
        ),
        Decimal(0),
    )
    return account.wallet.cash + open_profit - account.trader.initial_capital


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_profits_fees_and_funding_of_all_trades_are_those_of_the_account(data: st.DataObject) -> None:
    """Error 6 of the contract's section 7.3: profits are after fees, and nothing is dropped."""
    past = data.draw(histories())
    market = market_on(past, data.draw(st.sampled_from(["0", "0.001"])))
    account = carried_out(account_on(past, market), market, data.draw(plans(past.symbols)))
    trades = traded(account, market, at(BARS))
    assert sum((trade.pnl for trade in trades), Decimal(0)) == made(account, market, at(BARS))
    assert sum((trade.fees for trade in trades), Decimal(0)) == account.wallet.fees
    assert sum((trade.funding for trade in trades), Decimal(0)) == account.wallet.funding
    for trade in trades:
        assert trade.pnl == trade.gross_pnl - trade.fees + trade.funding
    assert {trade.symbol for trade in trades if trade.exit_reason is ExitReason.OPEN} == set(
        account.positions
    )


def test_a_reversal_is_two_trades_and_its_fee_is_split_between_them() -> None:
    """Error 6 of the contract's section 7.3: the close half of a reversal is a trade of its own."""
    prices = [100, 100, 110, 110, 120, 120]
    past = history({"BTC": series((p, p, p, p) for p in prices)}, fees=FEES)
    decided = [(0, order("buy", quantity="1")), (2, order("sell", quantity="3")), (4, order("close"))]
    account, trades = run_of(past, *decided, minutes=6)
    assert len(account.fills) == 3
    first, second = trades
    assert (first.side, first.exit_reason, first.exit_price) == ("long", ExitReason.REVERSAL, D(110))
    assert (second.side, second.exit_reason, second.entry_price) == ("short", ExitReason.DECISION, D(110))
    assert (first.quantity, second.quantity) == (D(1), D(2))
    # 0.1 % of 100 and of a third of 330, then of two thirds of it and of 240.
    assert (first.fees, second.fees) == (D("0.21"), D("0.46"))
    assert (first.pnl, second.pnl) == (D("9.79"), D("-20.46"))
    assert (first.trigger_index, first.exit_trigger_index) == (0, 1)
    assert (second.trigger_index, second.exit_trigger_index) == (1, 2)


def test_scaling_in_and_out_is_one_trade_at_the_averages_of_its_fills() -> None:
    prices = [100, 100, 120, 110, 130, 130]
    past = history({"BTC": series((p, p, p, p) for p in prices)})
    _, (trade,) = run_of(
        past,
        (0, order("buy", quantity="2")),
        (2, order("close", portion="0.5")),
        (3, order("buy", quantity="1")),
        (4, order("close")),
        minutes=6,
    )
    assert trade.quantity == D(3)
    assert trade.entry_price == D("103.33333333")
    assert trade.exit_price == D("126.66666667")
    assert trade.gross_pnl == D(120 - 100) + D(130 - 105) * 2
    assert trade.exit_reason is ExitReason.DECISION
    assert trade.exit_trigger_index == 3


def test_a_trade_still_open_after_scaling_is_worth_what_the_account_says() -> None:
    prices = [100, 110, 120, 120]
    past = history({"BTC": series((p, p, p, p) for p in prices)})
    account, (trade,) = run_of(
        past,
        (0, order("buy", quantity="1")),
        (1, order("close", portion="0.5")),
        (2, order("buy", quantity="0.5")),
        minutes=4,
    )
    assert trade.exit_reason is ExitReason.OPEN
    assert (trade.exit_ms, trade.exit_price, trade.exit_trigger_index) == (None, None, None)
    assert trade.pnl == D(120 - 105)
    assert trade.pnl == made(account, market_on(past), at(4))


@pytest.mark.parametrize(
    ("decision", "candle", "reason"),
    [
        (order("buy", quantity="1", stop=95), (100, 101, 94, 100), ExitReason.STOP_LOSS),
        (order("buy", quantity="1", target=105), (100, 106, 99, 100), ExitReason.TAKE_PROFIT),
        (order("sell", quantity="1", stop=105), (100, 106, 99, 100), ExitReason.STOP_LOSS),
        (order("buy", quantity="500", leverage=10), (100, 101, 80, 100), ExitReason.LIQUIDATION),
        (order("buy", quantity="1"), (100, 101, 99, 100), ExitReason.OPEN),
    ],
)
def test_what_ended_a_trade_is_told(
    decision: Decision, candle: tuple[float, float, float, float], reason: ExitReason
) -> None:
    past = history({"BTC": series([*flat(100, 1), candle, *flat(100, 1)])})
    _, (trade,) = run_of(past, (0, decision), minutes=3)
    assert trade.exit_reason is reason
    assert trade.trigger_index == 0
    assert trade.exit_trigger_index is None
    assert (trade.reason, trade.pool_name, trade.signals) == ("reason 0", "pool", ("signal",))


def test_funding_belongs_to_the_trade_that_was_held_when_it_fell_due() -> None:
    past = history({"BTC": series(flat(100, 8))}, funding={"BTC": settlements((at(1), 0.01), (at(5), -0.02))})
    _, trades = run_of(
        past,
        (0, order("buy", quantity="1")),
        (3, order("close")),
        (4, order("sell", quantity="2")),
        (5, order("close")),
        minutes=8,
    )
    # Settlements come before what is decided at their time.
    assert [trade.funding for trade in trades] == [D(-1), D(-4)]


class WatchedAccount(EveryBarAccount):
    """Writes down every price that was shown while a position was held, trade by trade."""

    def __init__(self, past: LoadedHistory, market: CandleMarket) -> None:
        super().__init__(trader_on(past), past.instruments, market, past.funding, START_MS)
        self.seen: list[list[float]] = []

    def take(self, quote: Quote) -> None:
        self._watch(float(quote.mark), lambda: super(WatchedAccount, self).take(quote))

    def decide(self, decision: Decision, number: int) -> None:
        self._watch(None, lambda: self.carry_out([decision], str(number)))

    def _watch(self, mark: float | None, happens: object) -> None:
        before, fills = self.position("BTC"), len(self.fills)
        assert callable(happens)
        happens()
        after = self.position("BTC")
        prices = [float(fill.price) for fill in self.fills[fills:]]
        if before is not None:
            # Once out, what the market did next is no longer the trade's.
            self.seen[-1] += prices or ([] if mark is None else [mark])
        if after is not None and (before is None or before.side is not after.side):
            self.seen.append(list(prices))
        if after is not None and mark is not None:
            self.seen[-1].append(mark)


def excursions(position_seen: Sequence[float], trade: BacktestTrade) -> tuple[float, float]:
    entry, low, high = float(trade.entry_price), min(position_seen), max(position_seen)
    against, favour = (entry - low, high - entry) if trade.side == "long" else (high - entry, entry - low)
    return against / entry * 100, favour / entry * 100


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_furthest_a_price_went_is_that_of_a_slow_watch(data: st.DataObject) -> None:
    candles = data.draw(bars(16))
    past = history({"BTC": series(candles)})
    market = market_on(past)
    account = WatchedAccount(past, market)
    minutes = sorted(data.draw(st.sets(st.integers(0, 15), min_size=1, max_size=5)))
    for number, minute in enumerate(minutes):
        account.advance(at(minute))
        position: Position | None = account.position("BTC")
        if position is not None:
            account.decide(order("close"), number)
            continue
        price = candles[minute][0]
        sign = data.draw(st.sampled_from([1, -1]))
        stop, target = data.draw(st.integers(1, 40)) / 10, data.draw(st.integers(1, 40)) / 10
        entry = round(price - sign * data.draw(st.sampled_from([0, 0, 5, 10])) / 10, 1)
        account.decide(
            order(
                "buy" if sign > 0 else "sell",
                quantity="1",
                limit=entry,
                rests=entry != price,
                stop=round(entry - sign * stop, 1),
                target=round(entry + sign * target, 1),
            )
            if not list(account.waiting("BTC"))
            else order("close"),
            number,
        )
    account.advance(at(16) - 1)
    trades = traded(account, market, at(16))
    assert len(trades) == len(account.seen)
    for trade, seen in zip(trades, account.seen, strict=True):
        against, favour = excursions(seen, trade)
        assert trade.mae_pct == pytest.approx(against)
        assert trade.mfe_pct == pytest.approx(favour)


def test_a_gap_out_counts_into_how_far_it_went_against() -> None:
    past = history({"BTC": series([*flat(100, 2), *flat(80, 2)])})
    _, (trade,) = run_of(past, (0, order("buy", quantity="1", stop=95)), minutes=4)
    assert trade.mae_pct == pytest.approx(20)
    assert trade.return_pct == pytest.approx(-20)
