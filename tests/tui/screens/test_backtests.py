"""The backtests screen: what each key does, and what the panes say."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from engine.errors import Unavailable
from engine.model.backtest import BacktestProgress, BacktestResult, BacktestStatus
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_backtests import NOW_MS, recorded_runs, result_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import NEVER_S, settled, until
from tui.action import WORKSPACES, Context, Risk, contexts_of
from tui.actions import actions_in
from tui.app import DeskApp
from tui.panes.backtest_figures import FiguresPane
from tui.panes.backtest_runs import RunsPane
from tui.panes.notices import Notices
from tui.screens.backtest_form import BacktestForm
from tui.screens.backtest_layout import TAKING_TURNS, arrange_backtests
from tui.screens.backtest_screen_actions import BacktestActions
from tui.screens.backtest_sweep_form import SweepForm
from tui.screens.backtests import BacktestsScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.program_outline_screen import OutlineScreen
from tui.widgets.live_table import LiveTable

MEDIUM, LARGE = (120, 40), (200, 60)
LOOKS = ("triggers", "trigger_detail", "request_of")


def backtests_screen(app: App[None]) -> BacktestsScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, BacktestsScreen))


def changes(desk: RecordedDesk) -> list[tuple[object, ...]]:
    """Return what was asked of the desk besides looking."""
    return [call for call in desk.calls if call[0] not in LOOKS]


def notices(app: DeskApp) -> list[str]:
    return backtests_screen(app).query_one(Notices).messages


def shown_text(app: App[None]) -> str:
    return "\n".join(screen_lines(app))


async def open_backtests(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("B")
    await pilot.pause()
    await pilot.press(*keys)
    await read(pilot)


async def read(pilot: Pilot[None]) -> None:
    """Let the result of what the cursor is on come, which is asked for when the screen is painted."""
    for _ in range(2):
        backtests_screen(pilot.app).paint_tick()
        await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (109, 50), (120, 40), (169, 60), (170, 44), (200, 60), (300, 90)])
@pytest.mark.parametrize("zoomed", [None, Context.EQUITY])
@pytest.mark.parametrize("turn", TAKING_TURNS)
def test_every_cell_belongs_to_exactly_one_pane(
    size: tuple[int, int], zoomed: Context | None, turn: Context
) -> None:
    regions = list(arrange_backtests(Size(*size), Context.RUNS, turn, zoomed).values())
    assert sum(region.area for region in regions) == size[0] * size[1]
    for place, region in enumerate(regions):
        assert not any(region.overlaps(other) for other in regions[place + 1 :])


def test_a_large_terminal_shows_every_pane() -> None:
    shown = arrange_backtests(Size(*LARGE), Context.RUNS, Context.RUN_PRICE, None)
    assert set(shown) == {context.value for context in WORKSPACES[Context.BACKTEST_DESK]}


async def test_every_action_of_the_screen_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await open_backtests(pilot)
        handled = set(BacktestActions(backtests_screen(app)).handlers)
        for action in actions_in(*contexts_of(Context.BACKTEST_DESK)):
            assert action.context is Context.TABLES or action.id in handled, action.id


@pytest.mark.parametrize("size", [(80, 24), MEDIUM])
async def test_digits_bring_up_each_pane(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await open_backtests(pilot)
        for digit, (context, title) in enumerate(WORKSPACES[Context.BACKTEST_DESK].items(), start=1):
            await pilot.press(str(digit))
            await pilot.pause()
            assert any(f"{digit} {title}" in line and "─" in line for line in screen_lines(app)), title
            pane = backtests_screen(app).focused_pane
            assert pane is not None
            assert pane.context is context


async def test_f6_opens_the_screen_too(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("f6")
        await read(pilot)
        assert isinstance(app.screen, BacktestsScreen)


async def test_the_panes_follow_the_cursor(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j", "j")
        text = shown_text(app)
        result, _ = result_of()
        assert "2 Figures · bt-006" in text
        assert f"10,000.00 → {result.final_equity:,}" in text
        assert f"{len(result.trades)} trades" in text
        assert "1 – 100 of 1,999 lines" in text
        for rule in ("An order fills at the next available price", "Sharpe is of daily UTC equity returns"):
            assert rule in text
        assert f"⚠ {result.warnings[0]}" in text
        await pilot.press("j")
        await read(pilot)
        assert "2 Figures · bt-005" in shown_text(app)


async def test_a_result_that_takes_long_holds_up_no_key(app: DeskApp, desk: RecordedDesk) -> None:
    answer = asyncio.Event()
    asked: list[str] = []
    result = desk.backtests.result

    async def slow(run_id: str) -> BacktestResult:
        asked.append(run_id)
        await answer.wait()
        return await result(run_id)

    desk.backtests.result = slow  # type: ignore[method-assign]  # one query that takes long
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("B", "j", "j")
        await until(pilot, lambda: asked == ["bt-006"])
        await pilot.press("j", "j")
        await until(pilot, lambda: asked == ["bt-006", "bt-004"])
        assert "reading the result" in shown_text(app)
        assert backtests_screen(app).query_one(RunsPane).cursor_key == "bt-004"
        answer.set()
        await read(pilot)
        assert "2 Figures · bt-004" in shown_text(app)
        assert "reading the result" not in shown_text(app)


async def test_a_cursor_that_runs_on_reads_only_where_it_rests(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.backtests.SETTLE_S", NEVER_S)
    asked: list[str] = []
    result = desk.backtests.result

    async def counted(run_id: str) -> BacktestResult:
        asked.append(run_id)
        return await result(run_id)

    desk.backtests.result = counted  # type: ignore[method-assign]  # counts what is read
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("B", "j", "j", "j")
        monkeypatch.setattr("tui.screens.backtests.SETTLE_S", 0.0)
        await pilot.press("j")
        await read(pilot)
        assert asked == ["bt-004"]


async def test_progress_moves_while_a_run_goes_on_and_its_end_is_told(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot)
        assert "━━────  42%" in shown_text(app)
        desk.backtests.change("bt-007", progress=BacktestProgress(stage="deciding", done=2400, total=2810))
        await read(pilot)
        assert "━━━━━─  85%" in shown_text(app)
        made = {"total_return_pct": 1.25}
        desk.backtests.change("bt-007", status=BacktestStatus.COMPLETED, finished_ms=NOW_MS, summary=made)
        await read(pilot)
        assert notices(app) == ["bt-007 completed: +1.25%"]
        assert "2 Figures · bt-007" in shown_text(app)


async def test_a_run_that_failed_tells_why(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot)
        desk.backtests.change("bt-007", status=BacktestStatus.ERROR, finished_ms=NOW_MS, error="no history")
        await read(pilot)
        assert notices(app) == ["bt-007 error: no history"]


@pytest.mark.parametrize(
    ("run_id", "words"),
    [
        ("bt-005", "partial: the program failed 20 times in a row"),
        ("bt-003", "cancelled: it was cancelled · r resumes it"),
        ("bt-002", "interrupted: the desk was killed"),
        ("bt-001", "error: line 5: ZeroDivisionError"),
    ],
)
async def test_a_run_that_is_not_whole_says_so_with_its_reason(app: DeskApp, run_id: str, words: str) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot)
        backtests_screen(app).choose_run(run_id)
        await read(pilot)
        text = " ".join(shown_text(app).split())
        assert words in text
        status = words.partition(":")[0]
        assert any(sign in text for sign in (f"◐ {status}", f"‖ {status}", f"! {status}", f"✗ {status}"))


async def test_an_idle_screen_paints_nothing(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j", "j")
        refreshed: list[object] = []
        for widget in app.screen.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        for _ in range(5):
            backtests_screen(app).paint_tick()
            await settled(pilot)
        assert refreshed == []


async def test_progress_repaints_the_history_alone(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j", "j")
        refreshed: list[object] = []
        for widget in app.screen.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        desk.backtests.change("bt-007", progress=BacktestProgress(stage="deciding", done=2400, total=2810))
        backtests_screen(app).paint_tick()
        await settled(pilot)
        assert {type(widget) for widget in refreshed} == {LiveTable}


async def test_two_marked_runs_are_compared(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j", "j", "c")
        assert "one marked" in shown_text(app)
        await pilot.press("j", "j", "c")
        await read(pilot)
        text = shown_text(app)
        assert "2 Figures · bt-006 against bt-004" in text
        assert "bt-006 below=0.5" in text
        assert "bt-004 below=1.0" in text
        assert "difference" in text
        assert "◂" in text
        assert "━ bt-006  ━ bt-004" in text
        assert "⚠ bt-004: " in text
        await pilot.press("c")
        await read(pilot)
        assert "against" not in shown_text(app).replace("against holding", "")


async def test_a_sweep_is_not_marked(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "c")
        assert "mark single runs" in notices(app)[0]


async def test_a_sweep_shows_its_map_its_steps_and_its_combinations(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j")
        text = shown_text(app)
        for words in ("3 Heat map", "portion ↓", "below →", "4 Walk-forward", "5 Combinations", "[4.39]"):
            assert words in text, words
        assert "deflated Sharpe ratio" in text
        assert "1 failed" in text
        assert "a sweep has no months" in text


async def test_enter_on_a_combination_asks_to_run_it_alone(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "5")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, BacktestForm)
        assert app.screen.values[0].params == "below=2.0, portion=0.75"
        await pilot.press("enter")
        await read(pilot)
        [(name, request)] = changes(desk)
        assert (name, request.params) == ("start", {"below": 2.0, "portion": 0.75})  # type: ignore[attr-defined]


async def test_enter_on_a_trade_brings_it_close_and_back(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "5")
        await pilot.press("j", "enter")
        await read(pilot)
        pane = backtests_screen(app).focused_pane
        assert pane is not None
        assert pane.context is Context.RUN_PRICE
        assert "#2 long 0.0745 BTC at 67,281, left by decision at 67,481" in shown_text(app)
        await pilot.press("enter")
        await read(pilot)
        assert "18 trades" in shown_text(app)


async def test_trades_come_by_the_page(app: DeskApp, desk: RecordedDesk) -> None:
    result, _ = result_of()
    trades = tuple(msgspec.structs.replace(result.trades[0], number=number) for number in range(1, 451))
    desk.backtests.result_list["bt-006"] = msgspec.structs.replace(result, trades=trades)
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "5")
        assert "1 – 200 of 450 trades" in shown_text(app)
        await pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        await pilot.pause()
        assert "401 – 450 of 450 trades" in shown_text(app)
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert "201 – 400 of 450 trades" in shown_text(app)


async def test_the_log_comes_by_the_page_and_by_operation(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "7")
        assert "1 – 100 of 1,999 lines" in shown_text(app)
        await pilot.press("right_square_bracket")
        await read(pilot)
        assert "101 – 200 of 1,999 lines" in shown_text(app)
        await pilot.press("o")
        await read(pilot)
        assert desk.calls[-1] == ("triggers", "bt-006", 0, "buy")
        assert "18 lines" in shown_text(app)
        assert "[buy]" in shown_text(app)


async def test_enter_on_a_trigger_shows_all_of_it(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "7", "o")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, OutlineScreen)
        assert desk.calls[-1] == ("trigger_detail", "bt-006", 13)
        text = shown_text(app)
        for words in (
            "✓ buy BTC 0.07425",
            "schedule",
            'get_price("BTC")',
            "available_balance",
            "decision",
        ):
            assert words in text, words


async def test_a_log_that_cannot_be_read_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j")
        desk.failure = Unavailable("the log is gone")
        await pilot.press("7")
        await read(pilot)
        assert "the log is gone" in shown_text(app)


async def test_every_risky_action_asks_first(app: DeskApp) -> None:
    digits = {context: str(place) for place, context in enumerate(WORKSPACES[Context.BACKTEST_DESK], start=1)}
    for action in actions_in(*WORKSPACES[Context.BACKTEST_DESK]):
        if action.risk is Risk.FREE:
            continue
        desk = RecordedDesk()
        app = DeskApp(desk, app.settings)
        async with app.run_test(size=MEDIUM) as pilot:
            await open_backtests(pilot, "j", "j", digits[action.context], action.keys[0])
            assert changes(desk) == [], action.id
            if action.risk is Risk.CONFIRM:
                assert isinstance(app.screen, ConfirmScreen), action.id
                await pilot.press("enter")
                await pilot.pause()
                assert changes(desk) == [], f"{action.id}: Enter alone must not confirm"


async def test_a_run_is_cancelled_resumed_and_deleted(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "x")
        assert text_of(app, ".sentence").startswith("Stop bt-007, RSI reversion on BTC, ETH: deciding 1,203")
        await pilot.press("y")
        await read(pilot)
        await pilot.press("r")
        await read(pilot)
        assert notices(app)[-1] == "bt-007 is queued again"
        desk.backtests.change("bt-007", status=BacktestStatus.CANCELLED, finished_ms=NOW_MS)
        await read(pilot)
        await pilot.press("D", "y")
        await read(pilot)
        assert changes(desk) == [("cancel", "bt-007"), ("resume", "bt-007"), ("delete", "bt-007")]
        assert "bt-007 " not in "\n".join(screen_lines(app)[2:8])


async def test_what_the_desk_refuses_is_said(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "r")
        assert notices(app)[-1] == "run: bt-006 has nothing to resume"
        await pilot.press("x")
        assert text_of(app, ".warning") == "It is over already: completed."
        await pilot.press("escape", "k", "k", "W")
        await read(pilot)
        assert not isinstance(app.screen, SweepForm)
        assert notices(app)[-1] == "run: bt-007 is not over yet"


async def test_sorting_goes_through_the_figures(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "o")
        table = backtests_screen(app).query_one(RunsPane).table
        assert "by return" in shown_text(app)
        assert table.rows[0].key == "sw-001"
        assert table.cursor_key == "bt-007", "the cursor stays on its run"
        await pilot.press("o", "o", "o")
        await pilot.pause()
        assert [row.key for row in table.rows] == [run.run_id for run in recorded_runs()]


async def test_the_report_is_written_from_a_shell(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "R")
        assert notices(app)[-1].startswith("nightdesk backtest rsi-reversion.py")
        assert notices(app)[-1].endswith("--report rsi-reversion.html")


async def test_each_figure_is_explained(app: DeskApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "j", "j", "2")
        assert "Total return: Final equity over the cash" in shown_text(app)
        table = app.screen.query_one(FiguresPane).query_one(LiveTable)
        table.move_cursor_to("sharpe")
        await pilot.pause()
        assert "(Sharpe 1994)" in shown_text(app)


async def test_an_empty_desk_says_what_to_press(app: DeskApp, desk: RecordedDesk) -> None:
    desk.backtests.run_list = ()
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot, "x", "e", "c")
        text = shown_text(app)
        assert text.count("N backtests a program") >= 5
        assert set(notices(app)) == {"no run under the cursor · N backtests a program"}


@pytest.mark.parametrize("command", ["backtest", "backtests"])
async def test_the_command_line_opens_the_screen(app: DeskApp, command: str) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("m", "colon", *command, "enter")
        await read(pilot) if command == "backtest" else await settled(pilot)
        assert isinstance(app.screen, BacktestsScreen) is (command == "backtest")


async def test_the_command_line_asks_how_to_backtest_a_program(app: DeskApp) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("colon", *"backtest", "space", *"range", "space", *"BREAKOUT", "enter")
        await settled(pilot)
        assert isinstance(app.screen, BacktestForm)
        assert app.screen.values[1] == "program:2"


async def test_text_from_outside_is_only_ever_text(app: DeskApp, desk: RecordedDesk) -> None:
    hostile = "[bold red]x[/] [@click=app.quit]q[/] [/nope]"
    result, _ = result_of()
    desk.backtests.run_list = (
        msgspec.structs.replace(
            recorded_runs()[2], name=hostile, error=hostile, status=BacktestStatus.PARTIAL
        ),
    )
    trades = tuple(msgspec.structs.replace(trade, reason=hostile) for trade in result.trades)
    desk.backtests.result_list["bt-006"] = msgspec.structs.replace(
        result, warnings=(hostile,), rules=(hostile,), ended_early=hostile, trades=trades
    )
    async with app.run_test(size=LARGE) as pilot:
        await open_backtests(pilot)
        assert shown_text(app).count("[bold red]") >= 4
        await pilot.press("x")
        assert hostile in text_of(app, ".sentence")
