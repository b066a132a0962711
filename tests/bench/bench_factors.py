"""What factors cost: arrays and effectiveness over recorded candles, and one candle in a stream.

    uv run python -m tests.bench.bench_factors

Limit: effectiveness of one factor over 73 thousand minutes in less than 100 ms. With the
recorded years of hours in `../shared/data`, those are measured as well.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from engine.market.candles.series import CandleSeries, series_of
from engine.market.factors.effectiveness import effectiveness
from engine.market.factors.library import FactorLibrary
from engine.market.periods import Period
from engine.samples import load_candles

HOURS = Path(__file__).resolve().parents[3] / "shared" / "data" / "binance_um_BTCUSDT_1h.parquet"
EFFECTIVENESS_LIMIT_MS = 100.0
STREAMED_CANDLES = 3_000


def milliseconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the processor time of the fastest of some runs: what others do meanwhile is not counted."""
    took = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took) * 1000


def report(title: str, unit: str, figures: dict[str, float]) -> None:
    worst = max(figures, key=lambda name: figures[name])
    median = statistics.median(figures.values())
    print(
        f"{title:<46} all {sum(figures.values()):9.1f} {unit}   median {median:7.2f}"
        f"   worst {figures[worst]:7.2f} ({worst})"
    )


def measure(title: str, series: CandleSeries, period: Period) -> None:
    library = FactorLibrary()
    names = [definition.name for definition in library.definitions()]
    print(f"{title}: {len(series)} candles, {len(names)} factors")
    arrays = {name: milliseconds(partial(library.array, name, series)) for name in names}
    report("  array of one factor", "ms", arrays)
    judged = {}
    for name in names:
        values = library.array(name, series)
        judged[name] = milliseconds(
            partial(effectiveness, values, series, factor=name, symbol="BTC", period=period)
        )
    report("  effectiveness of one factor, given its array", "ms", judged)
    together = {name: arrays[name] + judged[name] for name in names}
    report("  both", "ms", together)
    over = sorted(name for name in names if together[name] > EFFECTIVENESS_LIMIT_MS)
    print(f"  over the limit of {EFFECTIVENESS_LIMIT_MS:.0f} ms: {', '.join(over) or 'none'}")


def measure_streams(series: CandleSeries) -> None:
    library = FactorLibrary()
    history, coming = series.slice(0, -STREAMED_CANDLES), series.slice(-STREAMED_CANDLES).candles()
    updates: dict[str, float] = {}
    openings: dict[str, float] = {}
    for definition in library.definitions():
        began = time.perf_counter()
        stream = library.stream(definition.name, history)
        openings[definition.name] = (time.perf_counter() - began) * 1000
        began = time.perf_counter()
        for candle in coming:
            stream.update(candle)
        updates[definition.name] = (time.perf_counter() - began) / len(coming) * 1e6
    report("one candle in a stream", "us", updates)
    report(f"opening a stream after {len(history)} candles", "ms", openings)


def measure_years(series: CandleSeries, names: tuple[str, ...]) -> None:
    library = FactorLibrary()
    copies = -(-2_630_000 // len(series))
    columns = (np.tile(getattr(series, name), copies) for name in ("open", "high", "low", "close", "volume"))
    rows = copies * len(series)
    years = CandleSeries(np.arange(rows, dtype=np.int64) * Period.M1.length_ms, *columns)
    took = {name: milliseconds(partial(library.array, name, years), 1) for name in names}
    print(f"array over {rows} minutes: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in took.items()))


def main() -> None:
    minutes = series_of(load_candles("BTC"))
    measure("minutes", minutes, Period.M1)
    measure_streams(minutes)
    if HOURS.exists():
        import polars

        table = polars.read_parquet(HOURS)
        columns = ("t_ms", "open", "high", "low", "close", "volume")
        measure("hours", CandleSeries(*(table[name].to_numpy() for name in columns)), Period.H1)
    measure_years(minutes, ("rsi14", "sma20_gap", "zscore20", "mfi14", "autocorr1_60", "kurt60"))


if __name__ == "__main__":
    main()
