"""The only fill rules in the project: order x quote or book -> executions.

Liquidity is what the recorded market showed; it does not react to our orders, and our own orders
never trade with each other.

- **The quote decides where the touch is.** A book is older than the quote by up to its publishing
  interval, so of a book only the levels strictly worse than the touch count; what it still shows at
  or through the touch is gone, and nothing ever trades at a better price than the quote's. A quote
  that displays no size has nothing to trade with.
- **Taker, with a book:** the touch, then the book's levels beyond it, best first.
- **Taker, with a quote only:** the touch shows its displayed size; every further displayed size
  stands one tick worse, without end. What exceeds the touch fills at the worst price it needs (two
  executions, never thousands), so slippage grows with size and errs against the trader.
- **Market orders** never trade more than `MARKET_TAKE_BOUND` away from the mark price; what is left
  expires.
- **Resting limits** fill at their own price as maker: the whole rest when the touch is strictly
  through the limit, at most the size displayed there when it stands exactly at it.
- **Triggers** look at the mark price: a stop buys at or above, sells at or below its trigger; a
  take-profit the opposite. A triggered order is a market order.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import msgspec

from engine.model.fill import Liquidity
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest, OrderType, Side, TimeInForce
from engine.model.quote import BookLevel, BookSnapshot, Quote

MARKET_TAKE_BOUND: Final = Decimal("0.05")
"""How far from the mark price a market order may trade (`marketTakeBound` of Binance USD-M)."""


class Execution(msgspec.Struct, frozen=True):
    """A quantity traded at one price, before anybody has accounted for it."""

    price: Decimal
    quantity: Decimal
    liquidity: Liquidity


class Remainder(enum.StrEnum):
    """What becomes of the part of a new order that did not trade at once."""

    RESTS = "rests"
    EXPIRES = "expires"
    REJECTED = "rejected"


class Match(msgspec.Struct, frozen=True):
    """How a new order meets the market; `reason` says why a remainder expires or is rejected."""

    executions: tuple[Execution, ...]
    remainder: Remainder
    reason: str = ""


def plain(number: Decimal) -> str:
    """Return a number as people write it: no exponent, no trailing zeros."""
    return f"{number.normalize():f}"


def touch(side: Side, quote: Quote) -> BookLevel | None:
    """Return the price and size an order on `side` meets first, None when that side is empty."""
    quantity = quote.ask_quantity if side is Side.BUY else quote.bid_quantity
    return BookLevel(_touch_price(side, quote), quantity) if quantity > 0 else None


def liquidity(side: Side, quote: Quote, book: BookSnapshot) -> Iterator[BookLevel]:
    """Yield what an order on `side` can take, best first: the touch, then the book strictly beyond it."""
    best = touch(side, quote)
    if best is None:
        return
    yield best
    for level in book.asks if side is Side.BUY else book.bids:
        if (level.price - best.price) * side.sign > 0:
            yield level


def match_new(
    order: OrderRequest | Order,
    quantity: Decimal,
    quote: Quote,
    book: BookSnapshot | None,
    instrument: Instrument,
    worst_price: Decimal | None = None,
) -> Match:
    """Return how `quantity` of a new market, triggered or limit order meets the market.

    `worst_price` bounds the taker part further than the order itself does.
    """
    is_limit = order.type is OrderType.LIMIT and order.price is not None
    if is_limit and order.time_in_force is TimeInForce.POST_ONLY:
        return _match_post_only(order, quote)
    limit = order.price if is_limit and order.price is not None else market_bound(order.side, quote.mark)
    if worst_price is not None and not _is_within(order.side, limit, worst_price):
        limit = worst_price
    executions = take(order.side, quantity, limit, quote, book, instrument)
    taken = quantity_of(executions)
    if taken < quantity and order.time_in_force is TimeInForce.FOK:
        reason = f"fill-or-kill: only {plain(taken)} of {plain(quantity)} could fill at once"
        return Match((), Remainder.EXPIRES, reason)
    if is_limit and order.time_in_force is TimeInForce.GTC:
        return Match(executions, Remainder.RESTS)
    reason = ""
    if taken < quantity:
        rule = (
            "immediate-or-cancel" if is_limit else f"market order within {MARKET_TAKE_BOUND:.0%} of the mark"
        )
        filled = f"only {plain(taken)} of {plain(quantity)}"
        reason = f"{rule}: {filled} could fill at {plain(limit)} or better"
    return Match(executions, Remainder.EXPIRES, reason)


def quantity_of(executions: Sequence[Execution]) -> Decimal:
    """Return how much several executions trade together."""
    if len(executions) == 1:
        return executions[0].quantity
    return sum([execution.quantity for execution in executions], Decimal(0))


def market_bound(side: Side, mark: Decimal) -> Decimal:
    """Return the worst price a market order may trade at."""
    return mark * (1 + side.sign * MARKET_TAKE_BOUND)


def take(
    side: Side,
    quantity: Decimal,
    limit: Decimal,
    quote: Quote,
    book: BookSnapshot | None,
    instrument: Instrument,
) -> tuple[Execution, ...]:
    """Return what an order takes at once at `limit` or better; see the module for the rule."""
    if book is None:
        return _take_from_quote(side, quantity, limit, quote, instrument)
    executions = []
    remaining = quantity
    for level in liquidity(side, quote, book):
        if remaining <= 0 or not _is_within(side, level.price, limit):
            break
        taken = min(remaining, level.quantity)
        executions.append(Execution(level.price, taken, Liquidity.TAKER))
        remaining -= taken
    return tuple(executions)


def fill_resting(order: Order, quote: Quote) -> Execution | None:
    """Return what a resting limit order trades at this quote, None when nothing."""
    limit = order.price
    if limit is None or not _is_within(order.side, _touch_price(order.side, quote), limit):
        return None
    best = touch(order.side, quote)
    if best is None:
        return None
    remaining = order.remaining_quantity
    quantity = min(remaining, best.quantity) if best.price == limit else remaining
    return Execution(limit, quantity, Liquidity.MAKER)


def is_triggered(order: Order, mark: Decimal) -> bool:
    """Tell whether the mark price has reached the trigger of a stop or take-profit order."""
    trigger = order.trigger_price
    if trigger is None:
        return False
    rising = (order.type is OrderType.STOP_MARKET) is (order.side is Side.BUY)
    return mark >= trigger if rising else mark <= trigger


def _match_post_only(order: OrderRequest | Order, quote: Quote) -> Match:
    best = touch(order.side, quote)
    if order.price is not None and best is not None and _is_within(order.side, best.price, order.price):
        reason = f"post-only would take: {order.side} at {plain(order.price)} meets {plain(best.price)}"
        return Match((), Remainder.REJECTED, reason)
    return Match((), Remainder.RESTS)


def _touch_price(side: Side, quote: Quote) -> Decimal:
    return quote.ask if side is Side.BUY else quote.bid


def _take_from_quote(
    side: Side, quantity: Decimal, limit: Decimal, quote: Quote, instrument: Instrument
) -> tuple[Execution, ...]:
    best = touch(side, quote)
    if best is None or quantity <= 0 or not _is_within(side, best.price, limit):
        return ()
    if quantity <= best.quantity and instrument.is_on_lot(quantity):
        return (Execution(best.price, quantity, Liquidity.TAKER),)
    displayed = instrument.round_quantity_down(best.quantity)
    if displayed <= 0:
        return ()
    at_touch = Execution(best.price, min(quantity, displayed), Liquidity.TAKER)
    rest = quantity - at_touch.quantity
    ticks_allowed = (abs(limit - best.price) / instrument.tick_size).to_integral_value(ROUND_FLOOR)
    rest = min(rest, displayed * ticks_allowed)
    if rest <= 0:
        return (at_touch,)
    ticks = (rest / displayed).to_integral_value(ROUND_CEILING)
    worst = best.price + side.sign * ticks * instrument.tick_size
    return (at_touch, Execution(worst, rest, Liquidity.TAKER))


def _is_within(side: Side, price: Decimal, limit: Decimal) -> bool:
    """Tell whether trading at `price` is no worse than `limit` for `side`."""
    return price <= limit if side is Side.BUY else price >= limit
