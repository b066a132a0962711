"""How keys move the chart: nothing leaves what is on record, and back to now follows again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.candle import Candle
from tui.market_view import FLOW_WINDOWS, MarketSettings, earliest_open, period_ms
from tui.screens.market_moves import (
    Shown,
    at,
    next_period,
    next_window,
    scrolled,
    toggled_cursor,
    with_cursor,
    zoomed,
)
from tui.widgets.candle_picture import ZOOMS

STEP = 300_000
FIRST = 1_772_000_000_000 // STEP * STEP
PERIODS = ("1m", "5m", "15m", "1h")


def shown(first: int, count: int, *, loaded: int = FIRST, has_earlier: bool = False, now: int = 0) -> Shown:
    candles = tuple(Candle(FIRST + (first + index) * STEP, 1.0, 2.0, 0.5, 1.5, 1.0) for index in range(count))
    return Shown(
        candles=candles,
        columns=count,
        first_loaded_ms=loaded,
        has_earlier=has_earlier,
        now_ms=now or FIRST + 200 * STEP,
    )


def test_scrolling_back_and_forth_comes_back_to_now() -> None:
    settings = MarketSettings()
    back = scrolled(settings, shown(150, 50), -10)
    assert back.before_ms == FIRST + 190 * STEP
    assert scrolled(back, shown(140, 50), 5).before_ms == FIRST + 195 * STEP
    assert scrolled(back, shown(140, 50), 11).before_ms is None


@given(st.integers(1, 500))
def test_it_stops_where_the_first_candle_stands_at_the_left_edge(columns: int) -> None:
    moved = scrolled(MarketSettings(), shown(10, 50), -columns)
    assert moved.before_ms is not None
    assert moved.before_ms == max(FIRST + 50 * STEP, FIRST + (60 - columns) * STEP)
    again = scrolled(moved, shown(max(0, 10 - columns), 50), -1)
    assert again.before_ms is not None
    assert again.before_ms >= FIRST + 50 * STEP


def test_what_is_not_loaded_yet_may_be_scrolled_to() -> None:
    moved = scrolled(MarketSettings(), shown(0, 50, has_earlier=True), -30)
    assert moved.before_ms == FIRST + 20 * STEP


def test_a_joined_column_scrolls_by_all_its_candles() -> None:
    settings = MarketSettings(zoom=1)
    assert settings.zoom_level.candles == 4
    moved = scrolled(settings, shown(150, 50, has_earlier=True), -1)
    assert moved.before_ms == FIRST + (199 + 4 - 4) * STEP


def test_without_candles_nothing_moves() -> None:
    settings = MarketSettings()
    assert scrolled(settings, shown(0, 0), -5) == settings
    assert with_cursor(settings, shown(0, 0), 1) == settings


@given(st.lists(st.sampled_from([-7, -1, 1, 7]), max_size=40))
def test_the_crosshair_stays_on_candles_that_are_there(moves: list[int]) -> None:
    settings, start = MarketSettings(), 100
    for move in moves:
        settings = with_cursor(settings, shown(start, 50), move)
        assert settings.cursor_ms is not None
        assert (settings.cursor_ms - FIRST) % STEP == 0
        edge = settings.before_ms
        start = 100 if edge is None else (edge - FIRST) // STEP - 50
        assert FIRST + start * STEP <= settings.cursor_ms < FIRST + (start + 50) * STEP


def test_the_crosshair_comes_and_goes() -> None:
    there = toggled_cursor(MarketSettings(), shown(150, 50))
    assert there.cursor_ms == FIRST + 199 * STEP
    assert toggled_cursor(there, shown(150, 50)).cursor_ms is None


def test_periods_and_zoom_stop_at_their_ends() -> None:
    settings = MarketSettings()
    for _ in range(9):
        settings = zoomed(next_period(settings, PERIODS, 1), 1)
    assert (settings.period, settings.zoom) == ("1h", len(ZOOMS) - 1)
    for _ in range(9):
        settings = zoomed(next_period(settings, PERIODS, -1), -1)
    assert (settings.period, settings.zoom) == ("1m", 0)


def test_windows_go_round() -> None:
    settings = MarketSettings()
    seen = []
    for _ in FLOW_WINDOWS:
        settings = next_window(settings)
        seen.append(settings.window)
    assert sorted(seen) == sorted(FLOW_WINDOWS)


@pytest.mark.parametrize(("period", "length"), [("1m", 60_000), ("4h", 14_400_000), ("1w", 604_800_000)])
def test_period_lengths(period: str, length: int) -> None:
    assert period_ms(period) == length


@given(st.integers(0, 2_000_000_000_000))
def test_the_first_candle_is_found_to_the_minute(first: int) -> None:
    asked: list[int] = []

    def opens_before(ts_ms: int) -> bool:
        asked.append(ts_ms)
        return ts_ms > first

    found = earliest_open(opens_before, 2_000_000_000_000)
    assert abs(found - first) <= 60_000
    assert len(asked) < 40


def test_at_or_after_now_it_follows() -> None:
    assert at(MarketSettings(), 10, 9).before_ms is None
    kept = at(msgspec.structs.replace(MarketSettings(), before_ms=3), 8, 9)
    assert kept.before_ms == 8
