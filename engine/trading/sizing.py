"""From a decision to an order: how big, which side, at which limit.

Pure. The share of the available balance a decision names becomes margin; the taker fee is reserved
before sizing, the size is what that buys at the price the order is expected to fill at, and the
quantity is rounded down to the lot. A buy by share while short (or a sell while long) also covers
the whole opposite position; a quantity is taken as it is.
"""

from __future__ import annotations

from decimal import Decimal

from engine.errors import Conflict, InvalidOrder
from engine.exchanges.margin import MONEY_STEP
from engine.exchanges.matching import quantity_of, take
from engine.model.account import TraderConfig
from engine.model.decision import Decision, Operation
from engine.model.instrument import Instrument
from engine.model.order import OrderRequest, OrderType, Side
from engine.model.position import Position
from engine.model.quote import BookSnapshot, Quote


def order_for_decision(
    decision: Decision,
    trader: TraderConfig,
    instrument: Instrument,
    position: Position | None,
    available: Decimal,
    quote: Quote,
    book: BookSnapshot | None = None,
) -> OrderRequest:
    """Return the order a buy, sell or close decision asks for, in the market as it is.

    Raises `Conflict` for a close without a position and `InvalidOrder` when the size rounds to
    nothing or the needed price guard is missing.
    """
    if decision.operation is Operation.CLOSE:
        return _closing_order(decision, trader, instrument, position)
    return _entry_order(decision, trader, instrument, position, available, quote, book)


def closing_quantity(position: Position, fraction: Decimal, instrument: Instrument) -> Decimal:
    """Return how much to trade to close `fraction` of a position, on the lot grid; all of it for 1."""
    if not fraction.is_finite() or not 0 < fraction <= 1:
        raise InvalidOrder.of("fraction", fraction, "allowed is above 0 up to 1 (100 %)")
    whole = abs(position.quantity)
    quantity = whole if fraction == 1 else instrument.round_quantity_down(whole * fraction)
    if quantity == 0:
        raise InvalidOrder.of(
            "fraction", fraction, f"its share of {whole} is below the lot size {instrument.lot_size}"
        )
    return quantity


def _entry_order(
    decision: Decision,
    trader: TraderConfig,
    instrument: Instrument,
    position: Position | None,
    available: Decimal,
    quote: Quote,
    book: BookSnapshot | None,
) -> OrderRequest:
    side = Side.BUY if decision.operation is Operation.BUY else Side.SELL
    guard = decision.max_price if side is Side.BUY else decision.min_price
    if guard is None:
        field = "max_price" if side is Side.BUY else "min_price"
        raise InvalidOrder.of(field, guard, f"a {side} needs it to limit slippage")
    price = _toward_passive(instrument, guard, side)
    if decision.quantity is not None:
        quantity = _named_quantity(decision.quantity, instrument)
    else:
        quantity = _quantity_by_share(decision, side, price, instrument, available, quote, book)
        if position is not None and position.side is not side:
            quantity += abs(position.quantity)
    return OrderRequest(
        trader_id=trader.trader_id,
        symbol=decision.symbol,
        side=side,
        type=OrderType.LIMIT,
        quantity=quantity,
        price=price,
        time_in_force=decision.time_in_force,
        leverage=decision.leverage,
        stop_loss=_on_tick(instrument, decision.stop_loss),
        take_profit=_on_tick(instrument, decision.take_profit),
    )


def _named_quantity(wanted: Decimal, instrument: Instrument) -> Decimal:
    quantity = instrument.round_quantity_down(wanted)
    if quantity == 0:
        raise InvalidOrder.of("quantity", wanted, f"it is less than one lot of {instrument.lot_size}")
    return quantity


def _quantity_by_share(
    decision: Decision,
    side: Side,
    limit: Decimal,
    instrument: Instrument,
    available: Decimal,
    quote: Quote,
    book: BookSnapshot | None,
) -> Decimal:
    # Booked amounts are rounded: the least is kept back by which margin and fee could come out higher.
    margin = max(available * decision.portion - 2 * MONEY_STEP, Decimal(0))
    # Per unit of notional, 1/leverage is set aside as margin and the taker fee is paid.
    affordable = margin / (Decimal(1) / decision.leverage + instrument.taker_fee)
    touch = quote.ask if side is Side.BUY else quote.bid
    if (touch - limit) * side.sign > 0:
        quantity = instrument.round_quantity_down(affordable / limit)
    else:
        quantity = instrument.round_quantity_down(affordable / touch)
        average = _expected_average(side, quantity, limit, instrument, quote, book)
        if side is Side.BUY and average > touch:  # beyond the touch it pays more than was reckoned with
            quantity = instrument.round_quantity_down(affordable / average)
    if quantity == 0:
        raise InvalidOrder.of(
            "target_portion_of_balance",
            decision.portion,
            f"that share of the available {available:,.2f} buys less than one lot of {instrument.lot_size}",
        )
    return quantity


def _expected_average(
    side: Side,
    quantity: Decimal,
    limit: Decimal,
    instrument: Instrument,
    quote: Quote,
    book: BookSnapshot | None,
) -> Decimal:
    """Return the average price of what the order takes at once; 0 when nothing."""
    executions = take(side, quantity, limit, quote, book, instrument)
    if len(executions) == 1:
        return executions[0].price
    taken = quantity_of(executions)
    paid = sum((execution.price * execution.quantity for execution in executions), Decimal(0))
    return paid / taken if taken else Decimal(0)


def _closing_order(
    decision: Decision, trader: TraderConfig, instrument: Instrument, position: Position | None
) -> OrderRequest:
    if position is None:
        raise Conflict(f"close: there is no open position in {decision.symbol}", field="symbol")
    side = position.side.opposite
    guard = decision.max_price if side is Side.BUY else decision.min_price
    if decision.quantity is not None:
        quantity = min(_named_quantity(decision.quantity, instrument), abs(position.quantity))
    else:
        quantity = closing_quantity(position, decision.portion, instrument)
    return OrderRequest(
        trader_id=trader.trader_id,
        symbol=decision.symbol,
        side=side,
        type=OrderType.MARKET if guard is None else OrderType.LIMIT,
        quantity=quantity,
        price=None if guard is None else _toward_passive(instrument, guard, side),
        time_in_force=decision.time_in_force,
        reduce_only=True,
    )


def _on_tick(instrument: Instrument, price: Decimal | None) -> Decimal | None:
    return None if price is None else instrument.round_price(price)


def _toward_passive(instrument: Instrument, guard: Decimal, side: Side) -> Decimal:
    """Return the guard on the tick grid, never looser than what was asked."""
    price = instrument.round_price(guard)
    if (price - guard) * side.sign > 0:
        price -= instrument.tick_size * side.sign
    if price <= 0:
        raise InvalidOrder.of("max_price", guard, f"it is less than one tick of {instrument.tick_size}")
    return price
