"""Reads one file of candles to its end and checks every row, before anything of it is stored."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.market.candles.series import CandleSeries
from engine.market.history.row_checks import check_order, check_rows, check_spacing, detect_period
from engine.market.history.series_key import SeriesKey
from engine.market.history.source_names import read_source_name, settle_key
from engine.market.history.table_files import read_table


class CandleFile(msgspec.Struct, frozen=True, eq=False):
    """A checked file: the series it belongs to and its rows, ready to be stored."""

    path: Path
    key: SeriesKey
    rows: CandleSeries


def read_candle_file(
    path: Path, *, venue: str | None = None, symbol: str | None = None, period: str | None = None
) -> CandleFile:
    """Return a file's candles; what is not given is taken from a freqtrade name or the rows' spacing.

    Raises `InvalidInput` naming file, row and field for anything that is not a clean table of candles
    of one period, or whose venue, symbol or period would have to be guessed.
    """
    rows = read_table(path)
    check_order(rows.open_ms, str(path))
    told = period is not None or read_source_name(path).period is not None
    detected = None if told else detect_period(rows.open_ms, str(path))
    key = settle_key(path, detected, venue=venue, symbol=symbol, period=period)
    check_spacing(rows.open_ms, key.period, str(path))
    check_rows(rows, key.period, str(path))
    return CandleFile(path, key, rows)
