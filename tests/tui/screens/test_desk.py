"""What a person does on the desk, by keyboard and by mouse, and what the desk hears of it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot

from engine.errors import HomeLocked, OrderDenied, Unavailable
from engine.model.event import ReplayState
from engine.model.order import OrderType, Side, TimeInForce
from engine.settings import Settings
from tests.tui.peek import column, desk_screen, notices, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled, until
from tui.actions import PANE_TITLES
from tui.app import DeskApp
from tui.panes.command_bar import CommandBar
from tui.panes.footer import Footer
from tui.panes.status import StatusLine
from tui.screens.confirm import ConfirmScreen
from tui.widgets.command_input import CommandInput
from tui.widgets.live_table import LiveTable

D = Decimal
SIZES = [(80, 24), (120, 40), (200, 60)]


async def type_text(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", ".": "full_stop", "@": "at", ",": "comma", "%": "percent_sign", "=": "equals_sign"}
    await pilot.press(*(names.get(character, character) for character in text))
    await pilot.pause()


async def command(pilot: Pilot[None], text: str) -> None:
    await pilot.press("colon")
    await type_text(pilot, text)
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_is_reached_by_its_digit_and_by_tab(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = desk_screen(app)
        for digit, context in enumerate(PANE_TITLES, start=1):
            await pilot.press(str(digit))
            await pilot.pause()
            pane = screen.focused_pane
            assert pane is not None
            assert pane.context is context
            assert pane.region.height > 3
        for context in PANE_TITLES:
            await pilot.press("tab")
            await pilot.pause()
            assert screen.focused_pane is not None
            assert screen.focused_pane.context is context
            assert context.value in screen.grid.shown_ids()


async def test_zoom_gives_a_pane_the_whole_grid_and_back(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4", "z")
        await pilot.pause()
        screen = desk_screen(app)
        assert screen.grid.shown_ids() == {"chat"}
        assert screen.query_one("#chat").size.width > 100
        await pilot.press("escape")
        await pilot.pause()
        assert len(screen.grid.shown_ids()) == 6


async def test_resizing_live_keeps_the_focused_pane_in_view(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("3")
        for width, height in [(80, 24), (120, 40), (60, 20), (200, 60)]:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            screen = desk_screen(app)
            assert "orders" in screen.grid.shown_ids()
            assert screen.query_one("#orders").region.width > 0


async def test_the_status_line_says_what_is_at_stake(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        line = desk_screen(app).query_one(StatusLine)
        for part in ("REPLAY", "○ not armed", "14:03:27", "60×", "30,075.81", "▲ +75.81"):
            assert part in line.text
        desk.status = msgspec.structs.replace(desk.status, feed_age_ms=12_000, kill_switch=True, armed=True)
        desk_screen(app).paint_tick()
        for part in ("KILL SWITCH ON", "● armed", "feed 12s old"):
            assert part in line.text


async def test_the_command_line_shows_the_cost_and_the_second_enter_sends(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "buy 0.5 btc @ 67000 sl 66000 tp 70000 post")
        said = desk_screen(app).query_one(CommandBar).message
        assert desk.calls == []
        for part in (
            "BUY 0.500 BTC limit 67,000.0",
            "margin 16,750.00",
            "fee 16.75",
            "liquidation 33,500.0",
            "rests 0.020% below",
        ):
            assert part in said
        await pilot.press("enter")
        await pilot.pause()
        [(name, request)] = desk.calls
        assert name == "place_order"
        assert (request.trader_id, request.side, request.quantity) == (3, Side.BUY, D("0.5"))
        assert (request.price, request.stop_loss, request.take_profit) == (D(67000), D(66000), D(70000))
        assert request.time_in_force is TimeInForce.POST_ONLY
        assert "BUY 0.5 BTC: filled" in notices(app)[-1]
        assert desk_screen(app).focused_pane is not None


async def test_an_amount_in_usd_is_converted_at_the_touch_and_rounded_down(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "sell 500 usd eth")
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls[0][1].quantity == D("0.160")


async def test_a_wrong_word_is_underlined_and_nothing_is_sent(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "buy 0,5 btc")
        bar = desk_screen(app).query_one(CommandBar)
        assert bar.query_one(CommandInput).error_span == (4, 7)
        assert "0,5 is not a quantity" in bar.message
        assert "^^^" in bar.message
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert desk.calls == []


async def test_the_desks_own_refusal_points_at_the_value(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "buy 0.0001 btc")
        bar = desk_screen(app).query_one(CommandBar)
        assert bar.query_one(CommandInput).error_span == (4, 10)
        assert "steps of 0.001 are allowed" in bar.message


async def test_changing_the_text_takes_the_proposal_back(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "close btc")
        assert "Manual has none in BTC" in desk_screen(app).query_one(CommandBar).message
        await pilot.press("escape")
        await command(pilot, "close sol")
        await type_text(pilot, " 50%")
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls == []
        await pilot.press("enter")
        await pilot.pause()
        assert desk.calls == [("close_position", 3, "SOL", D("0.50"))]


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("pause reversion", ("pause_trader", 1)),
        ("start rules", ("start_trader", 2)),
        ("trigger reversion btc", ("trigger", 1, "BTC")),
        ("speed 120", ("set_replay", 120.0, None)),
        ("step", ("step_replay",)),
    ],
)
async def test_harmless_commands_run_at_once(
    app: DeskApp, desk: RecordedDesk, text: str, call: tuple[object, ...]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, text)
        await pilot.pause()
        assert desk.calls == [call]


async def test_keys_steer_the_replay_and_the_traders(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "full_stop", "plus", "p", "t")
        await pilot.pause()
        assert desk.calls == [
            ("set_replay", None, True),
            ("step_replay",),
            ("set_replay", 120.0, None),
            ("pause_trader", 3),
            ("trigger", 3, ""),
        ]
        await pilot.pause()
        assert "‖ paused" in desk_screen(app).query_one(StatusLine).text


async def test_closing_from_the_row_asks_and_then_proves(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "j", "x")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("n")
        await pilot.pause()
        assert desk.calls == []
        await pilot.press("x", "y")
        await pilot.pause()
        assert desk.calls == [("close_position", 2, "ETH", D(1))]
        assert len(desk_screen(app).query_one("#positions").query_one(LiveTable).rows) == 2
        assert "filled" in notices(app)[-1]


async def test_cancelling_from_the_row(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "x")
        await pilot.pause()
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert desk.calls == [("cancel_order", "o-3")]


async def test_the_order_history_is_one_key_away(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "o")
        await pilot.pause()
        statuses = column(app, "orders", "status")
        assert "denied" in statuses
        assert "filled" in statuses


async def test_the_kill_switch_asks_both_ways(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("K", "y")
        await pilot.pause()
        assert desk.calls == [("engage_kill_switch", False)]
        assert "KILL SWITCH ON" in desk_screen(app).query_one(StatusLine).text
        await pilot.press("K", "y")
        await pilot.pause()
        assert desk.calls[-1] == ("release_kill_switch",)


async def test_a_refusal_is_shown_and_the_desk_goes_on(app: DeskApp, desk: RecordedDesk) -> None:
    desk.failure = OrderDenied("max_positions: 3 are open already", reason="max_positions")
    async with app.run_test(size=(120, 40)) as pilot:
        await command(pilot, "buy 0.5 btc")
        await pilot.press("enter")
        await pilot.pause()
        assert notices(app) == ["max_positions: 3 are open already"]
        desk.failure = RuntimeError("[bold]boom[/")
        await pilot.press("t")
        await pilot.pause()
        assert "unexpected RuntimeError: [bold]boom[/" in notices(app)
        assert app.is_running


async def test_selecting_a_trader_moves_what_keys_act_on(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("1", "k", "t")
        await pilot.pause()
        assert desk.calls == [("trigger", 2, "")]
        await pilot.press("n", "n", "t")
        await pilot.pause()
        assert desk.calls[-1] == ("trigger", 1, "")


async def test_a_click_on_the_footer_runs_its_action(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        x = desk_screen(app).query_one("#footer", Footer).text.index("Kill")
        await pilot.click("#footer", offset=(x, 0))
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)


async def test_the_first_frame_is_painted_before_the_desk_starts(desk: RecordedDesk) -> None:
    ready = desk.status
    desk.status = msgspec.structs.replace(ready, replay=ReplayState.STARTING)
    desk.failure = Unavailable("the desk is still starting")
    started = asyncio.Event()
    painted: list[str] = []

    async def start() -> None:
        painted.append(desk_screen(app).query_one(StatusLine).text)
        desk.status, desk.failure = ready, None
        started.set()

    app = DeskApp(desk, Settings(), start)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, started.is_set)
        assert "starting" in painted[0]
        desk_screen(app).paint_tick()
        await pilot.pause()
        assert "REPLAY" in desk_screen(app).query_one(StatusLine).text


async def test_a_desk_that_cannot_start_ends_the_app_with_the_reason(desk: RecordedDesk) -> None:
    async def start() -> None:
        raise HomeLocked("another desk runs on this home")

    app = DeskApp(desk, Settings(), start)
    async with app.run_test() as pilot:
        await pilot.pause()
    assert app.return_code == 1
    assert isinstance(app.startup_error, HomeLocked)


async def test_q_quits(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_themes_switch_live(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await command(pilot, "theme day")
        assert app.theme == "day"
        await pilot.press("T")
        assert app.theme != "day"
        assert app.theme in app.theme_names


async def test_nothing_is_painted_while_nothing_changes(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = desk_screen(app)
        refreshed: list[object] = []
        for widget in screen.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        for _ in range(5):
            screen.paint_tick()
        await settled(pilot)
        assert refreshed == []


async def test_an_order_can_be_sent_from_the_ticket_by_keyboard(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("s")
        await type_text(pilot, "0.25")
        await pilot.press("tab")
        await type_text(pilot, "=")
        await pilot.press("up", "enter")
        await pilot.pause()
        assert desk.calls == []
        await pilot.press("enter")
        await pilot.pause()
        [(_, request)] = desk.calls
        assert (request.side, request.type, request.quantity) == (Side.SELL, OrderType.LIMIT, D("0.25"))
        assert request.price == D("67012.4")


async def burst(app: DeskApp, pilot: Pilot[None], *keys: str) -> None:
    """Deliver keys as one read of the terminal does: all at once."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else {"space": " ", "full_stop": "."}.get(key)))
    await settled(pilot)


async def test_a_burst_of_keys_is_read_by_what_each_key_opens(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await burst(app, pilot, "colon", "s", "e", "l", "l", "space", "1", "space", "b", "t", "c")
        assert desk_screen(app).query_one(CommandInput).value == "sell 1 btc"
        await burst(app, pilot, "escape")
        await burst(app, pilot, "3", "j", "x")
        assert isinstance(app.screen, ConfirmScreen)
        assert "68,500.0" in text_of(app, ".sentence")
        await burst(app, pilot, "n")
        await burst(app, pilot, "6", "j", "b", "2", "enter", "enter")
        [(_, request)] = desk.calls
        assert (request.symbol, request.quantity) == ("ETH", D(2))


async def test_a_choice_changed_in_the_same_burst_is_never_sent_as_it_was(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "1", "shift+tab", "enter")
        await pilot.pause()
        await burst(app, pilot, "right", "enter")
        assert desk.calls == []
