from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.model.account import TraderStatus, TradingMode
from engine.model.event import ReplayState
from tests.tui.recorded_books import ORDERS, PAST_ORDERS, POSITIONS, TRADERS
from tests.tui.recorded_desk import RecordedDesk
from tui.bridge import DeskBridge
from tui.panes.curve import change_over_span
from tui.panes.orders import order_row
from tui.panes.positions import position_row
from tui.panes.span_line import fit_spans
from tui.panes.status import status_spans
from tui.panes.traders import trader_row
from tui.panes.watchlist import watch_row
from tui.view import DeskView, Selection


@pytest.fixture
def view(desk: RecordedDesk) -> DeskView:
    return DeskBridge(desk).refresh(Selection())[0]


def test_a_long_and_a_short_position(view: DeskView) -> None:
    texts = [cell.text for cell in position_row(view, POSITIONS[0]).cells]
    assert texts[:9] == [
        "Reversion", "BTC", "long", "0.150", "66,451.2", "67,013.2", "▲ +84.30", "+1.69%", "33,391.4",
    ]  # fmt: skip
    short = position_row(view, POSITIONS[1]).cells
    assert (short[2].text, short[6].text, short[6].role) == ("short", "▼ -32.70", "loss")


def test_a_position_that_cannot_be_liquidated_says_so(view: DeskView) -> None:
    assert position_row(view, POSITIONS[2]).cells[8].text == "–"


def test_a_trader_shows_status_in_glyph_and_word(view: DeskView) -> None:
    assert trader_row(TRADERS[1]).cells[0].text == "◆ thinking"
    failed = msgspec.structs.replace(TRADERS[1], status=TraderStatus.ERROR)
    assert trader_row(failed).cells[0].text == "✗ error"


def test_old_quotes_and_a_silent_feed_are_grey(view: DeskView) -> None:
    assert {cell.role for cell in watch_row(view, view.instruments[2]).cells} == {"stale"}
    assert "stale" not in {cell.role for cell in watch_row(view, view.instruments[0]).cells}
    silent = msgspec.structs.replace(view, market=msgspec.structs.replace(view.market, feed_age_ms=8000))
    assert {cell.role for cell in watch_row(silent, view.instruments[0]).cells} == {"stale"}


def test_an_order_shows_its_price_whatever_its_type(view: DeskView) -> None:
    assert [order_row(view, order).cells[7].text for order in ORDERS] == ["65,800.0", "68,500.0", "3,050.00"]
    assert order_row(view, PAST_ORDERS[0]).cells[9].role == "danger"


def test_the_status_line_always_says_the_mode(view: DeskView) -> None:
    for mode in TradingMode:
        traders = tuple(msgspec.structs.replace(trader, mode=mode) for trader in view.traders)
        left, _ = status_spans(msgspec.structs.replace(view, traders=traders), 80)
        assert left[0].text == f" {mode.upper()} "
        assert left[0].priority == 0


@pytest.mark.parametrize(
    ("state", "word"),
    [(ReplayState.PAUSED, "paused"), (ReplayState.ENDED, "ended"), (ReplayState.RUNNING, "60×")],
)
def test_the_status_line_says_whether_the_replay_runs(view: DeskView, state: ReplayState, word: str) -> None:
    market = msgspec.structs.replace(view.market, replay=state)
    left, _ = status_spans(msgspec.structs.replace(view, market=market), 80)
    assert any(word in span.text for span in left)


def test_the_change_of_all_curves_is_that_of_their_sum(view: DeskView) -> None:
    change = change_over_span(view.curves)
    assert change is not None
    first = sum((curve.points[0].equity for curve in view.curves), Decimal(0))
    last = sum((curve.points[-1].equity for curve in view.curves), Decimal(0))
    assert change == (last - first) / first
    assert change_over_span(()) is None


def line_of(view: DeskView, width: int) -> str:
    return "".join(span.text for span in fit_spans(*status_spans(view, width), width))


def with_market(view: DeskView, **changes: object) -> DeskView:
    return msgspec.structs.replace(view, market=msgspec.structs.replace(view.market, **changes))


def test_the_status_line_of_a_small_terminal_says_everything_that_matters(view: DeskView) -> None:
    assert line_of(view, 80) == (
        " REPLAY   ○ not armed  03-01 14:03  ▶ 60×  feed <2s          30,075.81  ▲ +75.81"
    )
    paused = with_market(view, replay=ReplayState.PAUSED, feed_age_ms=None)
    for part in ("03-01 14:03", "‖ paused", "feed idle", "30,075.81", "▲ +75.81"):
        assert part in line_of(paused, 80)


def test_what_the_status_line_says_does_not_hang_on_its_digits(view: DeskView) -> None:
    for speed in (1.0, 60.0, 600.0):
        for day in ("0", "5.10", "-812.30", "9204.51"):
            account = msgspec.structs.replace(TRADERS[0].account, day_pnl=Decimal(day))
            traders = (msgspec.structs.replace(TRADERS[0], account=account),)
            line = line_of(msgspec.structs.replace(with_market(view, speed=speed), traders=traders), 80)
            assert "03-01 14:03" in line
            assert f"{Decimal(day):,.2f}".lstrip("-") in line


def test_a_silent_feed_and_the_kill_switch_fit_a_small_terminal(view: DeskView) -> None:
    line = line_of(with_market(view, feed_age_ms=12_000, kill_switch=True), 80)
    for part in (" REPLAY ", "KILL ON", "○ not armed", "▶ 60×", "feed 12s old", "30,075.81"):
        assert part in line


def test_the_selected_trader_and_symbol_are_marked_not_only_coloured(view: DeskView) -> None:
    assert trader_row(TRADERS[2], is_selected=True).cells[1].text == "▸ Manual"
    marks = [watch_row(view, item).cells[0].text for item in view.instruments]
    assert marks == ["▸ BTC", "  ETH", "  SOL"]


def test_a_resting_entry_shows_its_exits_and_how_it_fills(view: DeskView) -> None:
    entry = msgspec.structs.replace(ORDERS[2], stop_loss=Decimal("2900.00"), take_profit=Decimal(3400))
    assert order_row(view, entry).cells[8].text == "SL 2,900 TP 3,400 post-only"
    assert order_row(view, ORDERS[1]).cells[4].text == "take profit"


def test_an_order_of_another_day_says_the_day(view: DeskView) -> None:
    assert order_row(view, ORDERS[0]).cells[0].text == "13:53:27"
    older = msgspec.structs.replace(ORDERS[0], created_ms=ORDERS[0].created_ms - 86_400_000)
    assert order_row(view, older).cells[0].text == "02-28 13:53"
