"""What a ticket's texts mean, and which field an error is about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import InvalidOrder, OrderDenied
from engine.model.order import Side, TimeInForce
from tui.commands import Entry, PlaceOrder, QuantityUnit
from tui.screens.ticket_form import TicketValues, field_to_blame, ticket_order

D = Decimal


def values(**fields: object) -> TicketValues:
    base = TicketValues(side=Side.BUY, symbol="BTC", entry=Entry.MARKET, quantity="0.5")
    return TicketValues(**{name: getattr(base, name) for name in base.__struct_fields__} | fields)


def test_a_filled_ticket_is_an_order() -> None:
    ticket = values(
        entry=Entry.LIMIT,
        quantity="500 USD",
        price="67,000.5",
        stop_loss="66000",
        take_profit="70000",
        leverage="3",
        time_in_force=TimeInForce.POST_ONLY,
    )
    assert ticket_order(ticket) == PlaceOrder(
        side=Side.BUY,
        symbol="BTC",
        quantity=D(500),
        unit=QuantityUnit.USD,
        entry=Entry.LIMIT,
        price=D("67000.5"),
        stop_loss=D(66000),
        take_profit=D(70000),
        leverage=3,
        time_in_force=TimeInForce.POST_ONLY,
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quantity": ""}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "usd"}, "quantity"),
        ({"entry": Entry.LIMIT}, "price"),
        ({"entry": Entry.STOP, "price": "."}, "price"),
        ({"time_in_force": TimeInForce.POST_ONLY}, "time_in_force"),
        ({"stop_loss": "0"}, "stop_loss"),
        ({"leverage": "2.5"}, "leverage"),
        ({"leverage": "126"}, "leverage"),
    ],
)
def test_an_error_names_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidOrder) as caught:
        ticket_order(values(**fields))
    assert field_to_blame(caught.value) == field


@pytest.mark.parametrize("typed", ["0,5", "12,34", "0,500"])
def test_a_doubtful_comma_is_refused_with_what_to_type_instead(typed: str) -> None:
    with pytest.raises(InvalidOrder, match="use a point"):
        ticket_order(values(quantity=typed))


def test_thousands_separators_mean_what_they_mean_on_the_command_line() -> None:
    assert ticket_order(values(quantity="1,000 usd")).quantity == D(1000)


def test_the_desks_own_fields_are_found_on_the_ticket() -> None:
    assert field_to_blame(InvalidOrder("no", field="trigger_price")) == "price"
    assert field_to_blame(OrderDenied("no", reason="kill_switch")) == ""
