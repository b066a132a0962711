"""Make `engine/samples/` from the project's recorded market data; run by hand.

    .venv/bin/python tests/bench/make_samples.py [DATA_FOLDER]

Reads the Parquet candles with polars (a development dependency only), turns every price and volume
into integers, refuses to write a column that does not give back the recorded number to the last
bit, and copies one raw capture unchanged.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.samples import CANDLE_SAMPLES, MINUTE_MS, RAW_SAMPLE, CandleSample

DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def exact_integers(values: NDArray[np.float64], decimals: int, name: str) -> NDArray[np.int32]:
    units = np.rint(values * 10**decimals)
    if not np.array_equal(units / 10**decimals, values) or units.max() > np.iinfo(np.int32).max:
        raise SystemExit(f"{name}: not exact with {decimals} decimals in 32 bits")
    exact: NDArray[np.int32] = units.astype(np.int32)
    return exact


def write_candles(data: Path, sample: CandleSample) -> None:
    table = pl.read_parquet(data / f"binance_um_{sample.venue_symbol}_1m_2025-05_06.parquet")
    open_ms = table["t_ms"].to_numpy()
    if (np.diff(open_ms) != MINUTE_MS).any():
        raise SystemExit(f"{sample.venue_symbol}: the minutes have a gap")
    decimals = dict.fromkeys(("open", "high", "low", "close"), sample.price_decimals)
    decimals["volume"] = sample.volume_decimals
    columns: dict[str, NDArray[np.integer]] = {
        name: exact_integers(table[name].to_numpy(), places, f"{sample.venue_symbol} {name}")
        for name, places in decimals.items()
    }
    columns["start_ms"] = np.array(open_ms[0], dtype=np.int64)
    np.savez_compressed(sample.path, allow_pickle=False, **columns)
    print(f"{sample.path.name}: {table.height} rows, {sample.path.stat().st_size:,} bytes")


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_DATA
    for sample in CANDLE_SAMPLES:
        write_candles(data, sample)
    shutil.copyfile(data / "raw" / RAW_SAMPLE.file, RAW_SAMPLE.path)
    print(f"{RAW_SAMPLE.file}: {RAW_SAMPLE.path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
