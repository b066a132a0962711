"""A choice among few, and a quantity that may be money."""

from __future__ import annotations

from decimal import Decimal

from tests.tui.widgets.painted import BareApp, lines_of
from tui.screens.ticket_fields import ChoiceField, QuantityField


async def test_a_choice_goes_round_in_both_directions() -> None:
    field = ChoiceField([("buy", "BUY"), ("sell", "SELL"), ("hold", "HOLD")], "buy", id="side")
    async with BareApp(field).run_test() as pilot:
        field.focus()
        await pilot.press("left")
        assert field.value == "hold"
        await pilot.press("right", "space")
        assert field.value == "sell"
        assert "‹ SELL ›" in lines_of(field)[0]


async def test_a_click_takes_the_next_choice() -> None:
    field = ChoiceField([("no", "no"), ("yes", "yes")], "no", id="reduce")
    async with BareApp(field).run_test() as pilot:
        await pilot.click("#reduce")
        assert field.value == "yes"


async def test_a_quantity_steps_by_lots_and_an_amount_by_dollars() -> None:
    field = QuantityField(step=Decimal("0.001"), id="quantity")
    async with BareApp(field).run_test() as pilot:
        field.focus()
        await pilot.press("up")
        assert field.value == "0.001"
        field.value = "1,000 usd"
        await pilot.press("up")
        assert field.value == "1010 usd"


async def test_a_doubtful_number_is_not_stepped() -> None:
    field = QuantityField(step=Decimal("0.001"), id="quantity")
    async with BareApp(field).run_test() as pilot:
        field.focus()
        field.value = "0,5"
        await pilot.press("up")
        assert field.value == "0,5"
