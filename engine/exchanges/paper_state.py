"""The paper exchange as a pure state machine: (wallet, event) -> (wallet, reports).

No clock and no I/O: time is that of the quote or funding event. What it decides, beyond the fill
rules of `matching` and the arithmetic of `margin`:

- **Margin.** An order that opens or rests must be affordable, margin and fee, from what is
  available, and not be liquidated at once; otherwise it is rejected with the numbers. Triggers are
  checked when they trigger. An order that only reduces is never refused for margin.
- **Reduce-only** orders are cut to the position when placed and again whenever they trade, and are
  cancelled when there is nothing left to reduce.
- **Closing** at the market stops at the position's bankruptcy price: isolated means that a position
  loses its own margin and nothing else.
- **A triggered order stays triggered.** What of it could not trade at once is from then on an open
  `MARKET` order that keeps its `trigger_price`, and tries again at every quote, wherever the mark
  has gone. Being part of the order itself, this is stored with it and survives a restart.
- **A quote** is applied in the order that hurts: liquidation, then what has triggered before, stops,
  take-profits and resting limits, oldest first, then liquidation of what those have opened.
- **Liquidation** closes the whole position with the taker fee at the mark, but never beyond
  bankruptcy; a `BalanceReport` repeats what it cost (the fill has it already) for whoever alerts.
- **Amending** keeps the id. A new price that crosses trades at once as a taker, except on a
  post-only order, where the amendment is refused and the order stays as it was.
- **Protection.** The stop-loss and take-profit of an entry are placed as its fills arrive, sized to
  them; when one trades, the other and the rest of the entry are withdrawn.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from engine.errors import Conflict, DeskError, NotFound, OrderRejected
from engine.exchanges.base import OrderReport, VenueReport
from engine.exchanges.instruments import instrument_of
from engine.exchanges.ledger import Ledger
from engine.exchanges.margin import is_liquidated, worst_closing_price
from engine.exchanges.matching import (
    Match,
    Remainder,
    fill_resting,
    is_triggered,
    match_new,
    plain,
    touch,
)
from engine.exchanges.validation import validate_amendment, validate_order
from engine.exchanges.wallet import PaperWallet
from engine.model.order import Order, OrderStatus, OrderType
from engine.model.quote import BookSnapshot, Quote


class PlaceOrder(msgspec.Struct, frozen=True):
    """A new order arrives; `quote` is None when the symbol has had none yet.

    `is_valid` says that `validate_order` has passed it at this very quote and position, and `match`
    how it meets this very market if that has been worked out already.
    """

    order: Order
    quote: Quote | None
    book: BookSnapshot | None = None
    is_valid: bool = False
    match: Match | None = None


class CancelOrder(msgspec.Struct, frozen=True):
    """An open order is to be withdrawn."""

    client_order_id: str
    ts_ms: int
    reason: str = "cancelled on request"


class AmendOrder(msgspec.Struct, frozen=True):
    """A resting limit order is to change; None leaves a value as it is."""

    client_order_id: str
    quantity: Decimal | None
    price: Decimal | None
    quote: Quote
    book: BookSnapshot | None = None


class QuoteUpdate(msgspec.Struct, frozen=True):
    """The market of one symbol has moved."""

    quote: Quote
    book: BookSnapshot | None = None


class SettleFunding(msgspec.Struct, frozen=True):
    """A funding interval of one symbol ends: `rate` is the fraction longs pay to shorts."""

    symbol: str
    rate: Decimal
    mark: Decimal
    ts_ms: int


PaperEvent = PlaceOrder | CancelOrder | AmendOrder | QuoteUpdate | SettleFunding
Step = tuple[PaperWallet, tuple[VenueReport, ...]]

_ORDER_OF_FILLING: Final = (
    OrderType.MARKET,
    OrderType.STOP_MARKET,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.LIMIT,
)
"""How a quote goes through the open orders; the market orders among them have triggered before."""


def apply(wallet: PaperWallet, event: PaperEvent) -> Step:
    """Return the wallet after the event, and what it caused, in order.

    A refused new order is reported as rejected. Raises `NotFound` for an order that is not open, and
    `InvalidOrder`, `Conflict` or `OrderRejected` for an amendment that cannot be made; the wallet
    then stays as it was.
    """
    match event:
        case QuoteUpdate(quote, book):
            return apply_quote(wallet, quote, book)
        case PlaceOrder():
            return _place(wallet, event)
        case CancelOrder(client_order_id, ts_ms, reason):
            return _cancel(wallet, client_order_id, ts_ms, reason)
        case AmendOrder():
            return _amend(wallet, event)
        case SettleFunding():
            return _settle_funding(wallet, event)


def apply_quote(wallet: PaperWallet, quote: Quote, book: BookSnapshot | None = None) -> Step:
    """Return the wallet after a quote; the very same wallet and no reports when nothing happens."""
    state = wallet.symbols.get(quote.symbol)
    if state is None:
        return wallet, ()
    position = state.position
    liquidates = position is not None and is_liquidated(position, quote.mark)
    if not liquidates and not _any_due(state.orders, quote):
        return wallet, ()
    ledger = Ledger(wallet, quote.symbol, quote.mark, quote.ts_ms)
    if liquidates:
        ledger.liquidate()
    for order_type in _ORDER_OF_FILLING:
        for client_order_id in tuple(ledger.orders):
            order = ledger.orders.get(client_order_id)
            if order is None or order.type is not order_type or not _is_due(order, quote):
                continue
            if order_type is OrderType.LIMIT:
                ledger = _fill_maker(ledger, order, quote)
            else:
                ledger = _fill_triggered(ledger, order, quote, book)
    if ledger.position is not None and is_liquidated(ledger.position, quote.mark):
        ledger.liquidate()
    after, reports = ledger.close()
    return (after, reports) if reports else (wallet, ())


def find_open_order(wallet: PaperWallet, client_order_id: str) -> Order:
    """Return an open order of the wallet; raise `NotFound` when there is none of that id."""
    for order in wallet.open_orders:
        if order.client_order_id == client_order_id:
            return order
    raise NotFound(
        f"client_order_id: {client_order_id} is not an open order",
        field="client_order_id",
        value=client_order_id,
    )


def _place(wallet: PaperWallet, event: PlaceOrder) -> Step:
    order, quote = event.order, event.quote
    try:
        instrument = instrument_of(order.symbol, wallet.instruments)
        if quote is None:
            raise Conflict(f"symbol: {order.symbol} has no quote yet", field="symbol", value=order.symbol)
        ledger = Ledger(wallet, order.symbol, quote.mark, quote.ts_ms)
        if not event.is_valid:
            validate_order(order, instrument, quote, ledger.position)
        accepted = _accept(ledger, order, wallet.default_leverage)
        if accepted.type.is_trigger:
            ledger.put(accepted)
        else:
            match = event.match or _match(ledger, accepted, quote, event.book)
            _enter_market(ledger, accepted, match)
    except DeskError as refusal:
        return wallet, (OrderReport(_rejected(order, refusal.message, quote)),)
    return ledger.close()


def _accept(ledger: Ledger, order: Order, default_leverage: int) -> Order:
    leverage = order.leverage
    if leverage is None:
        leverage = ledger.position.leverage if ledger.position is not None else default_leverage
    return msgspec.structs.replace(
        order,
        quantity=ledger.executable(order),
        leverage=leverage,
        status=OrderStatus.ACCEPTED,
        venue_order_id=f"paper-{order.client_order_id}",
        updated_ms=ledger.ts_ms,
    )


def _enter_market(ledger: Ledger, order: Order, match: Match) -> None:
    """Let a new or repriced order meet the market; after `OrderRejected` the ledger is of no more use."""
    if match.remainder is Remainder.REJECTED:
        raise OrderRejected(match.reason)
    available, opened = ledger.available(), ledger.opened_quantity
    if not match.executions:
        ledger.put(order)
    ledger.execute(order, match.executions)
    left = ledger.orders.get(order.client_order_id)
    if left is not None and match.remainder is Remainder.EXPIRES:
        ledger.end(left, OrderStatus.EXPIRED, match.reason)
    opens = ledger.opened_quantity > opened
    if opens or order.client_order_id in ledger.orders:
        _check_affordable(ledger, order, available, opens=opens)


def _match(ledger: Ledger, order: Order, quote: Quote, book: BookSnapshot | None) -> Match:
    worst = worst_closing_price(ledger.position, order.side, ledger.instrument)
    return match_new(order, ledger.executable(order), quote, book, ledger.instrument, worst)


def _check_affordable(after: Ledger, order: Order, available: Decimal, *, opens: bool) -> None:
    """Raise `OrderRejected` if an order costs more than was `available` before it, or ends at once."""
    if opens and after.position is not None and is_liquidated(after.position, after.mark):
        raise OrderRejected(
            f"leverage: {order.leverage}x would be liquidated at once, at "
            f"{after.position.liquidation_price} with the mark at {after.mark}",
            reason="immediate_liquidation",
        )
    left = after.available()
    # What opens must leave nothing overdrawn, even if it also frees reserves; an order that merely
    # rests, or was amended, must not make matters worse.
    if left < 0 and (opens or left < available):
        currency = after.instrument.quote
        at_hand = max(available, Decimal(0))
        raise OrderRejected(
            f"insufficient margin: {order.side} {plain(order.quantity)} {order.symbol} at "
            f"{order.leverage}x needs {at_hand - left:.2f} {currency} for margin and fee, "
            f"{at_hand:.2f} {currency} is available",
            reason="insufficient_margin",
        )


def _fill_maker(ledger: Ledger, order: Order, quote: Quote) -> Ledger:
    execution = fill_resting(order, quote)
    if execution is None:
        return ledger
    quantity = min(execution.quantity, ledger.executable(order))
    trial = ledger.fork()
    trial.execute(order, (msgspec.structs.replace(execution, quantity=quantity),))
    if trial.opened_quantity > ledger.opened_quantity and trial.free_cash() < 0:
        reason = f"insufficient margin when it was to fill: short of {-trial.free_cash():.2f}"
        ledger.end(order, OrderStatus.CANCELLED, reason)
        return ledger
    return trial


def _fill_triggered(ledger: Ledger, order: Order, quote: Quote, book: BookSnapshot | None) -> Ledger:
    match = _match(ledger, order, quote, book)
    trial = ledger.fork()
    left = trial.execute(order, match.executions)
    if left.type.is_trigger and left.client_order_id in trial.orders:
        trial.put(msgspec.structs.replace(left, type=OrderType.MARKET, updated_ms=ledger.ts_ms))
    if trial.opened_quantity > ledger.opened_quantity:
        try:
            _check_affordable(trial, order, ledger.available(), opens=True)
        except OrderRejected as refusal:
            started = order.status is OrderStatus.PARTIALLY_FILLED
            ledger.end(order, OrderStatus.CANCELLED if started else OrderStatus.REJECTED, refusal.message)
            return ledger
    return trial


def _any_due(orders: tuple[Order, ...], quote: Quote) -> bool:
    return any([_is_due(order, quote) for order in orders])


def _is_due(order: Order, quote: Quote) -> bool:
    """Tell whether a quote makes a waiting order trade or trigger."""
    if order.type is OrderType.LIMIT:
        return fill_resting(order, quote) is not None
    if order.type is OrderType.MARKET:
        return touch(order.side, quote) is not None
    return is_triggered(order, quote.mark)


def _cancel(wallet: PaperWallet, client_order_id: str, ts_ms: int, reason: str) -> Step:
    order = find_open_order(wallet, client_order_id)
    position = wallet.symbols[order.symbol].position
    mark = position.mark_price if position is not None else Decimal(0)
    ledger = Ledger(wallet, order.symbol, mark, ts_ms)
    ledger.end(order, OrderStatus.CANCELLED, reason)
    return ledger.close()


def _amend(wallet: PaperWallet, event: AmendOrder) -> Step:
    order = find_open_order(wallet, event.client_order_id)
    quote = event.quote
    ledger = Ledger(wallet, order.symbol, quote.mark, quote.ts_ms)
    validate_amendment(order, event.quantity, event.price, ledger.instrument, quote, ledger.position)
    quantity = order.quantity if event.quantity is None else event.quantity
    if order.reduce_only:
        quantity = min(quantity, order.filled_quantity + ledger.reducible(order))
    amended = msgspec.structs.replace(
        order,
        quantity=quantity,
        price=order.price if event.price is None else event.price,
        updated_ms=quote.ts_ms,
    )
    _enter_market(ledger, amended, _match(ledger, amended, quote, event.book))
    return ledger.close()


def _settle_funding(wallet: PaperWallet, event: SettleFunding) -> Step:
    state = wallet.symbols.get(event.symbol)
    if state is None or state.position is None:
        return wallet, ()
    ledger = Ledger(wallet, event.symbol, event.mark, event.ts_ms)
    ledger.pay_funding(event.rate)
    if ledger.position is not None and is_liquidated(ledger.position, event.mark):
        ledger.liquidate()
    return ledger.close()


def _rejected(order: Order, reason: str, quote: Quote | None) -> Order:
    return msgspec.structs.replace(
        order,
        status=OrderStatus.REJECTED,
        status_reason=reason,
        updated_ms=quote.ts_ms if quote is not None else order.updated_ms,
    )
