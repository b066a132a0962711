from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import InvalidOrder
from engine.model.order import Side, TimeInForce
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.commands import Entry, PlaceOrder, QuantityUnit
from tui.screens.ticket import TicketScreen
from tui.screens.ticket_fields import ChoiceField, QuantityField
from tui.screens.ticket_form import TicketValues, field_to_blame, ticket_order
from tui.widgets.number_field import NumberField

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


async def open_ticket(app: DeskApp) -> TicketScreen:
    screen = app.screen
    assert isinstance(screen, TicketScreen)
    return screen


async def test_the_ticket_previews_while_typing_and_marks_the_wrong_field(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b", "0", "full_stop", "5")
        await pilot.pause()
        ticket = await open_ticket(app)
        assert "16,753.52" in str(ticket.query_one("#facts").render())
        ticket.query_one("#stop_loss", NumberField).value = "69000"
        await pilot.pause()
        assert ticket.query_one("#label-stop_loss").has_class("-wrong")
        assert "below its entry" in str(ticket.query_one("#verdict").render())
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, TicketScreen)
        assert desk.calls == []
        assert app.focused is not None
        assert app.focused.id == "stop_loss"


async def test_the_whole_ticket_fits_the_smallest_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b")
        await pilot.pause()
        ticket = await open_ticket(app)
        for name in ("quantity", "reduce_only", "facts", "verdict", "answers"):
            region = ticket.query_one(f"#{name}").region
            assert 0 < region.bottom < 24, name
            assert region.height > 0, name


async def test_a_change_after_the_review_takes_the_order_back(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "1", "enter", "0", "enter")
        await pilot.pause()
        assert desk.calls == []
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls[0][1].quantity == D(10)


async def test_steps_keep_the_unit_and_the_lot(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "1", "up")
        await pilot.pause()
        ticket = await open_ticket(app)
        quantity = ticket.query_one("#quantity", QuantityField)
        assert quantity.value == "1.001"
        quantity.value = "500 usd"
        await pilot.press("up")
        assert quantity.value == "510 usd"
        assert quantity.step == D("0.001")


async def test_the_mouse_changes_a_choice_and_sends(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "1")
        await pilot.click("#side")
        await pilot.pause()
        ticket = await open_ticket(app)
        assert ticket.query_one("#side", ChoiceField).value == "sell"
        await pilot.click("#answers", offset=(4, 0))
        await pilot.pause()
        await pilot.click("#answers", offset=(4, 0))
        await pilot.pause()
        assert desk.calls[0][1].side is Side.SELL


async def test_escape_leaves_without_a_trace(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "1", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, TicketScreen)
        assert desk.calls == []
