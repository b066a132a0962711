"""Writes candles to a file of a person's own, in the form its ending names."""

from __future__ import annotations

from pathlib import Path

from engine.durable_files import write_durably
from engine.errors import Conflict, InvalidInput
from engine.market.candles.series import CandleSeries
from engine.market.history.partition_files import TIME, frame_of, write_parquet
from engine.market.history.table_files import CSV_SUFFIXES, FEATHER_SUFFIXES, PARQUET_SUFFIXES

CSV_SUFFIX = CSV_SUFFIXES[0]
FEATHER_SUFFIX = FEATHER_SUFFIXES[0]


def check_target(path: Path, *, replace: bool) -> None:
    """Raise when `path` has an ending no table has, exists already, or has no folder to be in."""
    allowed = (PARQUET_SUFFIXES[0], CSV_SUFFIX, FEATHER_SUFFIX)
    if path.suffix.lower() not in allowed:
        raise InvalidInput.of(str(path), f"the ending {path.suffix!r}", f"allowed is {', '.join(allowed)}")
    if not path.parent.is_dir():
        raise InvalidInput.of(str(path), "a folder that is not there", "name a file in an existing folder")
    if path.exists() and (not replace or not path.is_file()):
        raise Conflict(f"{path}: is there already; it changes only when asked to be replaced", path=str(path))


def export_rows(rows: CandleSeries, path: Path) -> None:
    """Write rows to `path`, whole or not at all.

    Parquet and CSV have the columns `t_ms open high low close volume`; feather has freqtrade's, where
    the time is `date`, a UTC date and time.
    """
    writers = {CSV_SUFFIX: _write_csv, FEATHER_SUFFIX: _write_feather}
    writer = writers.get(path.suffix.lower(), write_parquet)
    write_durably(path, lambda temporary: writer(rows, temporary))


def _write_csv(rows: CandleSeries, path: Path) -> None:
    frame_of(rows).write_csv(path)


def _write_feather(rows: CandleSeries, path: Path) -> None:
    import polars as pl

    date = pl.col(TIME).cast(pl.Datetime("ms", "UTC")).alias("date")
    frame_of(rows).select(date, pl.exclude(TIME)).write_ipc(path, compression="lz4")
