"""Looking for the future: honest programs pass on real candles, one that peeks is found out."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.honesty import altered_after, cut_times, first_difference, look_for_future
from engine.market.candles.series import CandleSeries
from engine.market.periods import MINUTE_MS
from engine.model.backtest import TriggerLine
from tests.candle_rows import assert_same, recorded

CANDLES = recorded().slice(0, 600)


def log_of(offset: int, history: CandleSeries) -> list[TriggerLine]:
    """Buy after a rise: of the minute that has just closed, or with an offset of one that has not."""
    lines: list[TriggerLine] = []
    for row in range(5, len(history) - 1, 5):
        seen = row + offset
        rose = history.close[seen] > history.open[seen]
        fill = float(history.open[row + 1]) if rose else None
        lines.append(
            TriggerLine(
                index=len(lines),
                kind="scheduled",
                ts_ms=int(history.open_ms[row]) + MINUTE_MS,
                symbol="BTC",
                price=float(history.close[row]),
                operation="buy" if rose else "hold",
                fill_price=fill,
            )
        )
    return lines


CUTS = cut_times(log_of(0, CANDLES), 3)


async def logged(offset: int, history: CandleSeries) -> list[TriggerLine]:
    return log_of(offset, history)


def changed(history: CandleSeries, cut_ms: int) -> CandleSeries:
    return altered_after(history, cut_ms, MINUTE_MS)


async def test_a_program_of_closed_candles_knows_nothing() -> None:
    finding = await look_for_future(logged, 0, CANDLES, changed, CUTS, MINUTE_MS)
    assert finding.is_clean
    assert finding.cuts == CUTS


async def test_a_program_that_peeks_is_found_out() -> None:
    finding = await look_for_future(logged, 1, CANDLES, changed, CUTS, MINUTE_MS)
    assert not finding.is_clean
    assert finding.cut_ms in CUTS
    assert "operation of the scheduled trigger of BTC at 2025-" in finding.difference


@given(st.integers(-1, 601), st.integers(0, MINUTE_MS - 1))
def test_everything_after_the_cut_is_changed_and_nothing_before(row: int, within: int) -> None:
    cut_ms = int(CANDLES.open_ms[0]) + row * MINUTE_MS + within
    after = changed(CANDLES, cut_ms)
    kept = int((CANDLES.open_ms + MINUTE_MS <= cut_ms).sum())
    assert_same(after.slice(0, kept), CANDLES.slice(0, kept))
    for column in ("close", "volume"):
        assert (getattr(after, column)[kept:] != getattr(CANDLES, column)[kept:]).all()
    # What opens at the cut has shown its first price, and nothing more.
    seen = kept + int(kept < len(CANDLES) and int(CANDLES.open_ms[kept]) <= cut_ms)
    assert (after.open[kept:seen] == CANDLES.open[kept:seen]).all()
    for column in ("open", "high", "low"):
        assert (getattr(after, column)[seen:] != getattr(CANDLES, column)[seen:]).all()
    assert (after.low <= np.minimum(after.open, after.close)).all()
    assert (after.high >= np.maximum(after.open, after.close)).all()


def test_cuts_are_times_of_triggers_spread_over_the_run() -> None:
    log = log_of(0, CANDLES)
    assert cut_times(log, 3) == tuple(log[row].ts_ms for row in (29, 59, 89))
    assert cut_times(log, 1) == (log[59].ts_ms,)
    assert cut_times(log[:2], 9) == (log[0].ts_ms, log[1].ts_ms)
    assert cut_times([], 3) == ()


def line(index: int, minute: int, **fields: object) -> TriggerLine:
    base = TriggerLine(
        index=index, kind="signal", ts_ms=minute * MINUTE_MS, symbol="BTC", price=1.0, operation="buy"
    )
    return msgspec.structs.replace(base, **fields)


LOG = (line(0, 1), line(1, 5), line(2, 9))


@pytest.mark.parametrize(
    ("altered", "tells"),
    [
        ((line(0, 1), line(1, 5), line(2, 9, operation="sell")), ""),
        ((line(0, 1), line(1, 5, operation="sell"), line(2, 9)), "became sell instead of buy"),
        # What an order at the cut itself was filled at is after the cut; a bar earlier it is before.
        ((line(0, 1), line(1, 5, fill_price=2.0), line(2, 9)), ""),
        ((line(0, 1, fill_price=2.0), line(1, 5), line(2, 9)), "fill_price"),
        ((line(0, 1, equity_after=2.0), line(1, 5), line(2, 9)), "equity_after"),
        ((line(0, 1), line(2, 9)), "1 trigger instead of 2"),
        ((line(0, 1), line(1, 4), line(2, 5)), "2 triggers instead of 1"),
        # An exit that happened by itself between is no decision, but it is in the books.
        ((line(0, 1), line(1, 2, kind="sl", operation=""), line(2, 5)), "2 triggers instead of 1"),
    ],
)
def test_what_counts_as_a_difference_before_minute_five(altered: tuple[TriggerLine, ...], tells: str) -> None:
    difference = first_difference(LOG, altered, 5 * MINUTE_MS, MINUTE_MS)
    assert tells in difference
    assert bool(difference) is bool(tells)
