"""Candle tables people have: Parquet, CSV and feather files, as columns under the store's names.

Nothing is trusted: what a column is called, holds or measures time in is found out or refused with
the file, the row (from 1, a CSV's header not counted) and the field.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.market.candles.series import CandleSeries
from engine.market.history.epoch_times import times_of
from engine.market.history.partition_files import TIME
from engine.market.history.row_checks import NUMBERS, bad_row
from engine.text import safe_line

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
FEATHER_SUFFIXES = (".feather", ".arrow", ".ipc")

SPELLINGS = {
    TIME: ("t_ms", "timestamp", "open_time", "opentime", "time", "t", "date", "datetime"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v"),
}
"""What each column may be called, in any case; of several in one file, the first here counts."""

_TWICE = "_duplicated_"
"""What polars puts, with a number, behind the name of a CSV's column that was there before."""


def read_table(path: Path) -> CandleSeries:
    """Return a file's rows as they are, in the file's order; only times, numbers and names are settled.

    Raises `InvalidInput` for a file that cannot be read as a table of candles.
    """
    columns = _ParquetFile(path) if path.suffix.lower() in PARQUET_SUFFIXES else read_frame(path)
    names = _names_by_field(columns.columns, path)
    times = columns[names[TIME]]
    if len(times) == 0:
        raise InvalidInput.of(str(path), "a file without rows", "a table has at least one")
    return CandleSeries(
        times_of(times, str(path)),
        *(numbers_of(columns[names[name]], name, str(path)) for name in NUMBERS),
    )


class _ParquetFile:
    """A Parquet file read a column at a time: all of five years at once weigh 126 MB."""

    def __init__(self, path: Path) -> None:
        import polars as pl

        self._path = path
        with _readable(path):
            self.columns = list(pl.read_parquet_schema(path))

    def __getitem__(self, name: str) -> pl.Series:
        import polars as pl

        with _readable(self._path):
            return pl.read_parquet(self._path, columns=[name], glob=False, hive_partitioning=False)[name]


def read_frame(path: Path) -> pl.DataFrame:
    """Return a file's table, a CSV's columns as texts; raises `InvalidInput` for one that is none."""
    with _readable(path):
        return _read_by_suffix(path, path.suffix.lower())


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise `InvalidInput` for a file that is not there, or that polars cannot read within this."""
    from polars.exceptions import NoDataError, PolarsError

    suffix = path.suffix.lower()
    known = (*PARQUET_SUFFIXES, *CSV_SUFFIXES, *FEATHER_SUFFIXES)
    if not path.is_file():
        raise InvalidInput.of(str(path), "not a file", "name a file that is there")
    if suffix not in known:
        raise InvalidInput.of(str(path), f"the ending {suffix!r}", f"allowed is {', '.join(known)}")
    if path.stat().st_size == 0:
        raise InvalidInput.of(str(path), "an empty file", "a table has at least one row")
    try:
        yield
    except NoDataError as error:
        raise InvalidInput.of(str(path), "an empty file", "a table has at least one row") from error
    except (PolarsError, OSError, UnicodeDecodeError) as error:
        reason = safe_line(str(error).strip().split("\n")[0], 120)
        raise InvalidInput(f"{path}: cannot be read as {suffix[1:]}: {reason}", source=str(path)) from error


def _read_by_suffix(path: Path, suffix: str) -> pl.DataFrame:
    import polars as pl

    with path.open("rb") as file:
        if suffix in PARQUET_SUFFIXES:
            return pl.read_parquet(file)
        if suffix in FEATHER_SUFFIXES:
            return pl.read_ipc(file)
        header = file.readline().decode("utf-8-sig")
        separator = max(",;\t", key=header.count)
        file.seek(0)
        # As text, so that every value that is no number can be told by its row.
        return _without_blank_end(pl.read_csv(file, separator=separator, infer_schema=False))


def _without_blank_end(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
    return frame.head(int(filled[-1]) + 1 if len(filled) else 0)


def _names_by_field(columns: Sequence[str], path: Path) -> dict[str, str]:
    """Return what the file calls each field."""
    names: dict[str, str] = {}
    for name in columns:
        spelling = name.strip().lstrip("\ufeff").lower().partition(_TWICE)[0]
        if spelling in names and any(spelling in spellings for spellings in SPELLINGS.values()):
            raise InvalidInput.of(f"{path}: {spelling}", "two columns of that name", "one of each")
        names[spelling] = name
    found_names = {}
    for field, spellings in SPELLINGS.items():
        found = next((names[spelling] for spelling in spellings if spelling in names), None)
        if found is None:
            has = safe_line(", ".join(columns), 120)
            raise InvalidInput.of(
                f"{path}: {field}", "a missing column", f"one of {', '.join(spellings)}; the file has {has}"
            )
        found_names[field] = found
    return found_names


def numbers_of(column: pl.Series, field: str, source: str) -> NDArray[np.float64]:
    """Return a column as numbers; raises `InvalidInput` naming the first row that has none."""
    import polars as pl

    if not (column.dtype.is_numeric() or column.dtype == pl.String):
        raise InvalidInput.of(f"{source}: {field}", f"a column of {column.dtype}", "numbers")
    numbers = column.cast(pl.Float64, strict=False)
    unread = numbers.is_null()
    if unread.any():
        index = int(unread.arg_max() or 0)
        value = column[index]
        shown = "an empty field" if value is None else repr(safe_line(str(value), 40))
        raise bad_row(source, index, field, shown, "a number")
    return numbers.to_numpy()
