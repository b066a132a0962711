"""Recorded candles for people and tools: import, coverage, gaps, backfill, export, reading.

`CandleData(home)` works beside a running desk on the same home. Times are UTC milliseconds, ranges
hold the candles that open from their start until before their end.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.clock import Clock, WallClock
from engine.errors import InvalidInput, NotFound
from engine.market.history.backfill import BackfillProgress, BackfillState, BackfillTask
from engine.market.history.candle_store import CANDLES_FOLDER, CandleStore, StoredCandles
from engine.market.history.export_file import check_target, export_rows
from engine.market.history.gaps import Coverage, Gap
from engine.market.history.import_file import read_candle_file
from engine.market.history.series_key import SeriesKey, parse_symbol
from engine.market.history.series_writer import Added

if TYPE_CHECKING:
    from engine.market.history.backfill import CandlePages

__all__ = [
    "Added",
    "BackfillProgress",
    "BackfillState",
    "BackfillTask",
    "CandleData",
    "Coverage",
    "Exported",
    "Gap",
    "Imported",
    "SeriesGaps",
    "SeriesKey",
    "StoredCandles",
]


class Imported(msgspec.Struct, frozen=True):
    """What became of one file: its series, and its rows as added, replaced or stored already."""

    path: Path
    key: SeriesKey
    rows: Added


class SeriesGaps(msgspec.Struct, frozen=True):
    """What is missing of one series between its first and last candle."""

    coverage: Coverage
    gaps: tuple[Gap, ...]


class Exported(msgspec.Struct, frozen=True):
    """What was written to a file, and the period it was made of if it is not stored itself."""

    path: Path
    key: SeriesKey
    rows: int
    aggregated_from: str | None


class CandleData:
    """The candles kept in one home directory.

    `clock` tells which candles have closed, and waits between requests. Synchronous methods read and
    write files: on an event loop call them in a thread.
    """

    def __init__(self, home: Path, *, clock: Clock | None = None) -> None:
        self._home = home
        self._store = CandleStore(home / CANDLES_FOLDER)
        self._clock = clock or WallClock()
        self._numbers = itertools.count(1)
        self._backfills: dict[str, BackfillTask] = {}

    def import_files(
        self,
        paths: Sequence[Path],
        *,
        venue: str | None = None,
        symbol: str | None = None,
        period: str | None = None,
        replace: bool = False,
    ) -> tuple[Imported, ...]:
        """Store the candles of Parquet, CSV and feather files: of all of them or, on any error, of none.

        What is not given is taken from a freqtrade file's name or, for the period, the rows' spacing.
        Raises `InvalidInput` naming file, row and field, and without `replace` `Conflict` for a row
        that differs from a stored one of the same time.
        """
        files = [read_candle_file(path, venue=venue, symbol=symbol, period=period) for path in paths]
        self._prepare_home()
        with self._store.writing(file.key for file in files) as writers:
            imported = tuple(
                Imported(
                    file.path,
                    file.key,
                    writers[file.key].add(file.rows, str(file.path), replace=replace),
                )
                for file in files
            )
            for writer in writers.values():
                writer.prepare()
            for writer in writers.values():
                writer.commit()
        return imported

    def coverage(self, symbol: str | None = None) -> tuple[Coverage, ...]:
        """Return what is stored, of all series or of one symbol's."""
        wanted = None if symbol is None else parse_symbol(symbol)
        return tuple(each for each in self._store.coverage() if wanted in (None, each.key.symbol))

    def gaps(self, symbol: str | None = None) -> tuple[SeriesGaps, ...]:
        """Return the gaps of every series, or of one symbol's; raise `NotFound` when it has none."""
        covered = self.coverage(symbol)
        if symbol is not None and not covered:
            stored = sorted({each.key.symbol for each in self._store.coverage()})
            raise NotFound(
                f"symbol: no candles of {parse_symbol(symbol)} are stored; "
                f"there are {', '.join(stored) or 'none of any symbol'}"
            )
        return tuple(SeriesGaps(each, self._store.gaps(each.key)) for each in covered)

    def read(
        self,
        venue: str,
        symbol: str,
        period: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> StoredCandles:
        """Return stored candles as columns, made of stored minutes where the period itself is not stored.

        Raises `NotFound` when neither is stored.
        """
        return self._store.read(SeriesKey.of(venue, symbol, period), start_ms, end_ms)

    def export(
        self,
        venue: str,
        symbol: str,
        period: str,
        path: Path,
        start_ms: int | None = None,
        end_ms: int | None = None,
        *,
        replace: bool = False,
    ) -> Exported:
        """Write stored candles to a `.parquet`, `.csv` or `.feather` file.

        Raises `NotFound` when there are none in the range, `Conflict` when the file is there already
        and may not be replaced.
        """
        check_target(path, replace=replace)
        key = SeriesKey.of(venue, symbol, period)
        stored = self._store.read(key, start_ms, end_ms)
        if len(stored.rows) == 0:
            raise NotFound(f"{key}: no candles are stored in that range")
        export_rows(stored.rows, path)
        return Exported(path, key, len(stored.rows), stored.aggregated_from)

    def backfill(
        self,
        venue: str,
        symbol: str,
        period: str,
        start_ms: int,
        end_ms: int,
        *,
        base_url: str | None = None,
    ) -> BackfillTask:
        """Return a task that fetches what is missing from the venue; `await task.run()` does it.

        `base_url` is another address of the venue's REST interface. Raises `InvalidInput` for a venue
        that candles cannot be fetched from.
        """
        key = SeriesKey.of(venue, symbol, period)
        pages = _pages_of(key.venue, base_url)
        self._prepare_home()
        task_id = f"bf-{next(self._numbers):03}"
        task = BackfillTask(task_id, key, start_ms, end_ms, store=self._store, pages=pages, clock=self._clock)
        self._backfills[task_id] = task
        return task

    def backfills(self) -> tuple[BackfillProgress, ...]:
        """Return how far each backfill of this object is, the first one first."""
        return tuple(task.progress for task in self._backfills.values())

    def _prepare_home(self) -> None:
        from engine.store.home import prepare_home

        prepare_home(self._home)


def _pages_of(venue: str, base_url: str | None) -> CandlePages:
    from engine.exchanges.binance import candles as binance
    from engine.exchanges.hyperliquid import candles as hyperliquid

    if venue == "binance":
        return binance.BinanceCandles(base_url or binance.BASE_URL)
    if venue == "hyperliquid":
        return hyperliquid.HyperliquidCandles(base_url or hyperliquid.BASE_URL)
    raise InvalidInput.of("venue", venue, "candles can be fetched from binance, hyperliquid")
