"""The venue's rules for an order, checked the same by the ticket, the desk and the paper exchange.

Pure. The first rule broken raises `InvalidOrder` naming the field, the value and what is allowed,
with numbers. Margin is not a rule of the order but of the wallet: see `engine.exchanges.paper_state`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.errors import InvalidOrder
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderType, Side, TimeInForce
from engine.model.position import Position
from engine.model.quote import Quote

HIGHEST_PRICE: Final = Decimal(10_000_000)
"""No price on the venue is above this, in the quote currency."""

Orderlike = OrderRequest | Order


def validate_order(order: Orderlike, instrument: Instrument, quote: Quote, position: Position | None) -> None:
    """Return if the order keeps every rule of the instrument and of its type.

    `quote` gives the mark price that notionals and triggers are compared with; `position` is the
    trader's own in the symbol, which a reduce-only order must have something of to reduce. Raises
    `InvalidOrder`.
    """
    _check_quantity("quantity", order.quantity, instrument)
    _check_prices_present(order)
    if order.price is not None:
        _check_price("price", order.price, instrument)
    if order.trigger_price is not None:
        _check_price("trigger_price", order.trigger_price, instrument)
    if order.stop_loss is not None:
        _check_price("stop_loss", order.stop_loss, instrument)
    if order.take_profit is not None:
        _check_price("take_profit", order.take_profit, instrument)
    _check_time_in_force(order)
    _check_leverage(order.leverage, instrument)
    _check_price_band(order, instrument, quote.mark)
    _check_trigger_side(order, quote.mark)
    if order.reduce_only:
        _check_reduces(order, position)
    else:
        _check_notional(order, instrument, quote.mark)
        _check_protection(order, quote.mark)


def validate_amendment(
    order: Order,
    quantity: Decimal | None,
    price: Decimal | None,
    instrument: Instrument,
    quote: Quote,
    position: Position | None,
) -> None:
    """Return if a resting limit order may be changed to this quantity and price.

    Raises `InvalidOrder`.
    """
    if order.type is not OrderType.LIMIT:
        raise _refusal(
            "type", order.type, "cannot be amended", "only limit orders can; cancel and place anew"
        )
    if quantity is None and price is None:
        raise _refusal("quantity", quantity, "changes nothing", "give a new quantity, a new price or both")
    if quantity is not None:
        _check_quantity("quantity", quantity, instrument)
        if quantity <= order.filled_quantity:
            raise _refusal(
                "quantity",
                quantity,
                "is not above what has filled",
                f"it must be above {order.filled_quantity}",
            )
    if price is not None:
        _check_price("price", price, instrument)
    changed = OrderRequest(
        trader_id=order.trader_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        quantity=order.quantity if quantity is None else quantity,
        price=order.price if price is None else price,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        leverage=order.leverage,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
    )
    validate_order(changed, instrument, quote, position)


def _check_quantity(field: str, quantity: Decimal, instrument: Instrument) -> None:
    if not quantity.is_finite() or quantity <= 0:
        raise _refusal(
            field, quantity, "is not a positive number", f"the smallest is {instrument.min_quantity}"
        )
    if quantity > instrument.max_quantity:
        raise _refusal(
            field, quantity, "is too large", f"at most {instrument.max_quantity} {instrument.base} an order"
        )
    if not instrument.is_on_lot(quantity):
        below = instrument.round_quantity_down(quantity)
        nearest = max(below, instrument.min_quantity)
        raise _refusal(
            field, quantity, f"is not a multiple of the lot size {instrument.lot_size}", f"try {nearest}"
        )
    if quantity < instrument.min_quantity:
        raise _refusal(
            field, quantity, "is too small", f"at least {instrument.min_quantity} {instrument.base}"
        )


def _check_price(field: str, price: Decimal, instrument: Instrument) -> None:
    if not price.is_finite() or price <= 0:
        raise _refusal(field, price, "is not a positive number", f"at least {instrument.tick_size}")
    if price > HIGHEST_PRICE:
        raise _refusal(field, price, "is too high", f"at most {HIGHEST_PRICE}")
    if not instrument.is_on_tick(price):
        nearest = max(instrument.round_price(price), instrument.tick_size)
        raise _refusal(
            field, price, f"is not a multiple of the tick size {instrument.tick_size}", f"try {nearest}"
        )


def _check_prices_present(order: Orderlike) -> None:
    needs_price = order.type is OrderType.LIMIT
    if needs_price and order.price is None:
        raise _refusal("price", "none", "is missing", "a limit order needs a price")
    if not needs_price and order.price is not None:
        raise _refusal(
            "price", order.price, f"has no use in a {order.type} order", "only limit orders take one"
        )
    if order.type.is_trigger and order.trigger_price is None:
        raise _refusal("trigger_price", "none", "is missing", f"a {order.type} order needs a trigger price")
    if not order.type.is_trigger and order.trigger_price is not None:
        raise _refusal(
            "trigger_price",
            order.trigger_price,
            f"has no use in a {order.type} order",
            "only stop and take-profit orders take one",
        )


def _check_time_in_force(order: Orderlike) -> None:
    if order.time_in_force is TimeInForce.POST_ONLY and order.type is not OrderType.LIMIT:
        raise _refusal(
            "time_in_force", "post_only", f"does not fit a {order.type} order", "use a limit order"
        )
    if order.type.is_trigger and order.time_in_force is not TimeInForce.GTC:
        raise _refusal("time_in_force", order.time_in_force, f"does not fit a {order.type} order", "use gtc")


def _check_leverage(leverage: int | None, instrument: Instrument) -> None:
    if leverage is not None and not 1 <= leverage <= instrument.max_leverage:
        raise _refusal("leverage", leverage, "is out of range", f"1 to {instrument.max_leverage} is allowed")


def _check_price_band(order: Orderlike, instrument: Instrument, mark: Decimal) -> None:
    if order.price is None:
        return
    bound = mark * (1 + order.side.sign * instrument.price_band)
    if (order.price - bound) * order.side.sign > 0:
        word = "at most" if order.side is Side.BUY else "at least"
        raise _refusal(
            "price",
            order.price,
            f"is more than {instrument.price_band:.0%} through the mark price {mark}",
            f"a {order.side} limit may be {word} {bound.normalize():f}",
        )


def _check_trigger_side(order: Orderlike, mark: Decimal) -> None:
    if order.trigger_price is None:
        return
    rising = (order.type is OrderType.STOP_MARKET) is (order.side is Side.BUY)
    if (order.trigger_price > mark) if rising else (order.trigger_price < mark):
        return
    word = "above" if rising else "below"
    raise _refusal(
        "trigger_price",
        order.trigger_price,
        "is on the wrong side and would trigger at once",
        f"a {order.type} {order.side} needs a trigger {word} the mark price {mark}",
    )


def _check_reduces(order: Orderlike, position: Position | None) -> None:
    if position is None:
        raise _refusal("reduce_only", "true", "has nothing to reduce", f"there is no {order.symbol} position")
    if position.side is order.side:
        raise _refusal(
            "reduce_only",
            "true",
            f"would add to the position of {position.quantity} {order.symbol}",
            f"only a {order.side.opposite} reduces it",
        )
    if order.stop_loss is not None or order.take_profit is not None:
        field = "stop_loss" if order.stop_loss is not None else "take_profit"
        value = order.stop_loss if order.stop_loss is not None else order.take_profit
        raise _refusal(field, value, "has no use in a reduce-only order", "only an entry is protected")


def _check_notional(order: Orderlike, instrument: Instrument, mark: Decimal) -> None:
    price = order.price or order.trigger_price or mark
    notional = order.quantity * price
    if notional < instrument.min_notional:
        raise _refusal(
            "quantity",
            order.quantity,
            f"is worth {notional:.2f} {instrument.quote} at {price}",
            f"an order must be worth at least {instrument.min_notional} {instrument.quote}",
        )


def _check_protection(order: Orderlike, mark: Decimal) -> None:
    if order.stop_loss is None and order.take_profit is None:
        return
    entry = _expected_entry(order, mark)
    sign = order.side.sign
    losing, winning = ("below", "above") if sign > 0 else ("above", "below")
    if order.stop_loss is not None and (entry - order.stop_loss) * sign <= 0:
        raise _refusal(
            "stop_loss",
            order.stop_loss,
            "is on the wrong side",
            f"the stop of a {order.side} must be {losing} its entry {entry}",
        )
    if order.take_profit is not None and (order.take_profit - entry) * sign <= 0:
        raise _refusal(
            "take_profit",
            order.take_profit,
            "is on the wrong side",
            f"the take-profit of a {order.side} must be {winning} its entry {entry}",
        )


def _expected_entry(order: Orderlike, mark: Decimal) -> Decimal:
    """Return the price an entry is expected near: its trigger, or the better of limit and mark."""
    if order.trigger_price is not None:
        return order.trigger_price
    if order.price is None:
        return mark
    return min(order.price, mark) if order.side is Side.BUY else max(order.price, mark)


def _refusal(field: str, value: object, complaint: str, allowed: str) -> InvalidOrder:
    return InvalidOrder(
        f"{field}: {value} {complaint}; {allowed}", field=field, value=str(value), allowed=allowed
    )
