"""Workspaces: one key away, with one selection and one command line; out of view they rest."""

from __future__ import annotations

import msgspec
from textual.pilot import Pilot

from engine.model.event import Alert, DecisionEvent, Severity, Topic
from tests.tui.peek import desk_screen, handled_actions, log_lines, screen_lines, ticked_at
from tests.tui.recorded_books import DECISIONS, NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled, until
from tui.action import WORKSPACES, Context, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.bridge import MAX_UNREAD
from tui.panes.footer import Footer
from tui.panes.notices import Notices
from tui.screens.confirm import ConfirmScreen
from tui.screens.desk import DeskScreen
from tui.screens.market import MarketScreen
from tui.screens.palette import palette_entries
from tui.screens.ticket import TicketScreen
from tui.screens.workspace import WorkspaceScreen
from tui.widgets.streaming_log import StreamingLog


def shown(app: DeskApp) -> WorkspaceScreen:
    screen = app.shown_workspace
    assert screen is not None
    return screen


async def ticked(app: DeskApp, pilot: Pilot[None], times: int = 3) -> None:
    """Let the workspace in view tick by itself: by then any other that does not rest has ticked too."""
    seen = {ticked_at(shown(app))}

    def has_ticked() -> bool:
        seen.add(ticked_at(shown(app)))
        return len(seen) > times

    await until(pilot, has_ticked)


async def test_every_workspace_is_one_key_away_from_every_other(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        for key, workspace in [
            ("m", Context.MARKET),
            ("S", Context.SIGNAL_DESK),
            ("m", Context.MARKET),
            ("d", Context.DESK),
            ("f4", Context.SIGNAL_DESK),
            ("f3", Context.MARKET),
            ("f3", Context.MARKET),
            ("f2", Context.DESK),
            ("f2", Context.DESK),
        ]:
            await pilot.press(key)
            await pilot.pause()
            assert shown(app).workspace is workspace
            assert len(app.screen_stack) == (1 if workspace is Context.DESK else 2)


async def test_every_workspace_runs_every_action_of_its_own(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for workspace in WORKSPACES:
            await app.open_workspace(workspace)
            await pilot.pause()
            screen = shown(app)
            assert screen.workspace is workspace
            offered = {entry.help for entry in palette_entries(screen)}
            for action in actions_in(*contexts_of(workspace)):
                if action.context is not Context.TABLES:
                    assert action.id in handled_actions(screen), action.id
                    assert action.help in offered or action.id == "palette.open", action.id


async def test_a_workspace_keeps_what_it_was(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "right_square_bracket", "3", "d", "m")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, MarketScreen)
        assert screen.settings.period == "15m"
        assert screen.focused_pane is not None
        assert screen.focused_pane.context is Context.TRADES


async def test_symbol_and_trader_are_the_same_everywhere(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "right_curly_bracket", "n")
        await pilot.pause()
        assert (shown(app).selection.symbol, shown(app).selection.trader_id) == ("ETH", 1)
        assert any(line.startswith(" ETH ") for line in screen_lines(app))
        await pilot.press("d", "b")
        await pilot.pause()
        assert isinstance(app.screen, TicketScreen)
        assert any("ETH" in line for line in screen_lines(app))
        assert app.screen.values.symbol == "ETH"


async def test_orders_are_given_from_the_market_as_from_the_desk(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "b", "0", "full_stop", "5", "enter", "enter")
        await pilot.pause()
        [(name, request)] = desk.calls
        assert (name, request.symbol) == ("place_order", "BTC")
        assert "filled" in shown(app).query_one(Notices).messages[-1]
        await pilot.press("X")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)


async def test_the_command_line_opens_where_one_is(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "colon", *"step", "enter")
        await pilot.pause()
        assert desk.calls == [("step_replay",)]
        assert isinstance(app.screen, MarketScreen)
        assert app.screen.focused_pane is not None


async def test_a_desk_of_120_columns_offers_every_workspace_and_the_pause(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        footer = app.screen.query_one(Footer).text
        for offered in ("m Market", "S Signals", "A Programs", "B Backtests", "space Pause"):
            assert offered in footer


async def test_the_footer_offers_the_other_workspaces(app: DeskApp) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        assert "m Market" in shown(app).query_one(Footer).text
        assert "d Desk" not in shown(app).query_one(Footer).text
        await pilot.press("m")
        await pilot.pause()
        assert "d Desk" in shown(app).query_one(Footer).text
        assert "m Market" not in shown(app).query_one(Footer).text


async def test_the_chat_misses_nothing_while_it_is_out_of_view(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await pilot.pause()
        late = msgspec.structs.replace(DECISIONS[0], decision_id="d-9", reasoning="Thought in the dark.")
        desk.publish(Topic.DECISIONS, DecisionEvent(late, 40))
        desk.publish(Topic.ALERTS, Alert(Severity.ERROR, "the feed is gone", NOW_MS, seq=1))
        shown(app).paint_tick()
        assert shown(app).query_one(Notices).messages == ["the feed is gone"]
        log = desk_screen(app).query_one("#chat").query_one(StreamingLog)
        assert "Thought in the dark." not in "\n".join(log_lines(log))
        await pilot.press("d")
        await pilot.pause()
        said = "\n".join(log_lines(log))
        assert "Thought in the dark." in said
        assert "the feed is gone" in said


async def test_a_chat_out_of_view_for_very_long_reads_its_history_anew(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await pilot.pause()
        for number in range(MAX_UNREAD + 1):
            desk.publish(Topic.ALERTS, Alert(Severity.INFO, f"note {number}", NOW_MS, seq=number))
        shown(app).paint_tick()
        newest = msgspec.structs.replace(DECISIONS[0], decision_id="d-9", reasoning="The newest thought.")
        desk.decision_list = (newest,)
        await pilot.press("d")
        await pilot.pause()
        log = desk_screen(app).query_one("#chat").query_one(StreamingLog)
        assert "The newest thought." in "\n".join(log_lines(log))


async def test_a_workspace_out_of_view_asks_the_desk_nothing(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert desk.markets.requests
        await pilot.press("d")
        await settled(pilot)
        asked = len(desk.markets.requests)
        await ticked(app, pilot)
        assert len(desk.markets.requests) == asked
        market = next(
            screen for screen in app._installed_screens.values() if isinstance(screen, MarketScreen)
        )
        refreshed: list[object] = []
        for widget in market.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        market.paint_tick()
        await settled(pilot)
        assert refreshed == []


async def test_the_desk_is_at_rest_behind_the_market(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await settled(pilot)
        screen = next(screen for screen in app.screen_stack if isinstance(screen, DeskScreen))
        refreshed: list[object] = []
        for widget in screen.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        desk.trader_list = desk.trader_list[:2]
        desk.status = msgspec.structs.replace(desk.status, now_ms=NOW_MS + 60_000)
        await ticked(app, pilot)
        assert refreshed == []
        assert shown(app).view.market.now_ms == NOW_MS + 60_000


async def test_a_workspace_goes_on_behind_a_dialog(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "b")
        await settled(pilot)
        assert isinstance(app.screen, TicketScreen)
        asked = len(desk.markets.requests)
        await until(pilot, lambda: len(desk.markets.requests) > asked)


async def test_the_palette_brings_up_a_workspace(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", *"market")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert shown(app).workspace is Context.MARKET
