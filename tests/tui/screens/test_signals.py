"""The signals screen: what each key does, and what the panes say."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from engine.model.event import Alert, Severity, Topic
from engine.model.signal import AlertDirection, SignalPreview
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_books import NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import NEVER_S, settled, until
from tui.action import WORKSPACES, Context, Risk, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.panes.command_bar import CommandBar
from tui.panes.notices import Notices
from tui.panes.signal_preview import PreviewPane
from tui.screens.confirm import ConfirmScreen
from tui.screens.signal_actions import SignalActions
from tui.screens.signal_editor import SignalEditor
from tui.screens.signal_layout import arrange_signals
from tui.screens.signal_listeners import ListenersScreen
from tui.screens.signal_pool_editor import PoolEditor
from tui.screens.signal_test import SignalTestScreen
from tui.screens.signals import SignalsScreen
from tui.widgets.live_table import LiveTable


def signals_screen(app: App[None]) -> SignalsScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, SignalsScreen))


def changes(desk: RecordedDesk) -> list[tuple[object, ...]]:
    """Return what was asked of the desk besides looking."""
    looks = ("preview_signal", "preview_pool", "analyze")
    return [call for call in desk.calls if call[0] not in looks]


def notices(app: DeskApp) -> list[str]:
    return signals_screen(app).query_one(Notices).messages


async def open_signals(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("S")
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


async def previewed(pilot: Pilot[None]) -> None:
    """Let the preview of what the cursor is on come, which is asked for when the screen is painted."""
    signals_screen(pilot.app).paint_tick()
    await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (109, 50), (120, 40), (170, 44), (200, 60), (300, 90)])
@pytest.mark.parametrize("zoomed", [None, Context.PREVIEW])
def test_every_cell_belongs_to_exactly_one_pane(size: tuple[int, int], zoomed: Context | None) -> None:
    regions = list(arrange_signals(Size(*size), Context.POOLS, zoomed).values())
    assert sum(region.area for region in regions) == size[0] * size[1]
    for place, region in enumerate(regions):
        assert not any(region.overlaps(other) for other in regions[place + 1 :])


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
def test_larger_terminals_show_every_pane(size: tuple[int, int]) -> None:
    shown = arrange_signals(Size(*size), Context.SIGNALS, None)
    assert set(shown) == {context.value for context in WORKSPACES[Context.SIGNAL_DESK]}


async def test_every_action_of_the_screen_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await open_signals(pilot)
        handled = set(SignalActions(signals_screen(app)).handlers)
        for action in actions_in(*contexts_of(Context.SIGNAL_DESK)):
            assert action.context is Context.TABLES or action.id in handled, action.id


async def test_digits_bring_up_each_pane_on_a_small_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_signals(pilot)
        for digit, title in enumerate(WORKSPACES[Context.SIGNAL_DESK].values(), start=1):
            await pilot.press(str(digit))
            await pilot.pause()
            assert any(f"{digit} {title}" in line and "─" in line for line in screen_lines(app)), title


async def test_the_preview_follows_the_cursor(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot)
        await previewed(pilot)
        assert any("would have fired 3 times in 7d on BTC" in line for line in screen_lines(app))
        await pilot.press("j")
        await previewed(pilot)
        assert any("3 times in 7d on ETH" in line for line in screen_lines(app))
        await pilot.press("2")
        await previewed(pilot)
        assert ("preview_pool", "Reversal", "BTC") in desk.calls


async def test_a_preview_that_takes_long_holds_up_no_key(app: DeskApp, desk: RecordedDesk) -> None:
    answer = asyncio.Event()
    asked: list[tuple[str, str]] = []
    preview_signal = desk.signals.preview_signal

    async def slow(
        condition: str, symbol: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> SignalPreview:
        asked.append((condition, symbol))
        await answer.wait()
        return await preview_signal(condition, symbol, start_ms, end_ms)

    desk.signals.preview_signal = slow  # type: ignore[method-assign]  # one command that takes long
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot)
        await until(pilot, lambda: asked)
        await pilot.press("j", "j")
        await until(pilot, lambda: asked[-1] == ("taker < 0.9 on 15m", "BTC"))
        assert "looking back" in "\n".join(screen_lines(app))
        assert signals_screen(app).pane(Context.SIGNALS).query_one(LiveTable).cursor_key == "2:BTC"
        answer.set()
        await previewed(pilot)
        assert "looking back" not in "\n".join(screen_lines(app))


async def test_a_cursor_that_runs_on_loads_only_where_it_rests(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.signals.SETTLE_S", NEVER_S)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "j", "j", "j")
        monkeypatch.setattr("tui.screens.signals.SETTLE_S", 0.05)
        await pilot.press("j")
        await previewed(pilot)
        asked = [call for call in desk.calls if call[0] == "preview_signal"]
        assert asked == [("preview_signal", "price > 70000 on 1m", "BTC")]


async def test_brackets_change_how_far_the_preview_reaches(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await open_signals(pilot, "right_square_bracket")
        assert any("[30d]" in line for line in screen_lines(app))
        await pilot.press(*["left_square_bracket"] * 5)
        await pilot.pause()
        assert any("[1d]" in line for line in screen_lines(app))


async def test_a_suggestion_goes_into_the_editor_of_the_signal(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot)
        await previewed(pilot)
        await pilot.press("5", "j", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SignalEditor)
        assert app.screen.values.condition == "rsi14 > 68.4 on 15m"
        assert app.screen.values.name == "RSI oversold"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, SignalEditor), "what was taken over is not lost by one Esc"


async def test_deleting_says_who_uses_it_and_shows_the_refusal_of_the_desk(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "D")
        assert isinstance(app.screen, ConfirmScreen)
        assert text_of(app, ".sentence") == "Delete the signal RSI oversold: rsi14 crosses below 30 on 15m."
        assert "In use by pool Reversal" in text_of(app, ".warning")
        await pilot.press("y")
        await pilot.pause()
        assert changes(desk) == [("delete_signal", 1)]
        assert notices(app) == ["signal: Reversal uses it"]


async def test_deleting_a_pool_nobody_hears_deletes_it(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "G", "D")
        assert text_of(app, ".warning") == ""
        await pilot.press("y")
        await pilot.pause()
        assert changes(desk) == [("delete_pool", 3)]
        assert "Everything" not in "\n".join(screen_lines(app)[12:24])


async def test_every_risky_action_asks_first(app: DeskApp, desk: RecordedDesk) -> None:
    digits = {context: str(place) for place, context in enumerate(WORKSPACES[Context.SIGNAL_DESK], start=1)}
    for action in actions_in(*WORKSPACES[Context.SIGNAL_DESK]):
        if action.risk is Risk.FREE:
            continue
        desk = RecordedDesk()
        app = DeskApp(desk, app.settings)
        async with app.run_test(size=(120, 40)) as pilot:
            await open_signals(pilot, digits[action.context], action.keys[0])
            assert changes(desk) == [], action.id
            if action.risk is Risk.CONFIRM:
                assert isinstance(app.screen, ConfirmScreen), action.id
                await pilot.press("enter")
                await pilot.pause()
                assert changes(desk) == [], f"{action.id}: Enter alone must not confirm"


async def test_v_switches_a_signal_and_a_pool_off_and_on(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "v")
        assert desk.signals.definition_list[0].enabled is False
        assert notices(app)[-1] == "signal RSI oversold is off"
        await pilot.press("v", "2", "v")
        await pilot.pause()
        assert desk.signals.definition_list[0].enabled is True
        assert desk.signals.pool_list[0].enabled is False


async def test_resetting_says_where_it_fires_anew(app: DeskApp, desk: RecordedDesk) -> None:
    first, *rest = desk.signals.pool_state_list
    desk.signals.pool_state_list = (msgspec.structs.replace(first, met=True), *rest)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "r")
        assert text_of(app, ".warning") == "Met now on 1 of its symbols: it fires there anew."
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("R", "y")
        await pilot.pause()
        assert changes(desk) == [("reset", 1), ("reset", None)]


async def test_a_test_says_how_the_signal_stands_and_what_it_would_set_off(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "y")
        assert isinstance(app.screen, SignalTestScreen)
        text = text_of(app, "#test")
        assert "○ RSI oversold  not met: 34.20 against 30, 4.20 to go" in text
        assert "yes, once it is met: it wakes Reversion, Rules" in text
        await pilot.press("escape", "2", "j", "y")
        await pilot.pause()
        text = text_of(app, "#test")
        assert "● RSI oversold  met: 28.90 against 30" in text
        assert "– Takers sell  taker needs trades, and this feed has none" in text


async def test_choosing_who_a_pool_wakes_keeps_what_else_wakes_them(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "j", "j", "w")
        assert isinstance(app.screen, ListenersScreen)
        assert "Manual" not in "\n".join(screen_lines(app)[12:30])
        await pilot.press("space", "enter")
        await pilot.pause()
        assert changes(desk) == [("listen", 1, (1, 2))]
        assert notices(app)[-1] == "pool Breakout wakes Reversion, Rules"


async def test_enter_on_a_fire_goes_to_its_pool(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "3", "j", "enter")
        screen = signals_screen(app)
        assert screen.focused_pane is screen.pane(Context.POOLS)
        assert screen.pane(Context.POOLS).query_one(LiveTable).cursor_key == "1:ETH"


async def test_enter_on_a_row_opens_its_editor_and_selects_its_symbol(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "j", "enter")
        assert isinstance(app.screen, SignalEditor)
        assert signals_screen(app).selection.symbol == "ETH"
        await pilot.press("escape", "2", "enter")
        await pilot.pause()
        assert isinstance(app.screen, PoolEditor)


async def test_an_alert_is_typed_set_and_taken_back(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "4", "N")
        assert app.screen.query_one(CommandBar).display
        await pilot.press(*"70000", "enter")
        await pilot.pause()
        assert notices(app) == ["alert 100: BTC above 70,000.0, now 67,013.2 (+4.5% to go)"]
        await pilot.press("D", "y")
        await pilot.pause()
        assert [call[0] for call in changes(desk)] == ["add_price_alert", "delete_price_alert"]
        assert notices(app)[-1].endswith("to undo: alert btc > 67300")


async def test_the_commands_work_from_the_desk_and_alerts_shows_the_pane(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", *"alert", "space", *"eth", "less_than_sign", *"2400", "enter")
        await pilot.pause()
        await pilot.press("colon", *"unalert", "space", *"1", "enter")
        await pilot.pause()
        assert changes(desk) == [
            ("add_price_alert", "ETH", AlertDirection.BELOW, 2400),
            ("delete_price_alert", 1),
        ]
        await pilot.press("colon", *"alerts", "enter")
        await pilot.pause()
        screen = signals_screen(app)
        assert app.screen is screen
        assert screen.focused_pane is screen.pane(Context.ALERTS)


async def test_a_fired_alert_is_a_notice_here_too(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot)
        desk.publish(Topic.ALERTS, Alert(Severity.WARNING, "BTC is above 67,300.0", NOW_MS))
        signals_screen(app).paint_tick()
        assert notices(app) == ["BTC is above 67,300.0"]


async def test_an_empty_desk_says_what_to_do(app: DeskApp, desk: RecordedDesk) -> None:
    signals = desk.signals
    signals.definition_list, signals.pool_list, signals.fire_list, signals.alert_list = (), (), (), ()
    signals.signal_state_list, signals.pool_state_list = (), ()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "e", "2", "w", "4", "D")
        assert notices(app) == [
            "no signal under the cursor",
            "no pool under the cursor",
            "no price alert under the cursor",
        ]
        text = "\n".join(screen_lines(app))
        for words in ("N defines one", "N puts signals together", "nothing has fired", "choose a signal"):
            assert words in text


async def test_what_the_desk_cannot_preview_is_said(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot)
        desk.failure = RuntimeError("no history here")
        await pilot.press("j")
        await previewed(pilot)
        pane = signals_screen(app).query_one(PreviewPane)
        assert "unexpected RuntimeError: no history here" in "\n".join(screen_lines(app))
        assert pane.display
