"""Candle columns in Parquet files, written and read with polars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import StoreFailed
from engine.market.candles.series import CandleSeries
from engine.market.history.row_checks import NUMBERS

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

TIME = "t_ms"
COLUMNS = (TIME, *NUMBERS)


def frame_of(rows: CandleSeries) -> pl.DataFrame:
    """Return candles as a table with the columns `t_ms open high low close volume`."""
    import polars as pl

    return pl.DataFrame({TIME: rows.open_ms, **{name: getattr(rows, name) for name in NUMBERS}})


def write_parquet(rows: CandleSeries, path: Path) -> None:
    """Write candles to a new Parquet file."""
    # zstd would make the files a third smaller and take twice as long to read.
    frame_of(rows).write_parquet(path, compression="lz4")


def read_series(files: Sequence[Path]) -> CandleSeries:
    """Return the rows of a series' files, one after the other.

    Raises `FileNotFoundError` when one is gone and `StoreFailed` when one is damaged.
    """
    if not files:
        return CandleSeries.empty()
    frame = _read(files, COLUMNS)
    return CandleSeries(*(frame[name].to_numpy() for name in COLUMNS))


def read_times(files: Sequence[Path]) -> NDArray[np.int64]:
    """Return the opening times only, under the rules of `read_series`."""
    if not files:
        return np.empty(0, dtype=np.int64)
    return _read(files, (TIME,))[TIME].to_numpy()


def _read(files: Sequence[Path], columns: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    schema = {name: pl.Int64 if name == TIME else pl.Float64 for name in COLUMNS}
    try:
        frame = pl.read_parquet(list(files), columns=list(columns), glob=False, hive_partitioning=False)
    except FileNotFoundError:
        raise
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreFailed(
            f"{files[0].parent}: a candle file is damaged ({str(error).splitlines()[0]})",
            path=str(files[0].parent),
        ) from error
    if dict(frame.schema) != {name: schema[name] for name in columns}:
        raise StoreFailed(
            f"{files[0].parent}: a candle file has other columns than {', '.join(COLUMNS)}",
            path=str(files[0].parent),
        )
    return frame.rechunk()
