"""How fast five years of minutes load from the candle store, are imported, appended to and aggregated.

Run by hand: `python -m tests.bench.bench_candle_store`. 2.63 million rows of a random walk with a
venue's number of decimals, in a temporary folder; loading is limited to 300 ms.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.market.candles.series import CandleSeries
from engine.market.history.candle_store import CandleStore
from engine.market.history.export_file import export_rows
from engine.market.history.import_file import read_candle_file
from engine.market.history.series_key import SeriesKey
from engine.market.periods import MINUTE_MS, Period

ROWS = 2_630_000
START_MS = 1_577_836_800_000  # 2020-01-01
LIMIT_SECONDS = 0.3
KEY = SeriesKey("binance", "BTC", Period.M1)
COLD = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from engine.market.history.candle_store import CandleStore
from engine.market.history.series_key import SeriesKey
rows = CandleStore(Path(sys.argv[1])).read(SeriesKey.of("binance", "BTC", "1m")).rows
print(f"{time.perf_counter() - started:.3f}")
"""


def five_years() -> CandleSeries:
    """Return a random walk as candles, prices to a tenth and volumes to a thousandth."""
    chance = np.random.default_rng(3)
    close = np.round(30_000 + np.cumsum(chance.normal(0, 5, ROWS)), 1)
    close += max(0.0, 1_000 - float(close.min()))
    close = np.round(close, 1)
    open_ = np.round(close + chance.normal(0, 5, ROWS), 1)
    return CandleSeries(
        START_MS + np.arange(ROWS, dtype=np.int64) * MINUTE_MS,
        open_,
        np.round(np.maximum(open_, close) + chance.exponential(5, ROWS), 1),
        np.round(np.minimum(open_, close) - chance.exponential(5, ROWS), 1),
        close,
        np.round(chance.exponential(20, ROWS), 3),
    )


def timed(work: Callable[[], object], times: int = 9) -> list[float]:
    """Return how long each of several runs takes, in seconds."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def say(what: str, seconds: list[float]) -> None:
    """Print the shortest, the median and the longest of several runs."""
    ordered = sorted(seconds)
    picked = (ordered[0], ordered[len(ordered) // 2], ordered[-1])
    print(f"{what:44}", " ".join(f"{each * 1000:7.0f}" for each in picked), "ms")


def main() -> None:
    """Run every measurement on a fresh store."""
    rows = five_years()
    with tempfile.TemporaryDirectory() as folder:
        store, file = CandleStore(Path(folder, "candles")), Path(folder, "rows.parquet")
        export_rows(rows.slice(0, ROWS - 1), file)

        def import_all() -> None:
            found = read_candle_file(file, venue="binance", symbol="BTC")
            with store.writing([KEY]) as writers:
                writers[KEY].add(found.rows, "bench")
                writers[KEY].commit()

        def append_one() -> None:
            with store.writing([KEY]) as writers:
                writers[KEY].add(rows.slice(ROWS - 1), "bench", replace=True)
                writers[KEY].commit()
            rows.volume[-1] += 1

        say("import 2.63 M rows: read, check, store", timed(import_all, 1))
        say("append one minute, durably", timed(append_one))
        size = sum(path.stat().st_size for path in Path(folder, "candles").rglob("*.parquet"))
        print(f"{'on disk':44} {size / 1e6:7.0f} MB")
        loaded = timed(lambda: store.read(KEY))
        say("load 2.63 M rows to arrays", loaded)
        print(f"{'':44} {sorted(loaded)[len(loaded) // 2] / LIMIT_SECONDS:7.0%} of the limit (median)")
        month_ms = START_MS + 1_000 * 24 * 60 * MINUTE_MS
        say(
            "load one month of them",
            timed(lambda: store.read(KEY, month_ms, month_ms + 44_640 * MINUTE_MS)),
        )
        say(
            "hours made of all of them",
            timed(lambda: store.read(SeriesKey("binance", "BTC", Period.H1))),
        )
        say("gaps of all of them", timed(lambda: store.gaps(KEY)))
        cold = [
            float(
                subprocess.run(
                    [sys.executable, "-c", COLD, str(Path(folder, "candles"))],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            for _ in range(3)
        ]
        say("load in a fresh process, imports included", cold)


if __name__ == "__main__":
    main()
