"""The rows of the signals screen: what stands in each cell, and in which role."""

from __future__ import annotations

import msgspec

from engine.model.signal import TriggerDelivery, TriggerOutcome
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.test_signal_preview import TARGET
from tests.tui.test_signal_view import picture_of
from tui.panes import signal_alerts, signal_fires, signal_list, signal_pools
from tui.panes.signal_base import subject_of
from tui.panes.signal_preview import percentile_spans, suggestion_rows
from tui.signal_preview import load_preview
from tui.widgets.live_table import Row
from tui.widgets.table_layout import Column


def cells(row: Row, columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.key: cell.text for column, cell in zip(columns, row.cells, strict=True)}


def roles(row: Row, columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.key: cell.role for column, cell in zip(columns, row.cells, strict=True)}


def signal_cells(desk: RecordedDesk, place: int) -> dict[str, str]:
    return cells(signal_list.signal_rows(picture_of(desk))[place], signal_list.COLUMNS)


def test_a_signal_shows_its_value_its_target_and_the_way_between(desk: RecordedDesk) -> None:
    assert signal_cells(desk, 0) == {
        "met": "○",
        "name": "RSI oversold",
        "symbol": "BTC",
        "value": "34.20",
        "target": "30",
        "distance": "4.20",
        "bar": "━━━━━━━─",
        "condition": "rsi14 crosses below 30 on 15m",
        "fired": "13:21:00",
    }


def test_a_signal_that_is_met_says_so_twice_without_colour(desk: RecordedDesk) -> None:
    row = signal_cells(desk, 1)
    assert (row["met"], row["distance"], row["bar"]) == ("●", "met", "━" * 8)


def test_an_unknown_signal_says_why_in_the_place_of_its_condition(desk: RecordedDesk) -> None:
    row = signal_cells(desk, 3)
    assert (row["met"], row["value"], row["distance"]) == ("–", "–", "–")
    assert row["condition"] == "taker needs trades, and this feed has none"
    picture = picture_of(desk)
    words = signal_list.cursor_words(picture, signal_list.signal_rows(picture)[3].key)
    assert words.startswith("taker < 0.9 on 15m · taker needs trades, and this feed has none")


def test_a_signal_that_is_off_or_unused_has_one_row_without_values(desk: RecordedDesk) -> None:
    first, *rest = desk.signals.definition_list
    desk.signals.definition_list = (*rest, msgspec.structs.replace(first, signal_id=9, name="Alone"))
    rows = signal_list.signal_rows(picture_of(desk))
    off, unused = (cells(row, signal_list.COLUMNS) for row in rows[-2:])
    assert (off["name"], off["distance"], off["value"]) == ("MACD turns up", "off", "–")
    assert (unused["name"], unused["distance"], unused["symbol"]) == ("Alone", "unused", "–")
    assert subject_of(rows[-1].key) == (9, "")


def test_a_pool_has_a_row_for_each_symbol_and_says_what_it_is_in_the_first(desk: RecordedDesk) -> None:
    rows = [cells(row, signal_pools.COLUMNS) for row in signal_pools.pool_rows(picture_of(desk))]
    assert [(row["name"], row["symbol"], row["state"]) for row in rows] == [
        ("Reversal", "BTC", "○ not met"),
        ("Reversal", "ETH", "– unknown"),
        ("Breakout", "BTC", "‖ stale"),
        ("Everything", "–", "· off"),
    ]
    assert (rows[0]["wakes"], rows[0]["cooldown"], rows[0]["fires"]) == ("Reversion, Rules", "15m", "3")
    assert (rows[1]["wakes"], rows[1]["members"]) == ("", "")
    assert rows[3]["wakes"] == "nobody"


def test_a_fire_names_first_who_was_skipped_and_why(desk: RecordedDesk) -> None:
    view = picture_of(desk)
    row = signal_fires.fire_row(view, desk.signals.fire_list[2])
    shown = cells(row, signal_fires.COLUMNS)
    assert shown["delivered"] == "Rules skipped: still thinking about its last trigger, Reversion woken"
    assert shown["signals"] == "RSI oversold 29.40, Takers sell 0.7700"
    assert roles(row, signal_fires.COLUMNS)["delivered"] == "warning"


def test_a_fire_of_a_trader_that_has_left_keeps_its_number(desk: RecordedDesk) -> None:
    view = picture_of(desk)
    delivery = TriggerDelivery(77, TriggerOutcome.WOKEN)
    assert signal_fires.delivery_text(view, delivery) == "#77 woken"
    nobody = msgspec.structs.replace(desk.signals.fire_list[0], deliveries=())
    assert signal_fires.deliveries_cell(view, nobody).text == "nobody listens"


def test_an_alert_shows_how_far_the_price_has_to_go_or_when_it_fired(desk: RecordedDesk) -> None:
    view = picture_of(desk)
    rows = [cells(signal_alerts.alert_row(view, alert), signal_alerts.COLUMNS) for alert in view.alerts]
    assert [(row["price"], row["mark"], row["way"], row["state"]) for row in rows] == [
        ("67,300.0", "67,013.2", "+0.4%", "○ waiting"),
        ("3,050.00", "3,120.20", "-2.2%", "○ waiting"),
        ("66,500.0", "67,013.2", "–", "✓ 12:33:27"),
    ]


async def test_suggestions_and_percentiles_come_from_the_analysis(desk: RecordedDesk) -> None:
    picture = await load_preview(desk, TARGET, desk.status.now_ms)
    assert [row.key for row in suggestion_rows(picture.analysis)] == [
        "rsi14 < 30.9 on 15m",
        "rsi14 > 68.4 on 15m",
    ]
    text = "".join(span.text for span in percentile_spans(picture.analysis))
    assert text.startswith("rsi14  p1 23.10  p5 30.90")
    assert suggestion_rows(None) == []
    assert percentile_spans(None) == ()
