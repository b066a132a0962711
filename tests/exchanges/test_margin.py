"""The arithmetic of one isolated-margin position."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.exchanges.margin import (
    Trade,
    apply_fill,
    apply_funding,
    bankruptcy_price,
    fee_of,
    funding_payment,
    initial_margin,
    is_liquidated,
    liquidation_fill_price,
    liquidation_price,
)
from engine.model.fill import Liquidity
from engine.model.order import Side
from engine.model.position import Position
from tests.exchanges.paper_market import BTC, d


def trade(
    side: Side, quantity: str | Decimal, price: str | Decimal, leverage: int = 10, fee: str = "0"
) -> Trade:
    return Trade(
        trader_id=1,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=d(fee),
        leverage=leverage,
        mark=Decimal(price),
        ts_ms=1,
    )


def opened(side: Side, quantity: str, price: str, leverage: int = 10) -> Position:
    position = apply_fill(None, trade(side, quantity, price, leverage), BTC).position
    assert position is not None
    return position


def test_opening_sets_aside_notional_over_leverage() -> None:
    change = apply_fill(None, trade(Side.SELL, "0.5", "60000", leverage=5, fee="15"), BTC)
    assert change.position is not None
    assert change.position.quantity == d("-0.5")
    assert change.position.isolated_margin == d(6000) == change.margin_moved
    assert change.position.fees == d(15)
    assert change.opened_quantity == d("0.5")
    assert change.realized_pnl == change.closed_quantity == 0


def test_adding_averages_the_entry_and_keeps_the_time_it_opened() -> None:
    change = apply_fill(opened(Side.BUY, "1", "60000"), trade(Side.BUY, "3", "64000"), BTC)
    assert change.position is not None
    assert change.position.entry_price == d(63000)
    assert change.position.isolated_margin == d(6000) + d(19200)
    assert change.realized_pnl == 0


def test_adding_shows_the_leverage_the_whole_position_has() -> None:
    large = opened(Side.BUY, "1", "60000", leverage=1)
    change = apply_fill(large, trade(Side.BUY, "0.01", "60000", leverage=5), BTC)
    assert change.position is not None
    assert change.position.isolated_margin == d(60000) + d(120)
    assert change.position.leverage == 2, "1.008 rounded up"
    small = opened(Side.SELL, "0.3", "60000.1", leverage=3)
    change = apply_fill(small, trade(Side.SELL, "0.3", "60000.1", leverage=6), BTC)
    assert change.position is not None
    assert change.position.leverage == 4, "exactly: 2 / (1/3 + 1/6)"


def test_reducing_realises_its_share_and_releases_its_share_of_margin() -> None:
    change = apply_fill(opened(Side.BUY, "1", "60000"), trade(Side.SELL, "0.25", "62000"), BTC)
    assert change.position is not None
    assert change.realized_pnl == d(500)
    assert change.position.quantity == d("0.75")
    assert change.position.entry_price == d(60000)
    assert change.margin_moved == d(-1500)


def test_a_flip_closes_and_opens_the_rest_at_its_own_price() -> None:
    change = apply_fill(opened(Side.BUY, "1", "60000"), trade(Side.SELL, "1.5", "58000", 2, fee="43.5"), BTC)
    assert change.position is not None
    assert change.realized_pnl == d(-2000)
    assert (change.closed_quantity, change.opened_quantity) == (d(1), d("0.5"))
    assert change.position.quantity == d("-0.5")
    assert change.position.entry_price == d(58000)
    assert change.position.isolated_margin == d(14500)
    assert change.position.fees == d("14.5")


def test_initial_margin_of_the_venues_own_example() -> None:
    """ADAUSDT in the account v3 page: notional 12.314277, leverage 20."""
    assert initial_margin(d("12.314277"), 20) == d("0.61571385")


def test_fee_depends_on_who_provides_liquidity() -> None:
    assert fee_of(d(100_000), Liquidity.TAKER, BTC) == d(50)
    assert fee_of(d(100_000), Liquidity.MAKER, BTC) == d(20)


def test_a_long_without_leverage_cannot_be_liquidated() -> None:
    assert opened(Side.BUY, "1", "60000", leverage=1).liquidation_price is None


def test_funding_is_paid_by_longs_and_received_by_shorts_when_the_rate_is_positive() -> None:
    assert funding_payment(d(2), d(60000), d("0.0001")) == d(-12)
    assert funding_payment(d(-2), d(60000), d("0.0001")) == d(12)
    position = apply_funding(opened(Side.BUY, "2", "60000"), d(-12), d(60000), BTC)
    assert (position.funding, position.isolated_margin) == (d(-12), d(11988))


prices = st.integers(10_000, 2_000_000).map(lambda ticks: ticks * BTC.tick_size)
quantities = st.integers(1, 100_000).map(lambda lots: lots * BTC.lot_size)
sides = st.sampled_from(Side)


@given(sides, quantities, prices, st.integers(1, 125))
def test_at_the_liquidation_price_equity_equals_maintenance(
    side: Side, quantity: Decimal, price: Decimal, leverage: int
) -> None:
    position = apply_fill(None, trade(side, quantity, price, leverage), BTC).position
    assert position is not None
    at = liquidation_price(position.quantity, position.entry_price, position.isolated_margin, BTC)
    if at is None:
        assert side is Side.BUY
        assert position.isolated_margin >= quantity * price
        return
    equity = position.isolated_margin + position.quantity * (at - position.entry_price)
    assert abs(equity - quantity * at * BTC.maintenance_margin_rate) < d("0.001")
    assert is_liquidated(position, at)
    assert not is_liquidated(position, price)


@given(sides, quantities, prices, st.integers(2, 125), prices)
def test_a_liquidation_never_costs_more_than_the_isolated_margin(
    side: Side, quantity: Decimal, price: Decimal, leverage: int, mark: Decimal
) -> None:
    position = apply_fill(None, trade(side, quantity, price, leverage), BTC).position
    assert position is not None
    at = liquidation_fill_price(position, mark, BTC)
    closing = apply_fill(position, trade(side.opposite, quantity, at), BTC)
    left = position.isolated_margin + closing.realized_pnl - fee_of(quantity * at, Liquidity.TAKER, BTC)
    assert left >= 0
    if at != mark:
        assert at == bankruptcy_price(position, BTC)


@given(st.lists(st.tuples(quantities, prices, st.integers(1, 125)), min_size=1, max_size=8))
def test_the_leverage_shown_is_never_below_the_true_one_nor_above_any_that_was_asked_for(
    trades: list[tuple[Decimal, Decimal, int]],
) -> None:
    position: Position | None = None
    for quantity, price, leverage in trades:
        position = apply_fill(position, trade(Side.BUY, quantity, price, leverage), BTC).position
    assert position is not None
    true = position.quantity * position.entry_price / position.isolated_margin
    assert true - d("0.001") <= position.leverage <= max(leverage for *_, leverage in trades)
    if len({leverage for *_, leverage in trades}) == 1:
        assert position.leverage == trades[0][2]


@given(st.lists(st.tuples(sides, quantities, prices), min_size=1, max_size=20), prices)
def test_profit_equals_what_was_paid_and_received(
    trades: list[tuple[Side, Decimal, Decimal]], mark: Decimal
) -> None:
    """Whatever the path, realised plus unrealised profit is the cash flow plus what is held at the mark."""
    position: Position | None = None
    realized = flow = held = margin = Decimal(0)
    for side, quantity, price in trades:
        change = apply_fill(position, trade(side, quantity, price), BTC)
        position = change.position
        realized += change.realized_pnl
        margin += change.margin_moved
        flow -= side.sign * quantity * price
        held += side.sign * quantity
        assert (position.quantity if position else 0) == held
        assert (position.isolated_margin if position else 0) == margin
    unrealized = position.quantity * (mark - position.entry_price) if position else Decimal(0)
    assert abs(realized + unrealized - (flow + held * mark)) < d("0.0001")
