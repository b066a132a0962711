"""What an order would do if it met the market now: price, slippage, fee, margin, liquidation.

Pure, and made of the same matching and margin rules as the exchange itself, so that a preview and
the fill that follows from an unchanged market agree.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.exchanges.margin import Trade, apply_fill, fee_of, worst_closing_price
from engine.exchanges.matching import Execution, Match, Remainder, match_new, plain, quantity_of
from engine.model.fill import Liquidity
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, order_of
from engine.model.position import Position
from engine.model.preview import OrderPreview
from engine.model.quote import BookSnapshot, Quote


def preview_order(
    request: OrderRequest,
    instrument: Instrument,
    quote: Quote,
    book: BookSnapshot | None,
    position: Position | None,
    default_leverage: int,
    available: Decimal | None = None,
) -> OrderPreview:
    """Return what a valid order would do now.

    Call `validate_order` first. With `available` given, the warning also says when margin and fee
    exceed it.
    """
    order = order_of(
        request,
        client_order_id="",
        ts_ms=quote.ts_ms,
        leverage=position.leverage if position is not None else default_leverage,
    )
    match = expected_match(request, instrument, quote, book, position)
    executions, warning = _expected_executions(request, match, position)
    outcome = _outcome_of(order, executions, quote, position, instrument)
    expected = outcome.average_price or request.price or request.trigger_price or quote.mark
    needed = outcome.margin + outcome.fee
    if available is not None and needed > available and not request.reduce_only:
        warning = f"needs {needed:.2f} {instrument.quote}, {available:.2f} is available"
    after = outcome.position
    return OrderPreview(
        request=request,
        expected_price=expected,
        notional=outcome.notional,
        margin=outcome.margin,
        fee=outcome.fee,
        slippage=slippage_of(expected, quote, request),
        liquidation_price=after.liquidation_price if after is not None else None,
        position_after=after.quantity if after is not None else Decimal(0),
        warning=warning,
    )


def expected_match(
    request: OrderRequest,
    instrument: Instrument,
    quote: Quote,
    book: BookSnapshot | None,
    position: Position | None,
) -> Match | None:
    """Return how a valid order meets the market now, None for one that waits for its trigger."""
    if request.trigger_price is not None:
        return None
    worst = worst_closing_price(position, request.side, instrument)
    return match_new(request, _tradable(request, position), quote, book, instrument, worst)


def expected_price(request: OrderRequest, match: Match | None, quote: Quote) -> Decimal:
    """Return the average price a valid entry would come to now, as its preview says it."""
    executions, _ = _expected_executions(request, match, None)
    if len(executions) == 1:
        return executions[0].price
    filled = quantity_of(executions)
    paid = sum((execution.price * execution.quantity for execution in executions), Decimal(0))
    return paid / filled if filled else request.price or request.trigger_price or quote.mark


def slippage_of(price: Decimal, quote: Quote, request: OrderRequest) -> Decimal:
    """Return how much worse than the mid price a price is, as a fraction."""
    return (price - quote.mid) / quote.mid * request.side.sign


def _tradable(request: OrderRequest, position: Position | None) -> Decimal:
    if request.reduce_only and position is not None:
        return min(request.quantity, abs(position.quantity))
    return request.quantity


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What executions come to: `margin` is what they set aside, `average_price` None without any."""

    position: Position | None
    average_price: Decimal | None
    notional: Decimal
    margin: Decimal
    fee: Decimal


def _outcome_of(
    order: Order,
    executions: tuple[Execution, ...],
    quote: Quote,
    position: Position | None,
    instrument: Instrument,
) -> _Outcome:
    filled = notional = margin = fee = Decimal(0)
    for execution in executions:
        value = execution.price * execution.quantity
        cost = fee_of(value, execution.liquidity, instrument)
        trade = Trade(
            trader_id=order.trader_id,
            side=order.side,
            price=execution.price,
            quantity=execution.quantity,
            fee=cost,
            leverage=order.leverage or 1,
            mark=quote.mark,
            ts_ms=quote.ts_ms,
        )
        change = apply_fill(position, trade, instrument)
        position = change.position
        filled += execution.quantity
        notional += value
        margin += change.margin_moved
        fee += cost
    return _Outcome(
        position=position,
        average_price=notional / filled if filled else None,
        notional=notional,
        margin=max(margin, Decimal(0)),
        fee=fee,
    )


def _expected_executions(
    order: OrderRequest, match: Match | None, position: Position | None
) -> tuple[tuple[Execution, ...], str]:
    quantity = _tradable(order, position)
    if match is None:
        assert order.trigger_price is not None, order
        return (Execution(order.trigger_price, quantity, Liquidity.TAKER),), ""
    executions, warning = match.executions, match.reason
    if match.remainder is Remainder.RESTS and order.price is not None:
        left = quantity - quantity_of(executions)
        if left > 0:
            executions = (*executions, Execution(order.price, left, Liquidity.MAKER))
    if order.quantity > quantity:
        warning = warning or f"cut to the position of {plain(quantity)}"
    return executions, warning
