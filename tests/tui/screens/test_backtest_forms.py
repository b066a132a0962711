"""The dialogs of backtests and sweeps: what they take, what they say of it, and what they refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.widgets import Input

from engine.model.backtest import BacktestRequest, CandleFiles, StoredCandles, SweepRequest
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.screens.test_backtests import MEDIUM, backtests_screen, changes, notices, open_backtests, read
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.panes.backtest_runs import RunsPane
from tui.screens.backtest_form import BacktestForm
from tui.screens.backtest_sweep_form import SweepForm
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.wrapped_text import WrappedText

D = Decimal


def form_of(app: DeskApp) -> BacktestForm:
    assert isinstance(app.screen, BacktestForm)
    return app.screen


def write(app: DeskApp, **texts: str) -> None:
    for name, text in texts.items():
        app.screen.query_one(f"#{name}", Input).value = text


def choose(app: DeskApp, name: str, value: str) -> None:
    field = app.screen.query_one(f"#{name}", ChoiceField)
    field.value = value
    field.post_message(field.Changed())


async def test_a_new_backtest_is_started_and_comes_under_the_cursor(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N")
        assert "nothing wakes it yet" in text_of(app, "#said")
        form_of(app).query_one("#pools").focus()
        await pilot.press("space")
        write(app, symbols="btc, eth", start="2026-01-05", taker="0.04", schedule="5m", params="oversold=25")
        choose(app, "history", "store")
        write(app, source="binance")
        await pilot.pause()
        assert "RSI reversion on BTC, ETH, 1m candles, from 2026-01-05 to its end" in text_of(app, "#said")
        await pilot.press("enter")
        await read(pilot)
        [(name, request)] = changes(desk)
        assert name == "start"
        assert isinstance(request, BacktestRequest)
        assert request.symbols == ("BTC", "ETH")
        assert request.history == StoredCandles("binance")
        assert request.taker_fee == D("0.0004")
        assert request.schedule_seconds == 300
        assert request.params == {"oversold": 25}
        assert [pool.name for pool in request.pools] == ["Reversal"]
        assert request.pools[0].signals
        assert (request.program_id, request.program_version) == (1, 3)
        assert notices(app)[-1] == "bt-100: RSI reversion is queued"
        assert backtests_screen(app).query_one(RunsPane).cursor_key == "bt-100"


async def test_another_program_brings_its_source_and_parameters(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N", "right")
        write(app, schedule="1h")
        await pilot.press("enter")
        await read(pilot)
        [(_, request)] = changes(desk)
        assert isinstance(request, BacktestRequest)
        assert (request.name, request.params) == ("Range breakout", {})
        assert "def run(ctx)" in request.source


async def test_a_binding_fills_every_field(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N")
        choose(app, "program", "binding:1")
        await settled(pilot)
        fields, _, picked = form_of(app).values
        assert (fields.symbols, fields.cash, fields.params) == ("BTC, ETH", "8204", "oversold=25")
        assert picked == ("own:0",)
        await pilot.press("enter")
        await read(pilot)
        [(_, request)] = changes(desk)
        assert isinstance(request, BacktestRequest)
        assert request.binding_id == 1


async def test_again_starts_from_what_the_run_was_asked_for(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "e")
        await settled(pilot)
        assert form_of(app).values[0].params == "below=0.5, portion=0.5"
        choose(app, "history", "files")
        write(app, source="BTC=/tmp/btc.parquet")
        await pilot.press("enter")
        await read(pilot)
        [(_, request)] = changes(desk)
        assert isinstance(request, BacktestRequest)
        assert request.history == CandleFiles((("BTC", "/tmp/btc.parquet"),))
        assert request.params == {"below": 0.5, "portion": 0.5}


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("cash", "0,5", "cash: 0,5 is not allowed; use a point for decimals"),
        ("start", "soon", "start_ms: soon is not allowed; give a UTC date"),
        ("taker", "x", "taker_fee: x is not allowed"),
        ("symbols", "", "symbols: none is not allowed; name at least one"),
        ("params", "oversold", "params: oversold is not allowed"),
    ],
)
async def test_a_wrong_field_is_marked_with_what_is_allowed(
    app: DeskApp, desk: RecordedDesk, field: str, text: str, words: str
) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N")
        write(app, schedule="5m")
        write(app, **{field: text})
        await pilot.press("enter")
        await settled(pilot)
        assert words in text_of(app, "#verdict")
        assert app.screen.query_one(f"#label-{field}").has_class("-wrong")
        assert app.focused is app.screen.query_one(f"#{field}")
        assert changes(desk) == []


async def test_what_the_desk_refuses_stays_in_the_dialog(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N", "enter")
        await settled(pilot)
        assert "nothing wakes the program" in text_of(app, "#verdict")
        assert app.screen.query_one("#label-pools").has_class("-wrong")


async def test_every_field_is_in_view_on_a_small_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_backtests(pilot, "N", "enter")
        await settled(pilot)
        text = "\n".join(screen_lines(app))
        for label in (
            "program",
            "candles of",
            "history",
            "begins",
            "slippage %",
            "maker %",
            "every",
            "seed",
            "pools",
        ):
            assert label in text, label
        verdict = app.screen.query_one("#verdict", WrappedText)
        assert "nothing wakes the program" in verdict.text
        assert verdict.is_all_in_view


async def test_without_programs_it_says_what_to_do(app: DeskApp, desk: RecordedDesk) -> None:
    desk.programs.program_list, desk.programs.binding_list = (), ()
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "N")
        assert "write a program first" in text_of(app, "#said")


async def test_a_sweep_says_how_many_runs_it_is_and_starts_them(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "W")
        await settled(pilot)
        assert isinstance(app.screen, SweepForm)
        assert "the run had below=0.5, portion=0.5" in text_of(app, "#said")
        write(app, ranges="below=0.5..1.5:0.5 portion=0.25,0.5", samples="4", splits="3", share="0.6")
        await pilot.pause()
        assert text_of(app, "#said") == (
            "✓ below × portion: 3 × 2 = 6 runs, 4 of them at random, walked forward 3 times"
        )
        await pilot.press("enter")
        await read(pilot)
        [(name, sweep)] = changes(desk)
        assert name == "start_sweep"
        assert isinstance(sweep, SweepRequest)
        assert [(item.name, item.values) for item in sweep.ranges] == [
            ("below", (0.5, 1.0, 1.5)),
            ("portion", (0.25, 0.5)),
        ]
        assert (sweep.samples, sweep.objective) == (4, "sharpe")
        assert sweep.walk_forward is not None
        assert (sweep.walk_forward.splits, sweep.walk_forward.train_share) == (3, 0.6)
        assert backtests_screen(app).query_one(RunsPane).cursor_key == "sw-100"


@pytest.mark.parametrize(
    ("field", "text"),
    [("ranges", "below"), ("ranges", "below=5..1"), ("samples", "-3"), ("share", "2"), ("workers", "many")],
)
async def test_a_wrong_sweep_is_refused(app: DeskApp, desk: RecordedDesk, field: str, text: str) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await open_backtests(pilot, "j", "j", "W")
        await settled(pilot)
        write(app, ranges="below=1,2", splits="2")
        write(app, **{field: text})
        await pilot.press("enter")
        await settled(pilot)
        assert "is not allowed" in text_of(app, "#verdict")
        assert app.screen.query_one(f"#label-{field}").has_class("-wrong")
        assert changes(desk) == []
