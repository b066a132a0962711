"""The market of a run: from the desk where it knows it, else from the run itself, never from elsewhere."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.model.backtest import BacktestResult
from tests.tui.recorded_backtests import result_of
from tests.tui.recorded_desk import RecordedDesk
from tui.backtest_price import price_picture
from tui.widgets.candle_picture import MarkKind

COLUMNS = 60


def moved(result: BacktestResult, factor: str) -> BacktestResult:
    """Return a result as of a market whose prices are so many times as high."""
    trades = tuple(
        msgspec.structs.replace(
            trade,
            entry_price=trade.entry_price * Decimal(factor),
            exit_price=trade.exit_price and trade.exit_price * Decimal(factor),
        )
        for trade in result.trades
    )
    return msgspec.structs.replace(result, trades=trades)


def test_the_whole_run_fits_with_a_mark_for_each_fill() -> None:
    result, _ = result_of()
    picture = price_picture(RecordedDesk(), result, "BTC", None, COLUMNS)
    assert picture.source == "the desk's candles"
    assert len(picture.candles.candles) <= COLUMNS
    assert len(picture.candles.candles) > COLUMNS * 0.9
    length = picture.candles.period_ms
    bought = [mark.ts_ms // length for mark in picture.candles.marks if mark.kind is MarkKind.BUY]
    assert len(set(bought)) >= len(bought) - 1, "one mark is enough in a column"
    for trade in result.trades:
        assert any(abs(trade.entry_ms // length - place) <= 1 for place in bought)
    candles = picture.candles.candles
    for trade in result.trades:
        inside = [
            candle
            for candle in candles
            if candle.open_ms <= trade.entry_ms < candle.open_ms + picture.candles.period_ms
        ]
        assert all(candle.low * 0.999 <= float(trade.entry_price) <= candle.high * 1.001 for candle in inside)


def test_candles_of_another_market_are_not_believed() -> None:
    result = moved(result_of()[0], "3")
    picture = price_picture(RecordedDesk(), result, "BTC", None, COLUMNS)
    assert picture.source == "the run's own curve of holding it"
    highest = max(float(trade.entry_price) for trade in result.trades)
    assert max(candle.high for candle in picture.candles.candles) >= highest
    assert max(candle.high for candle in picture.candles.candles) < highest * 1.2


def test_a_run_over_another_time_is_drawn_from_itself() -> None:
    result, _ = result_of()
    year_ms = 365 * 86_400_000
    curve = msgspec.structs.replace(
        result.curve, ts_ms=tuple(ts_ms - year_ms for ts_ms in result.curve.ts_ms)
    )
    earlier = msgspec.structs.replace(
        result, start_ms=result.start_ms - year_ms, end_ms=result.end_ms - year_ms, curve=curve, trades=()
    )
    picture = price_picture(RecordedDesk(), earlier, "BTC", None, COLUMNS)
    assert picture.source == "the run's own curve of holding it"
    assert picture.candles.candles


def test_of_a_symbol_nobody_knows_the_fills_are_known() -> None:
    result, _ = result_of()
    trades = tuple(msgspec.structs.replace(trade, symbol="XYZ") for trade in result.trades)
    request = msgspec.structs.replace(result.request, symbols=("BTC", "XYZ"))
    unknown = msgspec.structs.replace(result, trades=trades, request=request)
    picture = price_picture(RecordedDesk(), unknown, "XYZ", None, COLUMNS)
    assert picture.source == "the prices of its fills"
    assert picture.shown_trades == len(trades)


def test_one_trade_is_shown_with_as_much_time_around_it_as_it_lasted() -> None:
    result, _ = result_of()
    trade = result.trades[2]
    picture = price_picture(RecordedDesk(), result, "BTC", trade, COLUMNS).candles
    assert picture.cursor_ms == trade.entry_ms
    assert trade.exit_ms is not None
    held = trade.exit_ms - trade.entry_ms
    assert trade.entry_ms - held - picture.period_ms <= picture.candles[0].open_ms <= trade.entry_ms
    assert picture.candles[-1].open_ms >= trade.exit_ms
    assert {level.price for level in picture.levels} == {trade.entry_price, trade.exit_price}
