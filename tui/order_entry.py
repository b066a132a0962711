"""From what a person typed to what the desk is asked: exact, and the same for ticket and command line."""

from __future__ import annotations

from decimal import Decimal

from engine.desk import OrderPreview
from engine.errors import InvalidOrder
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderType, Side, TimeInForce
from engine.model.quote import Quote
from tui import format as fmt
from tui.commands import Entry, PlaceOrder, QuantityUnit
from tui.wording import ORDER_TYPE_LABELS, STATUS_LABELS, TIME_IN_FORCE_LABELS, plain_words

ORDER_TYPES = {
    Entry.MARKET: OrderType.MARKET,
    Entry.LIMIT: OrderType.LIMIT,
    Entry.STOP: OrderType.STOP_MARKET,
    Entry.TAKE_PROFIT: OrderType.TAKE_PROFIT_MARKET,
}


def order_request(
    order: PlaceOrder, trader_id: int, instrument: Instrument, quote: Quote | None
) -> OrderRequest:
    """Return the request an order command stands for.

    An amount in USD is divided by the price the order would trade at (its own, or the touch: the
    ask for a buy, the bid for a sell) and rounded down to the lot. Raises `InvalidOrder` when that
    leaves nothing, or when there is no quote to convert with.
    """
    entry = ORDER_TYPES[order.entry]
    is_limit = order.entry is Entry.LIMIT
    return OrderRequest(
        trader_id=trader_id,
        symbol=order.symbol,
        side=order.side,
        type=entry,
        quantity=_base_quantity(order, instrument, quote),
        price=order.price if is_limit else None,
        trigger_price=None if is_limit else order.price,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        leverage=order.leverage,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
    )


def touch_price(side: Side, quote: Quote) -> Decimal:
    """Return the price a market order of that side meets first."""
    return quote.ask if side is Side.BUY else quote.bid


def _base_quantity(order: PlaceOrder, instrument: Instrument, quote: Quote | None) -> Decimal:
    if order.unit is QuantityUnit.BASE:
        return order.quantity
    price = order.price
    if price is None:
        if quote is None:
            raise InvalidOrder.of(
                "quantity", f"{order.quantity} usd", f"{order.symbol} has no quote to convert it with"
            )
        price = touch_price(order.side, quote)
    quantity = instrument.round_quantity_down(order.quantity / price)
    if quantity <= 0:
        least = instrument.lot_size * price
        raise InvalidOrder.of(
            "quantity",
            f"{order.quantity} usd",
            f"the smallest lot of {order.symbol} costs {fmt.money(least)} usd",
        )
    return quantity


def request_sentence(request: OrderRequest, instrument: Instrument) -> str:
    """Return what a request asks for, in one line: `BUY 0.5 BTC limit 67,000.0, SL 66,000.0, post-only`."""
    price = request.price if request.price is not None else request.trigger_price
    parts = [
        f"{request.side.upper()} {fmt.quantity(request.quantity, instrument.lot_size)} {request.symbol} "
        + ORDER_TYPE_LABELS[request.type]
        + (f" {fmt.price(price, instrument.tick_size)}" if price is not None else "")
    ]
    if request.stop_loss is not None:
        parts.append(f"SL {fmt.price(request.stop_loss, instrument.tick_size)}")
    if request.take_profit is not None:
        parts.append(f"TP {fmt.price(request.take_profit, instrument.tick_size)}")
    if request.leverage is not None:
        parts.append(f"{request.leverage}×")
    if request.time_in_force is not TimeInForce.GTC:
        parts.append(TIME_IN_FORCE_LABELS[request.time_in_force])
    if request.reduce_only:
        parts.append("reduce-only")
    return ", ".join(parts)


def preview_facts(
    preview: OrderPreview, instrument: Instrument, quote: Quote | None = None
) -> tuple[tuple[str, str], ...]:
    """Return what an order would cost and leave behind, as labels and values.

    An order that waits has no slippage yet: it says how far away it waits instead.
    """
    tick, lot = instrument.tick_size, instrument.lot_size
    liquidation = preview.liquidation_price
    return (
        ("margin", fmt.money(preview.margin)),
        ("fee", fmt.money(preview.fee)),
        (
            "liquidation",
            "none" if liquidation is None else fmt.price(instrument.round_price(liquidation), tick),
        ),
        _slippage_fact(preview, quote),
        ("notional", fmt.money(preview.notional)),
        ("price", fmt.price(instrument.round_price(preview.expected_price), tick)),
        ("position", fmt.quantity(preview.position_after, lot)),
    )


def preview_warning(preview: OrderPreview) -> str:
    """Return the sentence to show beside a preview, or ""."""
    if preview.warning:
        return plain_words(preview.warning)
    return "" if preview.notional else "Nothing would fill at this price now."


def waits(request: OrderRequest, quote: Quote | None) -> bool:
    """Tell whether an order would not trade at once: it rests at its limit or waits for its trigger."""
    if request.type.is_trigger:
        return True
    if request.price is None or quote is None or request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
        return False
    return (request.price - touch_price(request.side, quote)) * request.side.sign < 0


def _slippage_fact(preview: OrderPreview, quote: Quote | None) -> tuple[str, str]:
    request = preview.request
    price = request.price if request.price is not None else request.trigger_price
    if price is None or quote is None or not waits(request, quote):
        return ("slippage", fmt.percent(preview.slippage, 3) if preview.notional else fmt.ABSENT)
    distance = (price - quote.mid) / quote.mid
    where = "above" if distance > 0 else "below"
    label = "triggers" if request.type.is_trigger else "rests"
    decimals = 1 if abs(distance) >= Decimal("0.01") else 3
    return (label, f"{fmt.percent(abs(distance), decimals, signed=False)} {where}")


def order_proof(order: Order) -> str:
    """Return what became of an order that was just sent, in one sentence."""
    name = f"{order.side.upper()} {fmt.quantity(order.quantity)} {order.symbol}"
    state = STATUS_LABELS[order.status]
    if order.average_price is not None:
        filled = fmt.quantity(order.filled_quantity)
        return f"{name}: {state}, {filled} at {fmt.price(order.average_price)}"
    reason = f" · {plain_words(order.status_reason)}" if order.status_reason else ""
    return f"{name}: {state}{reason}"
