"""The ticket's texts as an order command, or an error that names the field: pure functions."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.errors import DeskError, InvalidOrder
from engine.model.order import Side, TimeInForce
from tui.command_line import MAX_LEVERAGE
from tui.commands import Entry, PlaceOrder, QuantityUnit
from tui.numbers import advice_on, read_number

FIELDS = (
    "side",
    "symbol",
    "entry",
    "quantity",
    "price",
    "time_in_force",
    "reduce_only",
    "stop_loss",
    "take_profit",
    "leverage",
)
_FIELD_OF_DETAIL = {"type": "entry", "trigger_price": "price", "notional": "quantity", "size": "quantity"}
_NUMBER_HINT = "a number above 0"


class TicketValues(msgspec.Struct, frozen=True, kw_only=True):
    """What the ticket's fields hold: choices as values, numbers as typed."""

    side: Side
    symbol: str
    entry: Entry
    quantity: str = ""
    price: str = ""
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    stop_loss: str = ""
    take_profit: str = ""
    leverage: str = ""


def ticket_order(values: TicketValues) -> PlaceOrder:
    """Return the order a ticket asks for; raises `InvalidOrder` whose `field` is one of `FIELDS`."""
    quantity, unit = _quantity(values.quantity)
    needs_price = values.entry is not Entry.MARKET
    waits = values.entry in (Entry.STOP, Entry.TAKE_PROFIT)
    time_in_force = TimeInForce.GTC if waits else values.time_in_force
    if time_in_force is TimeInForce.POST_ONLY and values.entry is not Entry.LIMIT:
        raise InvalidOrder.of("time_in_force", "post-only", "it goes with a limit order")
    return PlaceOrder(
        side=values.side,
        symbol=values.symbol,
        quantity=quantity,
        unit=unit,
        entry=values.entry,
        price=_number("price", values.price, "a limit or trigger price is needed") if needs_price else None,
        time_in_force=time_in_force,
        reduce_only=values.reduce_only,
        stop_loss=_optional("stop_loss", values.stop_loss),
        take_profit=_optional("take_profit", values.take_profit),
        leverage=_leverage(values.leverage),
    )


def field_to_blame(error: DeskError) -> str:
    """Return the ticket field an error is about, or "" if it is about none."""
    detail = error.details.get("field", "")
    name = _FIELD_OF_DETAIL.get(detail, detail)
    return name if name in FIELDS else ""


def _quantity(text: str) -> tuple[Decimal, QuantityUnit]:
    typed = text.strip().casefold()
    unit = QuantityUnit.USD if typed.endswith("usd") else QuantityUnit.BASE
    number = typed.removesuffix("usd").strip()
    return _number("quantity", number, "give a size such as 0.5, or an amount such as 500 usd"), unit


def _number(field: str, text: str, allowed: str) -> Decimal:
    typed = text.strip()
    if not typed:
        raise InvalidOrder(f"{field}: {allowed}", field=field, value="", allowed=allowed)
    number = read_number(typed)
    if number is None or number <= 0:
        raise InvalidOrder.of(field, typed, advice_on(typed) or f"allowed is {_NUMBER_HINT}")
    return number


def _optional(field: str, text: str) -> Decimal | None:
    return _number(field, text, _NUMBER_HINT) if text.strip() else None


def _leverage(text: str) -> int | None:
    number = _optional("leverage", text)
    if number is None:
        return None
    if number != number.to_integral_value() or number > MAX_LEVERAGE:
        raise InvalidOrder.of("leverage", text.strip(), f"allowed is a whole number from 1 to {MAX_LEVERAGE}")
    return int(number)
