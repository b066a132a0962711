"""From a decision to an order: what is affordable is used, and no more; guards are never made looser."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.errors import Conflict, InvalidOrder
from engine.exchanges.base import OrderReport
from engine.exchanges.instruments import INSTRUMENTS
from engine.exchanges.paper_state import PlaceOrder, apply
from engine.exchanges.wallet import available_balance, open_wallet
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import OPEN_LIMITS
from engine.model.decision import Decision, Operation
from engine.model.instrument import Instrument
from engine.model.order import OrderRequest, OrderStatus, OrderType, Side, TimeInForce, order_of
from engine.model.position import Position
from engine.model.quote import Quote
from engine.trading.sizing import closing_quantity, order_for_decision

BTC = INSTRUMENTS["BTC"]
D = Decimal
CASH = D(10_000)
TRADER = TraderConfig(
    trader_id=1, name="tester", kind=TraderKind.PROGRAM, initial_capital=CASH, limits=OPEN_LIMITS
)


def quote_at(bid: str | Decimal, ask: str | Decimal, size: str = "1000") -> Quote:
    low, high = D(bid), D(ask)
    return Quote("BTC", low, high, D(size), D(size), low, 1)


QUOTE = quote_at("59999.9", "60000")


def decided(operation: str = "buy", **changes: object) -> Decision:
    base = Decision(
        operation=Operation(operation),
        symbol="BTC",
        portion=D(1),
        leverage=2,
        max_price=D(61_000),
        min_price=D(59_000),
    )
    return msgspec.structs.replace(base, **changes)


def held(quantity: str) -> Position:
    return Position(
        trader_id=1,
        symbol="BTC",
        quantity=D(quantity),
        entry_price=D(60_000),
        leverage=2,
        isolated_margin=D(3_000),
        mark_price=D(60_000),
        liquidation_price=None,
        opened_ms=0,
    )


def sized(
    decision: Decision,
    *,
    position: Position | None = None,
    available: Decimal = CASH,
    quote: Quote = QUOTE,
    instrument: Instrument = BTC,
) -> OrderRequest:
    return order_for_decision(decision, TRADER, instrument, position, available, quote)


def prices() -> st.SearchStrategy[Decimal]:
    return st.integers(10, 2_000_000).map(lambda ticks: ticks * BTC.tick_size)


@given(
    touch=prices(),
    spread=st.integers(0, 50),
    portion=st.integers(1, 1000).map(lambda share: D(share) / 1000),
    leverage=st.integers(1, 50),
    operation=st.sampled_from(["buy", "sell"]),
    fee=st.sampled_from(["0", "0.0005", "0.01", "-0.0002"]),
    size=st.sampled_from(["0.05", "3", "1000000"]),
)
def test_a_share_is_affordable_to_the_last_cent_and_nearly_used_up(
    touch: Decimal, spread: int, portion: Decimal, leverage: int, operation: str, fee: str, size: str
) -> None:
    instrument = msgspec.structs.replace(BTC, taker_fee=D(fee), min_notional=D(0), max_quantity=D(10**9))
    quote = quote_at(touch, touch + spread * BTC.tick_size, size)
    guard = (touch * D("1.04")) if operation == "buy" else (touch * D("0.96"))
    decision = decided(operation, portion=portion, leverage=leverage, max_price=guard, min_price=guard)
    try:
        request = sized(decision, quote=quote, instrument=instrument)
    except InvalidOrder as error:
        refusal = error.message
    else:
        refusal = ""
    assume("buys less than one lot" not in refusal)
    assert not refusal
    assert request.price is not None
    wallet = open_wallet(trader_id=1, instruments={"BTC": instrument}, cash=CASH)
    order = order_of(request, client_order_id="1-1", ts_ms=1)
    after, reports = apply(wallet, PlaceOrder(order, quote, is_valid=True))
    placed = [report.order for report in reports if isinstance(report, OrderReport)][-1]
    if "liquidated at once" in placed.status_reason:
        return  # a fee above the margin of such a leverage
    assert "insufficient margin" not in placed.status_reason
    spent = CASH - available_balance(after)
    assert spent <= CASH * portion
    if placed.status is OrderStatus.FILLED and size == "1000000":
        lot = quote.ask * instrument.lot_size * (D(1) / leverage + instrument.taker_fee)
        assert spent >= CASH * portion - lot - D("0.01")


@pytest.mark.parametrize(
    ("operation", "guard", "expected"),
    [("buy", "60000.19", "60000.1"), ("buy", "60000.11", "60000.1"), ("sell", "59990.01", "59990.1")],
)
def test_a_guard_is_put_on_the_tick_grid_and_never_made_looser(
    operation: str, guard: str, expected: str
) -> None:
    request = sized(decided(operation, max_price=D(guard), min_price=D(guard)))
    assert request.price == D(expected)
    assert (request.type, request.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)


@pytest.mark.parametrize(("operation", "field"), [("buy", "max_price"), ("sell", "min_price")])
def test_an_entry_needs_its_guard(operation: str, field: str) -> None:
    with pytest.raises(InvalidOrder, match=field):
        sized(decided(operation, max_price=None, min_price=None))


@pytest.mark.parametrize("operation", ["buy", "sell"])
@pytest.mark.parametrize("size", [{}, {"quantity": D("0.01")}])
def test_a_guard_below_half_a_tick_is_refused(operation: str, size: dict[str, Decimal]) -> None:
    tiny = D("0.000001")
    if operation == "sell":
        request = sized(decided(operation, min_price=tiny, **size))
        assert request.price == BTC.tick_size
        return
    with pytest.raises(InvalidOrder, match="max_price"):
        sized(decided(operation, max_price=tiny, **size))


def test_a_guard_the_market_does_not_meet_sizes_what_will_wait_there() -> None:
    request = sized(decided(max_price=D(50_000), time_in_force=TimeInForce.GTC))
    assert request.price == D(50_000)
    assert request.quantity == BTC.round_quantity_down(CASH / (D("0.5") + BTC.taker_fee) / 50_000)


def test_a_quantity_is_taken_as_it_is_on_the_lot_grid() -> None:
    assert sized(decided(quantity=D("0.0129"), portion=D(0))).quantity == D("0.012")
    with pytest.raises(InvalidOrder, match="less than one lot"):
        sized(decided(quantity=D("0.0009"), portion=D(0)))


@pytest.mark.parametrize(("operation", "position"), [("buy", "-0.2"), ("sell", "0.2")])
def test_a_share_against_a_position_covers_it_and_opens_its_own(operation: str, position: str) -> None:
    alone = sized(decided(operation)).quantity
    assert sized(decided(operation), position=held(position)).quantity == alone + D("0.2")


def test_a_quantity_against_a_position_covers_no_more_than_it_says() -> None:
    request = sized(decided("sell", quantity=D("0.1"), portion=D(0)), position=held("0.2"))
    assert request.quantity == D("0.1")
    assert not request.reduce_only


@given(lots=st.integers(1, 10_000), share=st.integers(1, 100))
def test_a_share_of_a_position_is_on_the_lot_grid_and_never_more(lots: int, share: int) -> None:
    position = held(str(lots * BTC.lot_size))
    fraction = D(share) / 100
    if abs(position.quantity) * fraction < BTC.lot_size:
        with pytest.raises(InvalidOrder, match="below the lot size"):
            closing_quantity(position, fraction, BTC)
        return
    quantity = closing_quantity(position, fraction, BTC)
    assert BTC.is_on_lot(quantity)
    assert 0 <= abs(position.quantity) * fraction - quantity < BTC.lot_size
    if share == 100:
        assert quantity == abs(position.quantity)


@pytest.mark.parametrize("fraction", ["0", "-0.5", "1.01", "NaN", "Infinity"])
def test_no_other_share_of_a_position_can_be_closed(fraction: str) -> None:
    with pytest.raises(InvalidOrder, match="fraction"):
        closing_quantity(held("0.2"), D(fraction), BTC)


@pytest.mark.parametrize(
    ("position", "side", "price"), [("0.2", Side.SELL, D(59_000)), ("-0.2", Side.BUY, D(61_000))]
)
def test_a_close_reduces_only_and_is_guarded_on_its_own_side(
    position: str, side: Side, price: Decimal
) -> None:
    request = sized(decided("close"), position=held(position))
    assert (request.side, request.price, request.quantity) == (side, price, D("0.2"))
    assert request.reduce_only
    unguarded = sized(decided("close", max_price=None, min_price=None), position=held(position))
    assert (unguarded.type, unguarded.price) == (OrderType.MARKET, None)


def test_a_close_of_a_quantity_takes_no_more_than_there_is() -> None:
    request = sized(decided("close", quantity=D(5), portion=D(0)), position=held("0.2"))
    assert request.quantity == D("0.2")


def test_there_is_nothing_to_close_without_a_position() -> None:
    with pytest.raises(Conflict, match="no open position in BTC"):
        sized(decided("close"))


def test_stops_and_targets_are_put_on_the_tick_grid() -> None:
    request = sized(decided(stop_loss=D("58000.04"), take_profit=D("62000.06")))
    assert (request.stop_loss, request.take_profit) == (D("58000.0"), D("62000.1"))
