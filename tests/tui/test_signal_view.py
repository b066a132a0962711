"""The picture of the signals screen: numbers a person can read, bars, and whether a pool would fire."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.signal import SignalState
from tests.tui.recorded_books import NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tui.bridge import DeskBridge
from tui.signal_view import (
    BAR_CELLS,
    SignalReader,
    SignalView,
    bar,
    duration,
    nearness,
    number,
    pool_members_text,
    threshold,
    trigger_verdict,
    with_unit,
)
from tui.view import Selection


def picture_of(desk: RecordedDesk) -> SignalView:
    view, _ = DeskBridge(desk).refresh(Selection())
    return SignalReader(desk).read(view)


def state(**fields: Any) -> SignalState:
    values = {"value": 40.0, "target": 30.0, "distance": 10.0, "met": False} | fields
    return SignalState(signal_id=1, symbol="BTC", **values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (67_210.4, "67,210.4"),
        (70_000.0, "70,000"),
        (28.4, "28.40"),
        (1_254_000.0, "1.25M"),
        (-2_500_000_000.0, "-2.50B"),
        (0.0021, "0.0021"),
        (0.000012, "1.2e-05"),
        (0.0, "0"),
        (math.inf, "∞"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_value_has_the_digits_a_person_reads(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_threshold_has_no_digits_nobody_wrote() -> None:
    assert [threshold(value) for value in (30.0, 0.9, 2.5, 1_500_000.0, None)] == [
        "30",
        "0.9",
        "2.5",
        "1.50M",
        "–",
    ]


def test_only_a_unit_of_one_sign_stands_at_the_number() -> None:
    assert [with_unit(-0.42, "%"), with_unit(12.5, "USD"), with_unit(None, "%")] == ["-0.4200%", "12.50", "–"]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_value_of_any_size_fits_its_column(value: float) -> None:
    assert len(number(value)) <= 9 or abs(value) >= 1e12


def test_nearness_grows_to_one_and_is_unknown_when_the_value_is() -> None:
    assert nearness(state()) == 0.75
    assert nearness(state(met=True, distance=-1.0)) == 1.0
    assert nearness(state(value=None, distance=None, met=None)) is None
    assert nearness(state(value=0.0, target=0.0, distance=0.0)) == 0.0
    assert nearness(state(value=math.inf, distance=math.inf)) == 0.0


@given(st.none() | st.floats(0, 1))
def test_a_bar_is_whole_only_when_all_of_the_way_is_gone(share: float | None) -> None:
    drawn = bar(share)
    assert len(drawn) == BAR_CELLS
    assert (drawn == "━" * BAR_CELLS) == (share == 1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (900, "15m"), (5_400, "1h 30m"), (90_061, "1d 1h")]
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_a_pool_says_how_it_joins_its_signals(desk: RecordedDesk) -> None:
    view = picture_of(desk)
    assert [pool_members_text(view, pool) for pool in view.pools] == [
        "RSI oversold and Takers sell",
        "Above 70k or MACD turns up",
        "Takers sell",
    ]


def verdict(desk: RecordedDesk, pool_id: int, symbol: str) -> str:
    view = picture_of(desk)
    pool = view.pool(pool_id)
    assert pool is not None
    return trigger_verdict(view, pool, symbol)


def change_state(desk: RecordedDesk, **fields: Any) -> None:
    first, *rest = desk.signals.pool_state_list
    desk.signals.pool_state_list = (msgspec.structs.replace(first, **fields), *rest)


def test_the_verdict_names_the_one_thing_that_keeps_a_pool_from_firing(desk: RecordedDesk) -> None:
    assert verdict(desk, 1, "BTC") == "yes, once it is met: it wakes Reversion, Rules"
    assert verdict(desk, 1, "SOL") == "no: it does not watch SOL"
    assert verdict(desk, 1, "ETH").startswith("unknown: Takers sell: taker needs trades")
    assert "suspended" in verdict(desk, 2, "BTC")
    assert "switched off" in verdict(desk, 3, "BTC")
    change_state(desk, fired_ms=NOW_MS - 600_500)
    assert verdict(desk, 1, "BTC") == "not for 5m: it cools down after its last fire"
    change_state(desk, met=True)
    assert "fires anew once it was not" in verdict(desk, 1, "BTC")
    change_state(desk, met=False, fired_ms=None)
    desk.signals.listener_ids[1] = ()
    assert "no trader listens" in verdict(desk, 1, "BTC")


def test_an_unchanged_desk_is_the_same_picture(desk: RecordedDesk) -> None:
    reader = SignalReader(desk)
    view, _ = DeskBridge(desk).refresh(Selection())
    first = reader.read(view)
    assert reader.read(view) is first
    desk.signals.alert_list = ()
    assert reader.read(view) is not first


def test_the_last_fire_with_a_signal_is_found_in_the_log(desk: RecordedDesk) -> None:
    view = picture_of(desk)
    assert view.last_fire_with(1, "BTC") == desk.signals.fire_list[2].ts_ms
    assert view.last_fire_with(1, "ETH") == desk.signals.fire_list[1].ts_ms
    assert view.last_fire_with(3, "BTC") is None
