"""Funding rates over a history: when each was settled, and at what rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import InvalidInput
from engine.market.history.epoch_times import times_of
from engine.market.history.table_files import numbers_of, read_frame
from engine.market.periods import HOUR_MS
from engine.strategies.programs.data.funding import FundingHistory
from engine.text import safe_line

if TYPE_CHECKING:
    from engine.market.replay.tape import FundingSchedule

COLUMNS = ("t_ms", "rate")
HIGHEST_RATE = 0.05
"""No venue settles more than this share of the notional at once."""


def funding_of_schedule(schedule: FundingSchedule, start_ms: int, end_ms: int) -> FundingHistory:
    """Return the settlements of a schedule from `start_ms` until `end_ms`, both included."""
    times = np.arange(schedule.next_due_ms(start_ms), end_ms + 1, schedule.interval_ms, dtype=np.int64)
    rate = np.full(len(times), float(schedule.rate))
    return FundingHistory(times, rate, schedule.interval_ms // HOUR_MS)


def funding_from_file(path: Path) -> FundingHistory:
    """Read a CSV, Parquet or feather file with the columns `t_ms` and `rate`.

    Raises `InvalidInput` naming the file, the row (from 1) and the column.
    """
    frame = read_frame(path)
    if frame.height == 0:
        raise InvalidInput.of(str(path), "a file without rows", "a table has at least one")
    for name in COLUMNS:
        if name not in frame.columns:
            has = safe_line(", ".join(frame.columns), 120)
            raise InvalidInput.of(f"{path}: {name}", "a missing column", f"t_ms and rate; the file has {has}")
    times = times_of(frame["t_ms"], str(path))
    rates = FundingHistory(times, numbers_of(frame["rate"], "rate", str(path)))
    _check(rates, str(path))
    return rates


def _check(rates: FundingHistory, source: str) -> None:
    bad = ~np.isfinite(rates.rate) | (np.abs(rates.rate) > HIGHEST_RATE)
    if bad.any():
        row = int(np.argmax(bad))
        allowed = f"a fraction from -{HIGHEST_RATE} to {HIGHEST_RATE}"
        raise InvalidInput.of(f"{source}: row {row + 1}: rate", rates.rate[row], allowed)
    backwards = np.diff(rates.ts_ms, prepend=rates.ts_ms[:1] - 1) <= 0
    if backwards.any():
        row = int(np.argmax(backwards))
        raise InvalidInput.of(
            f"{source}: row {row + 1}: t_ms", int(rates.ts_ms[row]), "rows are in time order, each time once"
        )
