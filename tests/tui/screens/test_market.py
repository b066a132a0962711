"""What a person does on the market screen, and what it asks the desk for."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.event import ReplayState
from engine.model.fill import Fill, Liquidity
from engine.model.order import Side
from tests.tui.peek import screen_lines
from tests.tui.recorded_books import NOW_MS, POSITIONS, position
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_market import FLOW
from tests.tui.waiting import settled
from tui.action import Context
from tui.app import DeskApp
from tui.panes.market_chart import ChartPane, chart_levels, chart_marks
from tui.panes.market_header import MarketHeader
from tui.panes.market_sides import NO_BOOK, NO_TRADES
from tui.panes.span_line import SpanLine
from tui.screens.choices import ChoiceScreen
from tui.screens.indicators import IndicatorsScreen
from tui.screens.market import MarketScreen
from tui.widgets.candle_picture import ZOOMS, MarkKind
from tui.widgets.wrapped_text import WrappedText

SIZES = [(80, 24), (120, 40), (200, 60)]


def market(app: DeskApp) -> MarketScreen:
    screen = app.shown_workspace
    assert isinstance(screen, MarketScreen)
    return screen


def screen_text(app: DeskApp) -> str:
    return "\n".join(screen_lines(app))


def readout(app: DeskApp) -> str:
    return market(app).query_one("#chart-readout", SpanLine).text


@pytest.mark.parametrize("size", SIZES)
async def test_the_market_is_there_in_every_size(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("m")
        await settled(pilot)
        text = screen_text(app)
        for part in ("BTC", "67,013.2", "▲ +1.23%", "▼ continuation", "[5m]", "spread 1.8", "RSI14"):
            assert part in text, part
        assert all(len(line) == size[0] for line in screen_lines(app))


@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_is_reached_by_its_digit_and_zooms(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("m")
        for digit, context in enumerate(
            (Context.CHART, Context.DEPTH, Context.TRADES, Context.FLOW), start=1
        ):
            await pilot.press(str(digit))
            await pilot.pause()
            pane = market(app).focused_pane
            assert pane is not None
            assert pane.context is context
            assert context.value in market(app).grid.shown_ids()
            await pilot.press("z")
            await pilot.pause()
            assert market(app).grid.shown_ids() == {context.value}
            await pilot.press("z")
            await pilot.pause()


async def test_periods_by_key_and_by_picker(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "right_square_bracket", "right_square_bracket", "left_square_bracket")
        await pilot.pause()
        assert desk.markets.requests[-1].period == "15m"
        await pilot.press("P")
        await pilot.pause()
        assert isinstance(app.screen, ChoiceScreen)
        await pilot.press("j", "j", "enter")
        await pilot.pause()
        assert market(app).settings.period == "1h"
        await pilot.press("P", "G", "enter")
        await pilot.pause()
        assert desk.markets.requests[-1].period == "1w"
        await pilot.press("P", "escape")
        await pilot.pause()
        assert market(app).settings.period == "1w"


async def test_a_click_on_a_period_shows_it(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        line = market(app).query_one("#chart-periods", SpanLine)
        await pilot.click("#chart-periods", offset=(line.text.index("30m"), 0))
        await pilot.pause()
        assert market(app).settings.period == "30m"


async def test_scrolling_asks_for_the_past_and_end_comes_back(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        await pilot.press("left", "pageup")
        await pilot.pause()
        before = desk.markets.requests[-1].before_ms
        assert before is not None
        assert before < NOW_MS
        assert "‖ until" in screen_text(app)
        await pilot.press("right")
        await pilot.pause()
        later = desk.markets.requests[-1].before_ms
        assert later is not None
        assert later > before
        await pilot.press("end")
        await pilot.pause()
        assert desk.markets.requests[-1].before_ms is None
        assert "now ▸" in screen_text(app)


async def test_home_goes_to_the_first_candle_on_record_and_no_further(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        await pilot.press("home")
        await pilot.pause()
        first = desk.markets.chart(
            msgspec.structs.replace(desk.markets.requests[-1], before_ms=None, limit=2000)
        )
        shown = market(app).shown_candles
        assert not shown.has_earlier
        assert len(shown.candles) == shown.columns
        assert shown.candles[0].open_ms == shown.first_loaded_ms
        assert shown.candles[0].open_ms <= first.candles[0].open_ms
        edge = market(app).settings.before_ms
        await pilot.press("left", "pageup")
        await pilot.pause()
        assert market(app).settings.before_ms == edge


async def test_zoom_changes_how_many_candles_are_shown(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        counts = [market(app).shown_candles.columns]
        for _ in range(2):
            await pilot.press("up")
            await pilot.pause()
            counts.append(market(app).shown_candles.columns)
        assert counts == sorted(counts, reverse=True)
        assert len(set(counts)) == 3
        await pilot.press(*["down"] * 9)
        await pilot.pause()
        assert market(app).settings.zoom_level == ZOOMS[0]
        assert "8 candles a column" in screen_text(app)


async def test_the_crosshair_reads_out_candles_and_escape_puts_it_away(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert readout(app).startswith("03-01 14:00")
        await pilot.press("h", "h", "shift+left")
        await pilot.pause()
        assert readout(app).startswith("03-01 13:50")
        await pilot.press("l")
        await pilot.pause()
        assert readout(app).startswith("03-01 13:55")
        assert "┊" in screen_text(app)
        await pilot.press("left", "left", "right")
        await pilot.pause()
        assert readout(app).startswith("03-01 13:50")
        assert market(app).settings.before_ms is None
        await pilot.press("escape")
        await pilot.pause()
        assert market(app).settings.cursor_ms is None
        assert "┊" not in screen_text(app)


async def test_indicators_are_ticked_typed_and_refused_in_place(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "i")
        await pilot.pause()
        dialog = app.screen
        assert isinstance(dialog, IndicatorsScreen)
        await pilot.press("space", "tab", *"nosuch(3)")
        await pilot.pause()
        assert "nosuch" in dialog.query_one(WrappedText).text
        await pilot.press("enter")
        assert isinstance(app.screen, IndicatorsScreen)
        await pilot.press(*["backspace"] * 9, *"ADX(14)", "enter")
        await pilot.pause()
        assert "RSI14" not in dialog.chosen
        assert "adx(14)" in dialog.chosen
        await pilot.press("enter")
        await pilot.pause()
        assert desk.markets.requests[-1].indicators == ("EMA20", "EMA50", "MACD", "adx(14)")
        assert "adx(14)" in screen_text(app)


async def test_leaving_the_dialog_changes_nothing(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        before = market(app).settings
        await pilot.press("i", "space", "escape")
        await pilot.pause()
        assert market(app).settings == before


async def test_side_panes_go_and_come_back_with_the_key_or_a_digit(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "2", "o")
        await pilot.pause()
        assert market(app).grid.shown_ids() == {"chart", "flow"}
        assert market(app).focused_pane is market(app).pane(Context.CHART)
        await pilot.press("3")
        await pilot.pause()
        assert "trades" in market(app).grid.shown_ids()


async def test_only_what_is_in_view_is_asked_for(app: DeskApp, desk: RecordedDesk) -> None:
    asked: list[str] = []
    trades, flow = desk.markets.trades, desk.markets.flow
    desk.markets.trades = lambda *each: asked.append("trades") or trades(*each)  # type: ignore
    desk.markets.flow = lambda *each: asked.append("flow") or flow(*each)  # type: ignore
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        market(app).paint_tick()
        assert asked == []
        await pilot.press("3")
        market(app).paint_tick()
        assert set(asked) == {"trades"}


async def test_the_chart_is_asked_for_once_a_tick(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        asked = len(desk.markets.requests)
        market(app).paint_tick()
        assert len(desk.markets.requests) == asked + 1


async def test_missing_data_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    desk.markets.has_book = desk.markets.has_trades = False
    desk.markets.price_only = True
    desk.markets.flow_values = dict.fromkeys(FLOW)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert NO_BOOK.split(":")[0] in text
        assert NO_TRADES.split(":")[0] in text
        assert "price only" in text
        assert "CVD –" in text
        assert "need trades" in text


async def test_a_period_without_an_answer_says_why(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        screen = market(app)
        screen.look(msgspec.structs.replace(screen.settings, indicators=("nosuch",)))
        await pilot.pause()
        assert "nosuch" in screen_text(app)


async def test_stale_data_is_grey_and_says_its_age(app: DeskApp, desk: RecordedDesk) -> None:
    desk.markets.is_stale = True
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "stale: 12s old" in market(app).query_one(MarketHeader).text
        ladder = market(app).query_one("DepthLadder")
        roles = {span.role for row in ladder.rows for span in row}  # type: ignore[attr-defined]
        assert "bid" not in roles
        assert "stale" in roles


async def test_marks_and_levels_are_the_selected_traders(app: DeskApp, desk: RecordedDesk) -> None:
    desk.fill_list = tuple(
        Fill(
            trade_id=f"t-{trader_id}",
            client_order_id="o",
            trader_id=trader_id,
            symbol="BTC",
            side=side,
            price=POSITIONS[0].entry_price,
            quantity=POSITIONS[0].quantity,
            fee=POSITIONS[0].funding,
            liquidity=Liquidity.TAKER,
            realized_pnl=POSITIONS[0].funding,
            ts_ms=NOW_MS - 1_200_000,
        )
        for trader_id, side in ((1, Side.BUY), (3, Side.SELL))
    )
    desk.position_list = (position(3, "BTC", "0.150", "66951.23", "67013.2", None),)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        view = market(app).market_view
        assert {mark.kind for mark in chart_marks(view)} == {MarkKind.SELL, MarkKind.FIRE}
        assert [str(level.price) for level in chart_levels(view)] == ["66951.2", "67300"]
        assert "long 0.150 @ 66,951.2" in market(app).query_one(MarketHeader).text
        await pilot.press("y")
        await pilot.pause()
        assert list(chart_levels(market(app).market_view))[1:] == []
        assert market(app).query_one(ChartPane).chart.picture.marks == ()


async def test_nothing_is_painted_while_nothing_changes(app: DeskApp, desk: RecordedDesk) -> None:
    desk.status = msgspec.structs.replace(desk.status, replay=ReplayState.PAUSED)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        screen = market(app)
        view = screen.market_view
        refreshed: list[object] = []
        for widget in screen.walk_children():
            widget.refresh = lambda *regions, widget=widget, **_: refreshed.append(widget)  # type: ignore
        for _ in range(5):
            screen.paint_tick()
        await settled(pilot)
        assert refreshed == []
        assert screen.market_view is view


async def test_a_moving_price_repaints_little(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        screen = market(app)
        chart = screen.query_one(ChartPane).chart
        regions: list[object] = []
        chart.refresh = lambda *each, **_: regions.extend(each)  # type: ignore
        desk.markets.last_price["BTC"] = 67_014.2
        screen.paint_tick()
        assert 0 < sum(region.area for region in regions) < 120  # type: ignore[attr-defined]
