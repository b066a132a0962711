"""The paper exchange's state machine, one behaviour at a time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import InvalidOrder, NotFound, OrderRejected
from engine.exchanges.base import BalanceReason, BalanceReport, PositionReport, WalletReport
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper_state import (
    AmendOrder,
    CancelOrder,
    QuoteUpdate,
    SettleFunding,
    apply,
    apply_quote,
)
from engine.exchanges.wallet import PaperWallet, account_of, available_balance, open_wallet, used_margin
from engine.model.order import Order, OrderStatus, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.quote import Quote
from tests.exchanges.paper_market import (
    CAPITAL,
    a_wallet,
    an_order,
    btc_book,
    btc_quote,
    d,
    fills_in,
    last_state,
    place,
)

QUOTE = btc_quote()


def the_position(wallet: PaperWallet) -> Position:
    (position,) = wallet.positions
    return position


def long_one_tenth(leverage: int = 2, **fields: Decimal) -> PaperWallet:
    order = an_order("entry", Side.BUY, "0.1", leverage=leverage, **fields)
    return place(a_wallet(), order, QUOTE)[0]


def a_stop(client_order_id: str, trigger: int) -> Order:
    return an_order(
        client_order_id,
        Side.SELL,
        "0.1",
        type=OrderType.STOP_MARKET,
        trigger_price=d(trigger),
        reduce_only=True,
    )


def open_ids(wallet: PaperWallet) -> set[str]:
    return {order.client_order_id for order in wallet.open_orders}


def test_a_market_order_fills_pays_the_taker_fee_and_opens_a_position() -> None:
    wallet, reports = place(a_wallet(), an_order("a", Side.BUY, "0.1"), QUOTE)
    (fill,) = fills_in(reports)
    assert (fill.trade_id, fill.price, fill.fee) == ("1-1", d("67000.1"), d("3.350005"))
    assert last_state(reports, "a").status is OrderStatus.FILLED
    assert wallet.cash == CAPITAL - fill.fee
    assert the_position(wallet).isolated_margin == d("3350.005")
    assert isinstance(reports[-2], PositionReport)
    assert reports[-1] == WalletReport(1, wallet.cash, d(0), fill.fee, d(0), wallet.next_trade_number)


def test_a_resting_limit_reserves_margin_and_fee_and_fills_as_maker() -> None:
    order = an_order("a", Side.BUY, "0.1", price=d(66000))
    resting, _ = place(a_wallet(), order, QUOTE)
    assert used_margin(resting) == d(3300) + d("3.3")
    assert available_balance(resting) == CAPITAL - d("3303.3")
    filled, reports = apply_quote(resting, btc_quote("65990", "65990.1", ts_ms=2_000))
    (fill,) = fills_in(reports)
    assert (fill.price, fill.fee, fill.liquidity) == (d(66000), d("1.32"), "maker")
    assert used_margin(filled) == d(3300)


def test_a_limit_fills_in_parts_while_the_market_stands_at_it() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.1", price=d(66000)), QUOTE)
    at = btc_quote("65999.9", "66000", size="0.04")
    statuses = []
    for _ in range(3):
        wallet, reports = apply_quote(wallet, at)
        statuses.append(last_state(reports, "a").status)
    assert statuses == [OrderStatus.PARTIALLY_FILLED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]
    assert the_position(wallet).quantity == d("0.1")


def test_a_new_order_must_be_affordable_and_the_refusal_has_the_numbers() -> None:
    wallet = a_wallet()
    after, reports = place(wallet, an_order("a", Side.BUY, "1"), QUOTE)
    assert after is wallet
    order = last_state(reports, "a")
    assert order.status is OrderStatus.REJECTED
    assert order.status_reason == (
        "insufficient margin: buy 1 BTC at 2x needs 33533.55 USDC for margin and fee, "
        "10000.00 USDC is available"
    )


def test_resting_orders_cannot_promise_the_same_money_twice() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.2", price=d(66000)), QUOTE)
    after, reports = place(wallet, an_order("b", Side.BUY, "0.2", price=d(66000)), QUOTE)
    assert after is wallet
    assert "3393.40 USDC is available" in last_state(reports, "b").status_reason


def test_what_only_closes_needs_no_margin() -> None:
    all_in, _ = place(a_wallet(), an_order("a", Side.BUY, "0.298"), QUOTE)
    assert available_balance(all_in) < 10
    resting, reports = place(all_in, an_order("b", Side.SELL, "0.298", price=d(70000)), QUOTE)
    assert last_state(reports, "b").status is OrderStatus.ACCEPTED
    assert available_balance(resting) == available_balance(all_in)


def test_leverage_that_would_be_liquidated_at_once_is_rejected() -> None:
    thin = btc_quote("66000", "67400", mark="67000")
    _, reports = place(a_wallet(), an_order("a", Side.BUY, "0.1", leverage=125), thin)
    assert "would be liquidated at once" in last_state(reports, "a").status_reason


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (an_order("a", Side.BUY, "0"), "quantity: 0 is not a positive number"),
        (an_order("a", Side.BUY, "1", symbol="DOGE"), "DOGE is not listed"),
        (an_order("a", Side.SELL, "1", reduce_only=True), "has nothing to reduce"),
        (
            an_order("a", Side.BUY, "1", price=d(68000), time_in_force=TimeInForce.POST_ONLY),
            "post-only would take",
        ),
    ],
)
def test_a_bad_order_is_rejected_and_changes_nothing(order: Order, reason: str) -> None:
    wallet = a_wallet()
    after, reports = place(wallet, order, QUOTE)
    assert after is wallet
    assert len(reports) == 1
    assert last_state(reports, "a").status is OrderStatus.REJECTED
    assert reason in last_state(reports, "a").status_reason


@pytest.mark.parametrize(
    ("time_in_force", "status", "filled"),
    [(TimeInForce.IOC, OrderStatus.EXPIRED, d("0.1")), (TimeInForce.FOK, OrderStatus.EXPIRED, d(0))],
)
def test_what_cannot_fill_at_once_expires(
    time_in_force: TimeInForce, status: OrderStatus, filled: Decimal
) -> None:
    order = an_order("a", Side.BUY, "0.2", price=d("67000.1"), time_in_force=time_in_force)
    wallet, reports = place(a_wallet(), order, btc_quote(size="0.1"))
    state = last_state(reports, "a")
    assert (state.status, state.filled_quantity) == (status, filled)
    assert "only 0.1" in state.status_reason
    assert not wallet.open_orders


def test_reduce_only_is_cut_to_the_position_and_never_flips() -> None:
    wallet, reports = place(long_one_tenth(), an_order("b", Side.SELL, "5", reduce_only=True), QUOTE)
    assert last_state(reports, "b").status is OrderStatus.FILLED
    assert last_state(reports, "b").filled_quantity == d("0.1")
    assert not wallet.positions


def test_reduce_only_orders_go_when_the_position_goes() -> None:
    wallet, _ = place(
        long_one_tenth(), an_order("exit", Side.SELL, "0.1", price=d(69000), reduce_only=True), QUOTE
    )
    wallet, reports = place(wallet, an_order("b", Side.SELL, "0.1"), QUOTE)
    assert last_state(reports, "exit").status is OrderStatus.CANCELLED
    assert not wallet.symbols


def test_a_larger_opposite_order_flips_the_position() -> None:
    wallet, reports = place(long_one_tenth(), an_order("b", Side.SELL, "0.15"), QUOTE)
    (fill,) = fills_in(reports)
    assert fill.realized_pnl == d("-0.01")
    assert the_position(wallet).quantity == d("-0.05")


def test_a_stop_becomes_a_market_order_when_the_mark_reaches_it() -> None:
    stop = an_order(
        "stop", Side.SELL, "0.1", type=OrderType.STOP_MARKET, trigger_price=d(66000), reduce_only=True
    )
    wallet, _ = place(long_one_tenth(), stop, QUOTE)
    same, reports = apply_quote(wallet, btc_quote("66000.1", "66000.2"))
    assert same is wallet
    assert reports == ()
    wallet, reports = apply_quote(wallet, btc_quote("65950", "65950.1", ts_ms=2_000))
    (fill,) = fills_in(reports)
    assert (fill.client_order_id, fill.price, fill.liquidity) == ("stop", d(65950), "taker")
    assert not wallet.symbols


def reopened(wallet: PaperWallet) -> PaperWallet:
    """The wallet as it is after a restart, made of what is stored."""
    return open_wallet(
        trader_id=1,
        instruments=INSTRUMENTS,
        cash=wallet.cash,
        positions=wallet.positions,
        orders=wallet.open_orders,
        next_trade_number=wallet.next_trade_number,
    )


def test_a_triggered_stop_without_liquidity_stays_triggered_though_the_mark_comes_back() -> None:
    wallet, _ = place(long_one_tenth(), a_stop("stop", 66000), QUOTE)
    wallet, reports = apply_quote(wallet, btc_quote("65950", "65950.1", size="0", ts_ms=2_000))
    order = last_state(reports, "stop")
    assert (order.type, order.trigger_price, order.updated_ms) == (OrderType.MARKET, d(66000), 2_000)
    assert order.status is OrderStatus.ACCEPTED
    same, reports = apply_quote(wallet, btc_quote("66500", "66500.1", size="0"))
    assert (same, reports) == (wallet, ())
    for later in (wallet, reopened(wallet)):
        after, reports = apply_quote(later, btc_quote("66500", "66500.1"))
        assert fills_in(reports)[0].price == d(66500)
        assert not after.symbols


def test_a_stop_that_filled_in_part_goes_on_though_the_mark_comes_back() -> None:
    wallet, _ = place(long_one_tenth(), a_stop("stop", 66000), QUOTE)
    no_depth = btc_book([], [])
    wallet, reports = apply_quote(wallet, btc_quote("65950", "65950.1", size="0.04"), no_depth)
    assert last_state(reports, "stop").status is OrderStatus.PARTIALLY_FILLED
    for price in ("66500", "66600"):
        wallet, reports = apply_quote(reopened(wallet), btc_quote(price, price + ".1", size="0.03"), no_depth)
        assert [(fill.price, fill.quantity) for fill in fills_in(reports)] == [(d(price), d("0.03"))]
    assert last_state(reports, "stop").status is OrderStatus.FILLED
    assert not wallet.symbols


def test_a_triggered_order_that_has_nothing_left_to_reduce_is_cancelled() -> None:
    wallet, _ = place(long_one_tenth(), a_stop("stop", 66000), QUOTE)
    wallet, _ = apply_quote(wallet, btc_quote("65950", "65950.1", size="0"))
    wallet, reports = place(wallet, an_order("x", Side.SELL, "0.1"), QUOTE)
    assert last_state(reports, "stop").status is OrderStatus.CANCELLED
    assert not wallet.symbols


def test_a_take_profit_that_found_nothing_goes_on_though_the_mark_falls_back() -> None:
    wallet = long_one_tenth(take_profit=d(68000))
    wallet, _ = apply_quote(wallet, btc_quote("68000", "68000.1", size="0"))
    wallet, reports = apply_quote(wallet, btc_quote("67900", "67900.1"))
    assert [fill.client_order_id for fill in fills_in(reports)] == ["entry-tp"]
    assert not wallet.symbols


def test_a_triggered_stop_grows_with_its_entry_instead_of_being_set_twice() -> None:
    order = an_order("e", Side.BUY, "0.1", price=d(66000), stop_loss=d(65900))
    wallet, _ = place(a_wallet(), order, QUOTE)
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.04"))
    nothing_bid = Quote("BTC", d(65900), d(66000), d(0), d("0.05"), d(65900), 2_000)
    wallet, _ = apply_quote(wallet, nothing_bid)
    (child,) = (o for o in wallet.open_orders if o.parent_id == "e")
    assert (child.client_order_id, child.type, child.quantity) == ("e-sl", OrderType.MARKET, d("0.09"))


def test_a_stop_entry_without_margin_is_rejected_when_it_triggers() -> None:
    stop = an_order("stop", Side.BUY, "1", type=OrderType.STOP_MARKET, trigger_price=d(68000))
    wallet, reports = place(a_wallet(), stop, QUOTE)
    assert last_state(reports, "stop").status is OrderStatus.ACCEPTED
    wallet, reports = apply_quote(wallet, btc_quote("68000", "68000.1"))
    assert last_state(reports, "stop").status is OrderStatus.REJECTED
    assert "insufficient margin" in last_state(reports, "stop").status_reason
    assert wallet.cash == CAPITAL


def test_an_entry_is_protected_as_it_fills_and_one_cancels_the_other() -> None:
    order = an_order("e", Side.BUY, "0.1", price=d(66000), stop_loss=d(65000), take_profit=d(68000))
    wallet, _ = place(a_wallet(), order, QUOTE)
    assert open_ids(wallet) == {"e"}
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.04"))
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.06"))
    assert open_ids(wallet) == {"e-sl", "e-tp"}
    for child in wallet.open_orders:
        assert (child.quantity, child.reduce_only, child.parent_id) == (d("0.1"), True, "e")
    wallet, reports = apply_quote(wallet, btc_quote("68000", "68000.1"))
    assert last_state(reports, "e-tp").status is OrderStatus.FILLED
    assert last_state(reports, "e-sl").status is OrderStatus.CANCELLED
    assert not wallet.symbols


def test_protection_of_one_entry_closes_only_that_entry() -> None:
    wallet = long_one_tenth()
    order = an_order("e", Side.BUY, "0.1", stop_loss=d(65000), take_profit=d(68000))
    wallet, _ = place(wallet, order, QUOTE)
    wallet, reports = apply_quote(wallet, btc_quote("64990", "64990.1"))
    assert the_position(wallet).quantity == d("0.1")
    assert last_state(reports, "e-tp").status is OrderStatus.CANCELLED


def test_protection_that_traded_ends_the_rest_of_its_entry() -> None:
    order = an_order("e", Side.BUY, "0.2", price=d(66000), stop_loss=d(65900))
    wallet, _ = place(a_wallet(), order, QUOTE)
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.05"))
    falling = Quote("BTC", d(66000), d("66000.1"), d(1), d(1), d(65900), 2_000)
    wallet, reports = apply_quote(wallet, falling)
    assert last_state(reports, "e").status is OrderStatus.CANCELLED
    assert not wallet.symbols


def test_a_later_fill_renews_protection_under_a_new_id() -> None:
    order = an_order("e", Side.BUY, "0.2", price=d(66000), stop_loss=d(65000))
    wallet, _ = place(a_wallet(), order, QUOTE)
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.05"))
    wallet, _ = place(wallet, an_order("close", Side.SELL, "0.05"), QUOTE)
    assert open_ids(wallet) == {"e"}
    wallet, _ = apply_quote(wallet, btc_quote("65999.9", "66000", size="0.05"))
    (child,) = (o for o in wallet.open_orders if o.parent_id == "e")
    assert child.client_order_id.startswith("e-sl-")
    assert child.quantity == d("0.05")


def test_liquidation_closes_the_position_and_its_reduce_only_orders() -> None:
    wallet = long_one_tenth(leverage=50)
    stop = an_order(
        "sl", Side.SELL, "0.1", type=OrderType.STOP_MARKET, trigger_price=d(60000), reduce_only=True
    )
    wallet, _ = place(wallet, stop, QUOTE)
    at = the_position(wallet).liquidation_price
    assert at is not None
    mark = at.quantize(d("0.1")) - d("0.1")
    after, reports = apply_quote(wallet, btc_quote(str(mark), str(mark + d("0.1"))))
    (fill,) = fills_in(reports)
    assert fill.price == mark
    assert fill.client_order_id == "1-liquidation-2"
    assert "reached" in last_state(reports, "1-liquidation-2").status_reason
    assert last_state(reports, "sl").status is OrderStatus.CANCELLED
    balances = [r for r in reports if isinstance(r, BalanceReport)]
    assert [(b.reason, b.amount) for b in balances] == [
        (BalanceReason.LIQUIDATION, fill.realized_pnl - fill.fee)
    ]
    assert not after.symbols


def test_a_gap_costs_no_more_than_the_isolated_margin() -> None:
    wallet = long_one_tenth(leverage=50)
    margin = the_position(wallet).isolated_margin
    after, _ = apply_quote(wallet, btc_quote("40000", "40000.1"))
    assert not after.positions
    assert 0 <= margin - (wallet.cash - after.cash) < d("0.01")


def test_liquidation_comes_before_a_stop_that_the_same_gap_has_passed() -> None:
    wallet = long_one_tenth(leverage=50, stop_loss=d(66500))
    _, reports = apply_quote(wallet, btc_quote("40000", "40000.1"))
    assert [fill.client_order_id for fill in fills_in(reports)] == ["1-liquidation-2"]


def test_closing_at_the_market_stops_at_the_bankruptcy_price() -> None:
    wallet = long_one_tenth(leverage=100)
    quote, book = btc_quote(size="0.04"), btc_book([("65000", "1")], [("67000.1", "1")])
    wallet, reports = place(wallet, an_order("x", Side.SELL, "0.1", reduce_only=True), quote, book)
    assert last_state(reports, "x").filled_quantity == d("0.04")
    assert last_state(reports, "x").status is OrderStatus.EXPIRED
    assert the_position(wallet).quantity == d("0.06")


def test_funding_moves_cash_margin_and_the_liquidation_price() -> None:
    wallet = long_one_tenth()
    before = the_position(wallet)
    after, reports = apply(wallet, SettleFunding("BTC", d("0.0001"), d(67000), 5_000))
    position = the_position(after)
    assert after.cash == wallet.cash - d("0.67")
    assert after.funding == position.funding == d("-0.67")
    assert position.isolated_margin == before.isolated_margin - d("0.67")
    assert position.liquidation_price is not None
    assert before.liquidation_price is not None
    assert position.liquidation_price > before.liquidation_price
    assert reports[0] == BalanceReport(1, "BTC", BalanceReason.FUNDING, d("-0.67"), 5_000)
    assert available_balance(after) == available_balance(wallet)


def test_funding_without_a_position_does_nothing() -> None:
    wallet = a_wallet()
    assert apply(wallet, SettleFunding("BTC", d("0.0001"), d(67000), 5_000)) == (wallet, ())


def test_funding_that_eats_the_margin_liquidates() -> None:
    wallet = long_one_tenth(leverage=100)
    after, _ = apply(wallet, SettleFunding("BTC", d("0.0075"), d(67000), 5_000))
    assert not after.positions
    assert after.cash > 0


def test_cancelling_frees_the_reserve() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.1", price=d(66000)), QUOTE)
    wallet, reports = apply(wallet, CancelOrder("a", 9_000))
    assert last_state(reports, "a").status is OrderStatus.CANCELLED
    assert last_state(reports, "a").updated_ms == 9_000
    assert available_balance(wallet) == CAPITAL
    with pytest.raises(NotFound):
        apply(wallet, CancelOrder("a", 9_000))


def test_amending_keeps_the_id_and_moves_the_reserve() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.1", price=d(66000)), QUOTE)
    wallet, reports = apply(wallet, AmendOrder("a", d("0.2"), d(65000), QUOTE))
    order = last_state(reports, "a")
    assert (order.quantity, order.price, order.status) == (d("0.2"), d(65000), OrderStatus.ACCEPTED)
    assert used_margin(wallet) == d(6500) + d("6.5")


def test_an_amendment_that_crosses_takes_at_once_unless_post_only() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.1", price=d(66000)), QUOTE)
    _, reports = apply(wallet, AmendOrder("a", None, d("67000.1"), QUOTE))
    assert fills_in(reports)[0].liquidity == "taker"
    passive = an_order("p", Side.BUY, "0.1", price=d(66000), time_in_force=TimeInForce.POST_ONLY)
    wallet, _ = place(a_wallet(), passive, QUOTE)
    with pytest.raises(OrderRejected, match="post-only would take"):
        apply(wallet, AmendOrder("p", None, d("67000.1"), QUOTE))


def test_an_amendment_must_be_valid_and_affordable() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.1", price=d(66000)), QUOTE)
    with pytest.raises(OrderRejected, match="insufficient margin"):
        apply(wallet, AmendOrder("a", d(2), None, QUOTE))
    with pytest.raises(InvalidOrder, match="lot size"):
        apply(wallet, AmendOrder("a", d("0.12345"), None, QUOTE))


def test_an_entry_whose_cover_is_gone_is_cancelled_instead_of_overdrawing() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.298"), QUOTE)
    wallet, _ = place(wallet, an_order("cover", Side.SELL, "0.29", price=d(70000)), QUOTE)
    wallet, _ = place(wallet, an_order("x", Side.SELL, "0.298", reduce_only=True), QUOTE)
    assert available_balance(wallet) < 0
    wallet, reports = apply_quote(wallet, btc_quote("70010", "70010.1"))
    assert last_state(reports, "cover").status is OrderStatus.CANCELLED
    assert "insufficient margin" in last_state(reports, "cover").status_reason


def test_nothing_opens_while_more_is_promised_than_there_is() -> None:
    wallet, _ = place(a_wallet(), an_order("a", Side.BUY, "0.298"), QUOTE)
    wallet, _ = place(wallet, an_order("cover", Side.SELL, "0.29", price=d(70000)), QUOTE)
    wallet, _ = place(wallet, an_order("x", Side.SELL, "0.298", reduce_only=True), QUOTE)
    assert available_balance(wallet) < 0
    after, reports = place(wallet, an_order("b", Side.BUY, "0.002"), QUOTE)
    assert after is wallet
    assert "0.00 USDC is available" in last_state(reports, "b").status_reason


def test_a_quote_that_concerns_nothing_returns_the_same_wallet() -> None:
    wallet = long_one_tenth(stop_loss=d(60000))
    assert apply_quote(wallet, btc_quote("67100", "67100.1"))[0] is wallet
    other = Quote("ETH", d(1), d(2), d(1), d(1), d(1), 1)
    assert apply(wallet, QuoteUpdate(other)) == (wallet, ())


def test_equity_is_cash_plus_unrealised_profit() -> None:
    account = account_of(long_one_tenth(), {"BTC": d(68000)})
    assert account.unrealized_pnl == d("99.99")
    assert account.equity == account.cash + d("99.99")
    assert account.available == account.cash - account.used_margin
