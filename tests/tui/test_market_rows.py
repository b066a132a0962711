"""Ladder, tape, flow and regime: exact size, sums right, missing is never shown as a number."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.model.flow import FlowMetric
from engine.model.quote import BookLevel, BookSnapshot
from engine.model.regime import CoarseRegime, Regime
from tests.tui.recorded_desk import RecordedDesk
from tui.market_rows import (
    bar,
    flow_figure,
    flow_rows,
    imbalance,
    ladder_rows,
    regime_rows,
    regime_spans,
    spread_row,
    tape_rows,
)
from tui.widgets.cell_canvas import Row, blank_rows

D = Decimal
TICK, LOT = D("0.1"), D("0.001")


@pytest.fixture
def desk() -> RecordedDesk:
    return RecordedDesk()


def book_of(desk: RecordedDesk) -> BookSnapshot:
    book = desk.book("BTC", 40)
    assert book is not None
    return book


def text_of(rows: tuple[Row, ...] | list[Row]) -> list[str]:
    return ["".join(span.text for span in row) for row in rows]


@given(st.integers(24, 80), st.integers(3, 60), st.booleans())
def test_ladder_and_tape_fill_their_pane_exactly(width: int, height: int, is_stale: bool) -> None:
    desk = RecordedDesk()
    for rows in (
        ladder_rows(book_of(desk), TICK, LOT, width, height, is_stale=is_stale),
        tape_rows(desk.markets.trades("BTC"), TICK, LOT, width, height, is_stale=is_stale),
        blank_rows("nothing to see here today", width, height),
    ):
        assert len(rows) == height
        assert all(cell_len(line) == width for line in text_of(rows))


def test_asks_stand_above_bids_and_sums_grow_away_from_the_spread(desk: RecordedDesk) -> None:
    book = book_of(desk)
    lines = text_of(ladder_rows(book, TICK, LOT, 40, 14))
    assert lines[0].split() == ["price", "size", "sum"]
    asks, spread, bids = lines[1:7], lines[7], lines[8:14]
    assert spread.startswith("spread 1.8 (0.27 bp)")
    assert asks[-1].split()[:3] == ["67,014.1", f"{book.asks[0].quantity}", f"{book.asks[0].quantity}"]
    for number, line in enumerate(bids, start=1):
        price, size, total = line.split()[:3]
        assert D(price.replace(",", "")) == book.bids[number - 1].price
        assert D(size) == book.bids[number - 1].quantity
        assert D(total) == sum(level.quantity for level in book.bids[:number])


def test_imbalance_weighs_what_rests_near_the_mid() -> None:
    level = BookLevel(D(100), D(3))
    book = BookSnapshot("BTC", (level,), (BookLevel(D(100), D(1)),), 0)
    assert imbalance(book) == 0.5
    assert imbalance(msgspec.structs.replace(book, near_bids=D(1), near_asks=D(3))) == -0.5
    assert imbalance(BookSnapshot("BTC", (), (), 0)) == 0.0


def test_a_book_with_one_side_says_so() -> None:
    book = BookSnapshot("BTC", (BookLevel(D(100), D(3)),), (), 0)
    assert "one side is empty" in "".join(text_of(ladder_rows(book, TICK, LOT, 30, 10)))


def test_the_newest_trade_is_on_top_with_its_side(desk: RecordedDesk) -> None:
    trades = desk.markets.trades("BTC")
    lines = text_of(tape_rows(trades, TICK, LOT, 34, 8))
    glyph = "▲" if trades[-1].taker_side.value == "buy" else "▼"
    assert lines[1].split() == ["14:03:27", glyph, f"{trades[-1].price:,.1f}", f"{trades[-1].quantity}"]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        (FlowMetric.CVD, -1_284_310.0, "-1.28M"),
        (FlowMetric.CVD, 5_000.0, "+5K"),
        (FlowMetric.TAKER, float("inf"), "∞"),
        (FlowMetric.FUNDING, 0.0081, "+0.0081"),
        (FlowMetric.OI, None, "–"),
        (FlowMetric.DEPTH, float("nan"), "–"),
        (FlowMetric.OI_DELTA, 0.0, "0.00"),
    ],
)
def test_a_measure_in_figures(metric: FlowMetric, value: float | None, text: str) -> None:
    assert flow_figure(metric, value) == text


def test_all_nine_measures_are_there_with_their_units(desk: RecordedDesk) -> None:
    flow = desk.markets.flow("BTC")
    for width in (24, 116, 196):
        rows = flow_rows(flow, width)
        text = " ".join(" ".join(text_of(rows)).split())
        for part in ("CVD", "-1.28M USD", "Taker", "0.83", "OI Δ", "-0.42 %", "Funding", "Range", "0.37 %"):
            assert part in text
        assert all(cell_len(line) <= width for line in text_of(rows))
    assert " ".join(text_of(flow_rows(None, 24))).count("–") == 9


def test_the_regime_says_its_class_or_what_it_lacks(desk: RecordedDesk) -> None:
    regime = desk.markets.regime("BTC")
    assert text_of([regime_spans(regime)]) == ["▼ continuation · trending 64%"]
    assert text_of([regime_spans(None)]) == ["regime –"]
    unknown = msgspec.structs.replace(regime, regime=Regime.UNKNOWN, coarse=CoarseRegime.UNKNOWN)
    assert text_of([regime_spans(unknown)]) == ["regime –"]
    price_only = msgspec.structs.replace(regime, regime=Regime.UNKNOWN, price_only=True)
    assert text_of([regime_spans(price_only)]) == ["▼ trending price only"]
    class_known = msgspec.structs.replace(regime, price_only=True)
    said = " ".join(text_of(list(regime_rows(class_known, 116, reasons=False, is_stale=False))))
    assert "need trades" not in said
    said = " ".join(text_of(list(regime_rows(price_only, 116, reasons=False, is_stale=False))))
    assert "need trades and open interest" in said
    narrow = text_of(list(regime_rows(price_only, 24, reasons=False, is_stale=False)))
    assert "need trades and open" in " ".join(" ".join(narrow).split())


def test_an_unknown_regime_claims_no_direction_and_no_time_and_names_the_key(desk: RecordedDesk) -> None:
    regime = msgspec.structs.replace(
        desk.markets.regime("BTC"), regime=Regime.UNKNOWN, coarse=CoarseRegime.UNKNOWN, close_ms=0
    )
    for width in (24, 116):
        said = " ".join(text_of(list(regime_rows(regime, width, reasons=False, is_stale=False))))
        assert "not known yet" in said
        assert "r says why" in said
        assert "00:00" not in said
        assert str(regime.direction) not in said


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (21, ["spread", "1.8", "▲", "+0.50"]),
        (24, ["spread", "1.8", "imb", "▲", "+0.50"]),
        (34, ["spread", "1.8", "(0.27", "bp)", "imb", "▲", "+0.50"]),
        (60, ["spread", "1.8", "(0.27", "bp)", "imbalance", "▲", "+0.50"]),
    ],
)
def test_the_imbalance_has_its_name_where_there_is_room(
    desk: RecordedDesk, width: int, shown: list[str]
) -> None:
    book = msgspec.structs.replace(book_of(desk), near_bids=D(3), near_asks=D(1))
    (line,) = text_of([spread_row(book, TICK, width)])
    assert line.split() == shown
    assert cell_len(line) == width


def test_a_bar_too_short_to_tell_anything_is_left_out(desk: RecordedDesk) -> None:
    book = book_of(desk)
    assert "━" not in "".join(text_of(ladder_rows(book, TICK, LOT, 26, 14)))
    assert "━" in "".join(text_of(ladder_rows(book, TICK, LOT, 40, 14)))


def test_reasons_come_when_asked_for(desk: RecordedDesk) -> None:
    regime = desk.markets.regime("BTC")
    assert len(list(regime_rows(regime, 110, reasons=False, is_stale=False))) == 1
    reasons = text_of(list(regime_rows(regime, 110, reasons=True, is_stale=False)))
    assert [line.strip() for line in reasons[1:]] == [f"· {reason}" for reason in regime.reasons]


@given(st.floats(-1, 2), st.integers(0, 40))
def test_a_bar_has_its_width(share: float, width: int) -> None:
    assert cell_len(bar(share, width)) == width
