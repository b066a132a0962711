from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.order import Side
from tests.tui.peek import desk_screen, screen_lines, text_of
from tests.tui.recorded_books import ticker
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.screens.ticket import MOVED, TicketScreen
from tui.screens.ticket_fields import ChoiceField, QuantityField
from tui.widgets.number_field import NumberField

D = Decimal


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
        assert "16,753.52" in text_of(app, "#facts")
        ticket.query_one("#stop_loss", NumberField).value = "69000"
        await pilot.pause()
        assert ticket.query_one("#label-stop_loss").has_class("-wrong")
        assert "below its entry" in text_of(app, "#verdict")
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


def move_btc(app: DeskApp, desk: RecordedDesk, bid: str, ask: str) -> None:
    """Give BTC another price and let ticket and desk see it."""
    desk.ticker_list = (ticker("BTC", bid, ask, 0.01), *desk.ticker_list[1:])
    desk_screen(app).paint_tick()
    screen = app.screen
    assert isinstance(screen, TicketScreen)
    screen.keep_current()


async def test_the_preview_follows_the_market_and_a_large_move_disarms(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b", *"500", "space", *"usd", "enter")
        await pilot.pause()
        assert text_of(app, "#answers").startswith("▸ SEND Manual: BUY 0.007 BTC market")
        move_btc(app, desk, "67050", "67052")
        assert "469.36" in text_of(app, "#facts")
        assert text_of(app, "#answers").startswith("▸ SEND")
        move_btc(app, desk, "68050", "68052")
        assert not text_of(app, "#answers").startswith("▸ SEND")
        assert text_of(app, "#verdict") == MOVED
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls == []
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls[0][1].quantity == D("0.007")


async def test_an_order_whose_sentence_is_not_on_the_screen_is_never_armed(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("b", "1", "enter")
        await pilot.pause()
        assert any("SEND Manual: BUY 1.000 BTC market" in line for line in screen_lines(app))
        desk.trader_list = tuple(msgspec.structs.replace(item, name="M" * 300) for item in desk.trader_list)
        desk_screen(app).paint_tick()
        await pilot.press("0", "enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, TicketScreen)
        assert "does not fit" in text_of(app, "#verdict")
        assert desk.calls == []
